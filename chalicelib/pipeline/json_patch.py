"""JSON Patch (RFC 6902): a list of operations that make new arguments of old ones. All of it, in a page; nothing else ships for it.

https://www.rfc-editor.org/rfc/rfc6902
"""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.late import regex

MOST_OPERATIONS = 50
_MEMBERS = {
    "add": {"value"},
    "remove": set[str](),
    "replace": {"value"},
    "move": {"from"},
    "copy": {"from"},
    "test": {"value"},
}
_INDEX = regex(r"0|[1-9][0-9]{0,8}", re.ASCII)

Patch = Sequence[Mapping[str, Any]]


def check(patch: Patch) -> None:
    """Raise `InvalidInput` that names the operation which is none."""
    if not 1 <= len(patch) <= MOST_OPERATIONS:
        raise InvalidInput("patch", f"has to have 1 to {MOST_OPERATIONS} operations")
    for number, operation in enumerate(patch):
        name = f"patch[{number}]"
        kind = operation.get("op")
        if not isinstance(kind, str) or kind not in _MEMBERS:
            raise InvalidInput(f"{name}.op", f"is none of {', '.join(_MEMBERS)}")
        for member in ("path", *sorted(_MEMBERS[kind])):
            if member not in operation:
                raise InvalidInput(f"{name}.{member}", "is missing")
        for member in ("path", "from"):
            if member in operation:
                _steps(operation[member], f"{name}.{member}")


def apply(patch: Patch, document: Any) -> Any:
    """A new document. Raises `InvalidInput` that names the operation which does not fit; the old document stays as it is."""
    document = deepcopy(document)
    for number, operation in enumerate(patch):
        document = _one(operation, document, f"patch[{number}]")
    return document


def _one(operation: Mapping[str, Any], document: Any, name: str) -> Any:
    path = _steps(operation["path"], f"{name}.path")
    match operation["op"]:
        case "add":
            return _put(document, path, deepcopy(operation["value"]), f"{name}.path")
        case "remove":
            return _without(document, path, f"{name}.path")
        case "replace":
            _at(document, path, f"{name}.path")
            return _set(document, path, deepcopy(operation["value"]))
        case "copy":
            source = _steps(operation["from"], f"{name}.from")
            return _put(document, path, deepcopy(_at(document, source, f"{name}.from")), f"{name}.path")
        case "move":
            source = _steps(operation["from"], f"{name}.from")
            if path[: len(source)] == source and path != source:
                raise InvalidInput(f"{name}.path", "is within what is to be moved")
            value = _at(document, source, f"{name}.from")
            return _put(_without(document, source, f"{name}.from"), path, value, f"{name}.path")
        case _:
            if not _same(_at(document, path, f"{name}.path"), operation["value"]):
                raise InvalidInput(f"{name}.value", "is not what is there")
            return document


def _steps(pointer: Any, name: str) -> list[str]:
    """A JSON Pointer's steps (RFC 6901)."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise InvalidInput(name, "is no JSON Pointer: it has to be empty or to begin with a slash")
    if re.search(r"~(?![01])", pointer):
        raise InvalidInput(name, "is no JSON Pointer: after ~ comes 0 or 1")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(document: Any, steps: Sequence[str], name: str) -> Any:
    """What lies there."""
    for step in steps:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and _INDEX.fullmatch(step) and int(step) < len(document):
            document = document[int(step)]
        else:
            raise InvalidInput(name, f"there is no {step!r}")
    return document


def _put(document: Any, steps: Sequence[str], value: Any, name: str) -> Any:
    """The document with the value there: a member made or replaced, an element inserted."""
    if not steps:
        return value
    parent, last = _at(document, steps[:-1], name), steps[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and last == "-":
        parent.append(value)
    elif isinstance(parent, list) and _INDEX.fullmatch(last) and int(last) <= len(parent):
        parent.insert(int(last), value)
    else:
        raise InvalidInput(name, f"nothing can be put at {last!r}")
    return document


def _set(document: Any, steps: Sequence[str], value: Any) -> Any:
    """The document with the value in the place of what is there."""
    if not steps:
        return value
    parent, last = _at(document, steps[:-1], ""), steps[-1]
    parent[int(last) if isinstance(parent, list) else last] = value
    return document


def _without(document: Any, steps: Sequence[str], name: str) -> Any:
    _at(document, steps, name)
    if not steps:
        raise InvalidInput(name, "the whole cannot be taken away")
    parent, last = _at(document, steps[:-1], name), steps[-1]
    del parent[int(last) if isinstance(parent, list) else last]
    return document


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON values: true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
