"""Texts for people: what stands in a job never reaches a terminal raw, and times are told as one says them."""

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

_NEVER = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Categories of characters that move the cursor, turn the reading direction, hide themselves, or break the line."""


def safe(text: str, *, lines: bool = False) -> str:
    """The text with each such character written as an escape; `lines` keeps line ends and tabs, for tracebacks."""
    kept = "\n\t" if lines else ""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in kept or unicodedata.category(char) not in _NEVER else _escape(char) for char in text
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def document(value: Any, *, indent: int | None = 2) -> str:
    """A value as JSON of printable ASCII alone: no text in it can play tricks on the terminal."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def short(value: Any, most: int = 200) -> str:
    """A value as JSON on one line, cut where it is long."""
    text = safe(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def now() -> datetime:
    """What the clock says here."""
    return datetime.now(UTC)


def ago(at: str | None) -> str:
    """A time of the API's as one says it: `3 min ago`, `in 2 h`; nothing for none."""
    if at is None:
        return ""
    seconds = (now() - datetime.fromisoformat(at)).total_seconds()
    if abs(seconds) < 1:
        return "now"
    told = span(float(int(abs(seconds))))
    return f"{told} ago" if seconds > 0 else f"in {told}"


def span(seconds: float) -> str:
    """A time span as one says it: 250 ms, 1.5 s, 42 s, 12 min, 5 h, 3 d."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f}".removesuffix(".0") + " s" if seconds < 10 else f"{seconds:.0f} s"
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit * (2 if name != "min" else 1):
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 60:.0f} min"


def between(begin: str | None, end: str | None) -> str:
    """How long it was from one of the API's times to another; nothing if one is missing."""
    if begin is None or end is None:
        return ""
    return span(max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()))


def local(at: str | None) -> str:
    """A time of the API's, to the second, in UTC, and how long ago that is."""
    return "" if at is None else f"{at[:19].replace('T', ' ')} UTC ({ago(at)})"


def count(number: int, thing: str, things: str | None = None) -> str:
    """`1 job`, `2 jobs`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
