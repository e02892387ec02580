"""Kinds of JSON values, as schemas say them: whether a value of one kind can ever be one of another, and how a person would call them.

Refused is only what can never fit, with one exception: of two lists whose items never fit only empty ones would.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from chalicelib.domain.lean import dataclass

DEEP = 8
"""How deep two kinds are compared. Beyond that anything may fit."""

_VALUES: Mapping[str, frozenset[str]] = {
    "integer": frozenset({"integer"}),
    "number": frozenset({"integer", "fraction"}),
}
_DECIMAL = frozenset({"string", "integer", "fraction"})
"""What a Decimal is made of."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A schema, with the definitions that it refers to. Parts of it may be kinds with definitions of their own."""

    schema: Mapping[str, Any]
    defs: Mapping[str, Any] = field(default_factory=dict)

    def part(self, schema: "Kind | Mapping[str, Any]") -> "Kind":
        """A part of it as a kind."""
        return schema if isinstance(schema, Kind) else Kind(schema, self.defs)


def kind_of(schema: Mapping[str, Any]) -> Kind:
    """The kind that a whole schema says."""
    return Kind(schema, schema.get("$defs", {}))


ANY = Kind({})
NULL = Kind({"type": "null"})


def either(*kinds: Kind) -> Kind:
    """A value of any of them."""
    return Kind({"anyOf": list(kinds)})


def never(gives: Kind, takes: Kind, depth: int = 0) -> bool:
    """Whether no value of the one can be a value of the other."""
    if depth > DEEP:
        return False
    mine, theirs = list(alternatives(gives)), list(alternatives(takes))
    return all(_apart(one, other, depth) for one in mine for other in theirs)


def alternatives(kind: Kind) -> Iterator[Kind]:
    """What it may be, each without a choice at its top."""
    schema = kind.schema
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        yield from alternatives(kind.part(kind.defs.get(name, {})))
    elif "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from alternatives(kind.part(one))
    elif isinstance(schema.get("type"), list):
        for word in schema["type"]:
            yield kind.part({**schema, "type": word})
    else:
        yield kind


def _apart(gives: Kind, takes: Kind, depth: int) -> bool:
    mine, theirs = _values(gives), _values(takes)
    if mine is None or theirs is None:
        return False
    if not mine & theirs:
        return True
    if "enum" in gives.schema and "enum" in takes.schema:
        return not {_exact(one) for one in gives.schema["enum"]} & {
            _exact(one) for one in takes.schema["enum"]
        }
    if mine & theirs == {"array"}:
        return _lists_apart(gives, takes, depth)
    return mine & theirs == {"object"} and _objects_apart(gives, takes, depth)


def _values(kind: Kind) -> frozenset[str] | None:
    """The sorts of values; None: any."""
    if "enum" in kind.schema:
        return frozenset(_exact(one)[0] for one in kind.schema["enum"])
    word: str | None = kind.schema.get("type")
    if word is None:
        return None
    if kind.schema.get("format") == "decimal":
        return _DECIMAL
    return _VALUES.get(word, frozenset({word}))


def _exact(value: object) -> tuple[str, object]:
    """A value of an enumeration with its sort: 1 is not true."""
    match value:
        case None:
            return "null", None
        case bool():
            return "boolean", value
        case int():
            return "integer", value
        case float():
            return "fraction", value
        case str():
            return "string", value
    return "object", str(value)


def _lists_apart(gives: Kind, takes: Kind, depth: int) -> bool:
    least, most = gives.schema.get("minItems", 0), takes.schema.get("maxItems")
    fewest, longest = takes.schema.get("minItems", 0), gives.schema.get("maxItems")
    if (most is not None and least > most) or (longest is not None and longest < fewest):
        return True
    named = max(len(gives.schema.get("prefixItems", ())), len(takes.schema.get("prefixItems", ())))
    places = max(1, min(named, max(least, fewest)))  # those that any list has which is of both kinds
    return any(never(item(gives, at), item(takes, at), depth + 1) for at in range(places))


def item(kind: Kind, at: int) -> Kind:
    """The kind of a list's item at that place; ANY, where nothing is said or none can be."""
    places = kind.schema.get("prefixItems", ())
    return kind.part(places[at] if at < len(places) else kind.schema.get("items") or {})


def _objects_apart(gives: Kind, takes: Kind, depth: int) -> bool:
    for one, other in ((gives, takes), (takes, gives)):
        named, closed = other.schema.get("properties", {}), other.schema.get("additionalProperties") is False
        if closed and any(name not in named for name in one.schema.get("required", ())):
            return True
    both = set(gives.schema.get("required", ())) & set(takes.schema.get("required", ()))
    return any(never(_field(gives, name), _field(takes, name), depth + 1) for name in both)


def _field(kind: Kind, name: str) -> Kind:
    return kind.part(kind.schema.get("properties", {}).get(name, {}))
