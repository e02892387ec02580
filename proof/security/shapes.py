"""Values that a JSON schema allows, and values that are nearly such: by chance, from a seed. For the sample that the gate takes of the fuzzing."""

from collections.abc import Mapping
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**53, 10**37, "", " ", "a", "\0", "\n", "é", "\u202e", "\u2028", "😀", "../..", "x" * 300, "-1", "null",
    [], {}, [[]], [None], {"": None}, {"$ref": "#"}, {"__proto__": {}}, [1] * 60,
)  # fmt: skip
"""Values that are seldom meant."""


class Shapes:
    """One stream of values."""

    def __init__(
        self, document: Mapping[str, Any], chance: Random, known: Mapping[str, tuple[Any, ...]]
    ) -> None:
        """`known`: what a property of that name may well hold, such as the names of tasks."""
        self._schemas = document["components"]["schemas"]
        self._chance = chance
        self._known = known

    def value(self, schema: Any, depth: int = 0) -> Any:
        """A value of this schema, more or less."""
        if self._chance.random() < 0.04 or depth > 8 or not isinstance(schema, Mapping):
            return self._chance.choice(ODD)
        if "$ref" in schema:
            return self.value(self._schemas.get(schema["$ref"].rpartition("/")[2], {}), depth + 1)
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                return self.value(self._chance.choice(schema[word]), depth + 1)
        if "enum" in schema or "const" in schema:
            return self._chance.choice(
                [*schema.get("enum", ()), schema.get("const")][: len(schema.get("enum", ())) or None]
            )
        kind = schema.get("type")
        kind = self._chance.choice(kind) if isinstance(kind, list) else kind
        if kind == "boolean":
            return self._chance.random() < 0.5
        makers = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
        }
        if kind == "number":
            return self._integer(schema, depth) / self._chance.choice((1, 2, 1000))
        return makers[kind](schema, depth) if kind in makers else self._chance.choice((None, *ODD))

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        found = {}
        for name, one in schema.get("properties", {}).items():
            if name in schema.get("required", ()) or self._chance.random() < 0.3:
                known = self._known.get(name)
                found[name] = (
                    self._chance.choice(known)
                    if known and self._chance.random() < 0.8
                    else self.value(one, depth + 1)
                )
        if self._chance.random() < 0.05:
            found[str(self._chance.choice(ODD))[:40]] = self._chance.choice(ODD)
        if found and self._chance.random() < 0.05:
            found.pop(self._chance.choice([*found]))
        return found

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", 4), 6)
        return [
            self.value(schema.get("items", {}), depth + 1)
            for _ in range(self._chance.randint(min(least, most), most))
        ]

    def _string(self, schema: Mapping[str, Any], depth: int) -> str:  # noqa: ARG002 - as its sisters
        if schema.get("format") == "date-time":
            return self._chance.choice(
                ("2026-01-02T00:00:00Z", "2025-12-31T23:59:59+01:00", "2026-02-30T00:00:00Z")
            )
        length = self._chance.choice(
            (schema.get("minLength", 0), 3, schema.get("maxLength", 20), schema.get("maxLength", 20) + 1)
        )
        return "".join(self._chance.choice("abz09-_. /%\n\0é\u202e😀") for _ in range(length))

    def _integer(self, schema: Mapping[str, Any], depth: int) -> int:  # noqa: ARG002 - as its sisters
        low, high = int(schema.get("minimum", -3)), int(schema.get("maximum", 10**6))
        return self._chance.choice((low, high, low - 1, high + 1, self._chance.randint(low, high), low + 1))
