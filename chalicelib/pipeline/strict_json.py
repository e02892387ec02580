"""The one JSON reader: what enters from outside is read strictly or refused with the reason.

Refused: more bytes than the limit, anything but UTF-8, nesting deeper than 32, duplicate names, NaN and infinities, numbers that
overflow, integers beyond 38 digits (DynamoDB's precision), strings with lone surrogates, more than 100,000 values.
"""

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from chalicelib.domain.errors import InvalidInput, ResultNotJson, TooLarge
from chalicelib.domain.late import regex

MAX_DEPTH = 32
MAX_DIGITS = 38
MAX_VALUES = 100_000

# Possessive, and the closing quote optional: linear in time and constant in memory, whatever the text (an unclosed string too).
_STRUCTURE = regex(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_SURROGATE = regex("[\ud800-\udfff]")


def read(body: bytes, *, name: str, limit: int, depth: int = MAX_DEPTH, values: int = MAX_VALUES) -> Any:
    """The value that the bytes hold. `name` is what an error calls them, `limit` the most bytes allowed.

    Raises `TooLarge` or `InvalidInput`.
    """
    if len(body) > limit:
        raise TooLarge(name, f"{len(body):,} bytes are more than the limit of {limit:,}")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(name, f"not UTF-8 at byte {error.start}") from error
    _measure(text, name, depth, values)

    def number(literal: str) -> int:
        if len(literal.lstrip("-")) > MAX_DIGITS:
            raise InvalidInput(name, f"an integer of more than {MAX_DIGITS} digits")
        return int(literal)

    def fraction(literal: str) -> float:
        value = float(literal)
        if not math.isfinite(value):
            raise InvalidInput(name, f"the number {literal[:40]} is out of range")
        return value

    def constant(literal: str) -> NoReturn:
        raise InvalidInput(name, f"{literal} is not JSON")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(found)
        if len(value) != len(found):
            raise InvalidInput(name, f"the name {_twice(found)[:60]!r} stands twice in one object")
        return value

    try:
        value = json.loads(
            text, parse_int=number, parse_float=fraction, parse_constant=constant, object_pairs_hook=pairs
        )
    except json.JSONDecodeError as error:
        raise InvalidInput(
            name, f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    if "\\u" in text and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise InvalidInput(name, "a string holds half of a surrogate pair")
    return value


def _twice(pairs: list[tuple[str, Any]]) -> str:
    """The first name that comes more than once. Counting each among all by itself would take hours for a body of many names."""
    return next(name for name, times in Counter(key for key, _ in pairs).items() if times > 1)


def _measure(text: str, name: str, most_depth: int, most_values: int) -> None:
    """Refuse deep nesting and masses of values before the parser sees them: it recurses, and builds every one."""
    marks = text.count("[") + text.count("{")
    if marks <= most_depth and marks + text.count(",") <= most_values:
        return  # too few marks even if none of them stands in a string: nearly every message ends here
    depth = values = 0
    for match in _STRUCTURE.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            values += 1
            if depth > most_depth:
                raise InvalidInput(name, f"nested deeper than {most_depth}")
        elif mark in "]}":
            depth -= 1
        elif mark == ",":
            values += 1
        if values > most_values:
            raise InvalidInput(name, f"more than {most_values:,} values")


def write(value: Any) -> str:
    """Compact JSON text of plain values. Raises `ResultNotJson` for NaN, infinities, lone surrogates and foreign types."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ResultNotJson(str(error)) from error
    return text


def write_readable(
    value: Any, *, name: str, limit: int, depth: int = MAX_DEPTH, values: int = MAX_VALUES
) -> str:
    """Compact JSON text that `read` takes back under the same limits: what cannot be read again must not be accepted.

    Raises `TooLarge` or `InvalidInput`.
    """
    try:
        text = write(value)
    except ResultNotJson as error:
        raise InvalidInput(name, str(error)) from error
    read(text.encode(), name=name, limit=limit, depth=depth, values=values)
    return text
