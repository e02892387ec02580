"""A log line as all functions write it (docs/observability.md), and whether it is about a job."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

ENDS = frozenset({"succeeded", "died", "cancelled", "expired"})
"""What `action` says of a job that has ended."""

_DIGITS = {char: value for value, char in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One of them. `source` is the file or the log group."""

    at: str
    source: str
    fields: Mapping[str, Any]

    @property
    def ends(self) -> bool:
        """Whether it says that a job has ended."""
        return self.fields.get("action") in ENDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which lines: those of a job; with `children` also those of a workflow's parts; none from before `since`."""

    job_id: str
    children: bool = False
    since: datetime | None = None

    def takes(self, fields: Mapping[str, Any]) -> bool:
        """Whether it is one of them."""
        if self.since is not None and str(fields.get("at", "")) < stamp(self.since):
            return False
        return fields.get("job_id") == self.job_id or (
            self.children and fields.get("workflow") == self.job_id
        )


class Source(Protocol):
    """Where lines come from."""

    def more(self) -> list[Line]:
        """Those that are new since the last call, the earliest first."""


def parsed(text: str, source: str) -> Line | None:
    """A line; None for what is none of ours, such as Lambda's own words."""
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("at"), str):
        return None
    return Line(at=fields["at"], source=source, fields=fields)


def stamp(at: datetime) -> str:
    """A time as log lines write it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def made_at(job_id: str) -> datetime | None:
    """When a job was made, as its id says: no line about it is older. None for what is no id."""
    if len(job_id) != 26 or not all(char in _DIGITS for char in job_id):
        return None
    milliseconds = 0
    for char in job_id[:10]:
        milliseconds = milliseconds * 32 + _DIGITS[char]
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
