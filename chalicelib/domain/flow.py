"""What a task may say about the flow of its jobs: how fast, how many at once, in which order, and which of them are one and the same.

A `key` names arguments: jobs whose values there are equal share a limit, a line or a lock; () is one for all jobs of the task. Keys
never reach across tenants. `name` lets several tasks share one limit; None is the task's own name.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Literal

from chalicelib.domain.lean import dataclass


class GateKind(StrEnum):
    """What holds a claimed job back until its turn has come."""

    RATE = "rate"
    SLOTS = "slots"
    ORDER = "order"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """A limit or a line that one job has to pass, by its whole name: `stripe:42`."""

    kind: GateKind
    key: str


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` attempts start per `per`, evenly spaced; after a pause up to `burst` start at once."""

    limit: int
    per: timedelta
    key: tuple[str, ...] = ()
    burst: int = 1
    name: str | None = None

    @property
    def interval(self) -> timedelta:
        """The time that one attempt uses up."""
        return self.per / self.limit


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` attempts run at the same time, on all functions together."""

    limit: int
    key: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """Jobs of one group run one at a time, in the order in which they were accepted.

    `on_retry`: "hold" keeps the group waiting until the job has ended; "skip" lets the next one pass while a failed one waits.
    """

    key: tuple[str, ...] = ()
    on_retry: Literal["hold", "skip"] = "hold"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Unique:
    """While one job of a key is there, another one is not made. `on_conflict`: answer with the job that is there, or refuse.

    `until`: "started", "ended", or so long after acceptance, whatever becomes of the job. docs/unique.md
    """

    key: tuple[str, ...] = ()
    until: Literal["started", "ended"] | timedelta = "ended"
    on_conflict: Literal["existing", "refuse"] = "existing"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Debounce:
    """A job starts when nobody has asked again for `wait`, at the latest `most` after the first asked. The last one's arguments win.

    It has no name to share: arguments that take the place of others are those of the same task.
    """

    wait: timedelta
    most: timedelta | None = None
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `limit` jobs are accepted in any `per`; further ones are refused."""

    limit: int
    per: timedelta
    key: tuple[str, ...] = ()
    name: str | None = None
