"""A JSON schema in few words of Markdown: what a person wants to know of a value."""

from collections.abc import Iterator
from typing import Any

from press.markdown import slug_of
from press.reference.table import code, table

Json = dict[str, Any]
REF = "#/components/schemas/"
_LIMITS = {
    "minimum": "≥",
    "exclusiveMinimum": ">",
    "maximum": "≤",
    "minLength": "length ≥",
    "maxLength": "length ≤",
}


def kind(schema: Json) -> str:
    """What the value is: `integer ≥ 1 or null`, a link to another shape of the same page."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        return f"[{name}](#{slug_of(name)})"
    if "const" in schema:
        return code(repr(schema["const"]))
    if "enum" in schema:
        return " or ".join(code(str(value)) for value in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema and "type" not in schema:
            return " or ".join(map(kind, schema[several]))
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    limits = [f"{word} {schema[name]:,.12g}" for name, word in _LIMITS.items() if name in schema]
    return " ".join([schema.get("format") or schema.get("type", "any value"), *limits])


def shape(name: str, schema: Json) -> str:
    """A named schema: its sentence, and its fields."""
    rows = [
        (code(field), kind(one), _must(schema, field, one), one.get("description", ""))
        for field, one in schema.get("properties", {}).items()
    ]
    fields = table(("field", "value", "", "what it is"), rows) or f"{kind(schema)}."
    return "\n\n".join(filter(None, [f"### {name}", schema.get("description", ""), fields]))


def _must(schema: Json, field: str, one: Json) -> str:
    if field in schema.get("required", ()):
        return "required"
    default = one.get("default")
    return "" if default in (None, {}, []) else f"default {code(str(default))}"


def used_by(operations: list[Json], schemas: dict[str, Json]) -> list[str]:
    """The names of the schemas that these lead to, near ones first. The problem has a page of its own."""
    found: dict[str, None] = {}
    waiting = [name for one in operations for name in _named(one)]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting.extend(_named(schemas[name]))
    return list(found)


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if (ref := value.get("$ref", "")).startswith(REF):
            yield ref.removeprefix(REF)
        for one in value.values():
            yield from _named(one)
    elif isinstance(value, list):
        for one in value:
            yield from _named(one)
