"""Secret arguments: `password: Annotated[str, Secret]`. They reach the task, and are hidden wherever a job is shown or an error is kept.

The mark is a part of the argument's schema (`writeOnly`), so it works in dataclasses, lists and unions too, and the documentation shows it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Meta

Secret = Meta(extra_json_schema={"writeOnly": True, "format": "password"})
"""`password: Annotated[str, Secret]`: the task gets it, and nobody is shown it (docs/security.md)."""

HIDDEN = "[secret]"
"""What stands in its place."""

LEAST = 4
"""Characters from which on a secret is looked for in texts: a shorter one would be found in every other word."""

Schema = Mapping[str, Any]


def has_secrets(schema: Schema) -> bool:
    """Whether anything in it is secret."""
    return '"writeOnly": true' in json.dumps(schema)


def hidden(value: Any, schema: Schema) -> Any:
    """The value, without what is secret in it."""
    return _hidden(value, (schema,), schema)


def _hidden(value: Any, at: Sequence[Schema], whole: Schema) -> Any:
    options = [*_options(at, whole)]
    if any(one.get("writeOnly") is True for one in options):
        return HIDDEN
    if isinstance(value, dict):
        return {name: _hidden(one, _below(options, name), whole) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(one, _below(options, number), whole) for number, one in enumerate(value)]
    return value


def is_secret(schema: Schema, steps: Sequence[str], value: Any = None) -> bool:
    """Whether what lies there is secret, or within what is, or this value of it holds what is."""
    at: Sequence[Schema] = (schema,)
    for step in steps:
        options = [*_options(at, schema)]
        if any(one.get("writeOnly") is True for one in options):
            return True
        at = _below(options, step)
        if step == "-" or step.isdecimal():  # of a list, unless it is a name
            at += _below(options, 0 if step == "-" else int(step))
    return bool(_hidden(value, at, schema) != value)


def _options(at: Iterable[Schema], whole: Schema) -> Iterator[Schema]:
    """The schemas, their references followed and their choices taken apart."""
    for schema in at:
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            yield from _options([whole.get("$defs", {}).get(name, {})], whole)
        yield schema
        for word in ("anyOf", "oneOf", "allOf"):
            yield from _options(schema.get(word, ()), whole)


def _below(options: Iterable[Schema], step: str | int) -> list[Schema]:
    """What may be said of the member of that name, or of the item of that number."""
    found: list[Any] = []
    for one in options:
        if isinstance(step, int):
            first = one.get("prefixItems", ())
            found.append(first[step] if step < len(first) else one.get("items"))
        else:
            named = one.get("properties", {})
            found.append(named[step] if step in named else one.get("additionalProperties"))
    return [one for one in found if isinstance(one, Mapping)]


def words(value: Any, schema: Schema) -> set[str]:
    """The secret texts in it, as they may stand in an error."""
    return {form for text in _texts(value, (schema,), schema, within=False) for form in _forms(text)}


def _texts(value: Any, at: Sequence[Schema], whole: Schema, *, within: bool) -> Iterator[str]:
    options = [*_options(at, whole)]
    within = within or any(one.get("writeOnly") is True for one in options)
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, _below(options, name), whole, within=within)
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _texts(one, _below(options, number), whole, within=within)
    elif within and isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def _forms(text: str) -> Iterator[str]:
    """As it is, as Python writes it, as JSON writes it."""
    for form in (text, repr(text)[1:-1], json.dumps(text)[1:-1]):
        if len(form) >= LEAST:
            yield form


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without them; nor with what is left of one where the text was cut."""
    for one in sorted(secrets, key=len, reverse=True):
        text = text.replace(one, HIDDEN)
        for size in range(min(len(one) - 1, len(text)), LEAST - 1, -1):
            if text.endswith(one[:size]):
                text = text[:-size] + HIDDEN
            if text.startswith(one[-size:]):
                text = HIDDEN + text[size:]
    return text
