"""A kind of JSON values in a person's words: `an array of integers`, `a string or null`."""

from collections.abc import Iterable

from chalicelib.pipeline.workflows.kinds import Kind, alternatives, item

_MANY = {"boolean": "booleans", "null": "nulls"}


def words(kind: Kind, depth: int = 0) -> str:
    """What a value of it is called."""
    return _joined(_one(choice, depth) for choice in alternatives(kind))


def _one(kind: Kind, depth: int) -> str:
    schema = kind.schema
    if "called" in schema:
        return str(schema["called"])
    if "enum" in schema:
        return _joined(repr(value) for value in schema["enum"])
    word = schema.get("type")
    match word:
        case None:
            return "anything"
        case "null":
            return "null"
        case "array":
            return f"an array{_items(kind, depth)}"
        case "object":
            return f"an object ({schema['title']})" if "title" in schema else "an object"
    return f"{'an' if word == 'integer' else 'a'} {word}"


def _items(kind: Kind, depth: int) -> str:
    """Of what."""
    places = range(max(1, len(kind.schema.get("prefixItems", ()))))
    if depth > 1:
        return ""
    every = dict.fromkeys(_several(item(kind, at), depth + 1) for at in places)
    return "" if "anything" in every else f" of {_joined(every)}"


def _several(kind: Kind, depth: int) -> str:
    """What some values of it are called."""
    return _joined(_more(choice, depth) for choice in alternatives(kind))


def _more(kind: Kind, depth: int) -> str:
    said = _one(kind, depth)
    for article in ("an ", "a "):
        if said.startswith(article):
            noun, of, rest = said.removeprefix(article).partition(" ")
            return f"{noun}s{of}{rest}"
    return _MANY.get(said, said)


def _joined(every: Iterable[str]) -> str:
    found = list(dict.fromkeys(every))
    return "anything" if "anything" in found else " or ".join(found)
