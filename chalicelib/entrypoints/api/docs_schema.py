"""A JSON schema in few words, as HTML: what a person wants to know of a value."""

from html import escape
from typing import Any

Json = dict[str, Any]
REF = "#/components/schemas/"


def kind(schema: Json) -> str:
    """What the value is: `string`, `integer ≥ 1 or null`, a link to another schema."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(REF))
        return f'<a href="#schema-{name}">{name}</a>'
    if "const" in schema:
        return f"<code>{escape(repr(schema['const']))}</code>"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema and "type" not in schema:
            return " or ".join(kind(one) for one in schema[several])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return escape(" ".join([schema.get("format") or schema.get("type", "any value"), *_limits(schema)]))


def _limits(schema: Json) -> list[str]:
    words = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "minLength": "length ≥",
        "maxLength": "length ≤",
    }
    return [f"{word} {schema[name]:,.12g}" for name, word in words.items() if name in schema]


def fields(schema: Json) -> str:
    """An object's fields as a table."""
    rows = []
    for name, one in schema.get("properties", {}).items():
        must = "required" if name in schema.get("required", ()) else _default(one)
        rows.append(row(f"<code>{escape(name)}</code>", kind(one), must, escape(one.get("description", ""))))
    return table("field", "value", "", "meaning", rows=rows) if rows else f"<p>{kind(schema)}</p>"


def _default(schema: Json) -> str:
    default = schema.get("default")
    return "" if default in (None, {}, []) else f"default <code>{escape(str(default))}</code>"


def row(*cells: str) -> str:
    """A table's row of HTML."""
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def table(*heads: str, rows: list[str]) -> str:
    """A table."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
