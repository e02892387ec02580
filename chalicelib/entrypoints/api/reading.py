"""Values from outside as typed structs, strictly: what is unknown, missing or of the wrong type is refused by its name."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.late import regex

S = TypeVar("S", bound=msgspec.Struct)

Moment = Annotated[str, Meta(description="RFC 3339, with a zone", extra_json_schema={"format": "date-time"})]
"""A time as callers write it; `moment` reads it."""

_MOMENT = regex(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ERROR = regex(r"(?P<why>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)
_FIELD = regex(r"Object (?P<what>contains unknown|missing required) field `(?P<name>[^`]*)`", re.DOTALL)
_WRONG = {"contains unknown": "is not known here", "missing required": "is missing"}


def read(values: Any, struct: type[S], *, whole: str) -> S:
    """The values as that struct. `whole` is what an error calls all of them. Raises `InvalidInput` that names the argument."""
    try:
        return msgspec.convert(values, struct, strict=True)
    except msgspec.ValidationError as error:
        raise _named(str(error), struct, whole) from error


def _named(message: str, struct: type[msgspec.Struct], whole: str) -> InvalidInput:
    found = _ERROR.fullmatch(message)
    why, path = (found["why"], found["path"] or "") if found else (message, "")
    argument = path.lstrip(".")
    field = _FIELD.fullmatch(why)
    if field:
        return InvalidInput(f"{argument}.{field['name']}".lstrip(".")[:100], _WRONG[field["what"]])
    if why.startswith("Invalid enum value") and (may_be := choices(struct, argument)):
        why = f"{why}, not one of {', '.join(may_be)}"
    return InvalidInput(argument or whole, why.replace("`", ""))


def choices(struct: type[msgspec.Struct], field: str) -> list[str]:
    """What a field with a fixed set of values may be; nothing for what lies within a field."""
    kind = get_type_hints(struct).get(field)
    found: list[str] = []
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, Enum):
            found += [str(member.value) for member in one]
    return found


def read_query(query: Mapping[str, Any], struct: type[S]) -> S:
    """The query's parameters as that struct. Each may stand there once. Raises `InvalidInput` that names the parameter."""
    hints = get_type_hints(struct)
    values: dict[str, Any] = {}
    for name, given in query.items():
        if len(given) != 1:
            raise InvalidInput(name[:100], "stands there more than once")
        text = given[0]
        hint = hints.get(name)
        whole_number = int in (hint, *get_args(hint)) and re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII)
        values[name] = int(text) if whole_number else text
    return read(values, struct, whole="query")


def moment(text: str | None, argument: str) -> datetime | None:
    """The time that an RFC 3339 text means, in UTC. Raises `InvalidInput`."""
    if text is None:
        return None
    if not _MOMENT.fullmatch(text):
        raise InvalidInput(
            argument, f"{text[:40]!r} is not an RFC 3339 time with a zone, such as 2026-01-31T09:30:00Z"
        )
    try:
        found = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(argument, f"there is no such time: {error}") from error
    if found.year < 1970:
        raise InvalidInput(argument, "lies before 1970")
    return found
