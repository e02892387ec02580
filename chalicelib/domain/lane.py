"""A lane: a queue with a consumer of its own, and all that makes it differ from the others."""

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.domain.errors import LaneMisdeclared
from chalicelib.domain.late import regex
from chalicelib.domain.lean import dataclass

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

VISIBILITY = 6
"""Times its consumer's timeout, a message of a lane stays hidden: what Lambda's pollers ask for.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

HANDS = 32
"""The most jobs of a batch: so many threads begin at once (adapters/crew.py); what waits for a thread only loses time."""

_NAME = regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TAKEN = frozenset({"dead-letters", "undelivered"})
"""Queues of a stage that are no lanes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """One lane, as it is declared. Raises `LaneMisdeclared` that names what AWS, or the pipeline, would not take."""

    name: str  #: 1 to 20 lower-case letters and digits, in words with dashes between them
    meant: str  #: whom it is for, in a sentence
    timeout: timedelta = MINUTE  #: of one invocation, so the longest that an attempt may take; 10 s to 15 min
    memory: int = 1024  #: MB; a function gets processor time with it, a whole one at 1,769
    batch_size: int = 10  #: jobs an invocation
    window: timedelta = timedelta(0)  #: how long a batch may wait until it is full
    concurrency: int | None = None  #: invocations at once at most; None: as many as the account has
    alarm_after: timedelta = 15 * MINUTE  #: when work that still waits wakes somebody

    def __post_init__(self) -> None:
        wrong = {
            "name": not _NAME.fullmatch(self.name) or len(self.name) > 20 or self.name in _TAKEN,
            "meant": not self.meant.strip() or not self.meant.isprintable(),
            "timeout": not _whole(self.timeout, 10 * SECOND, 15 * MINUTE),
            "memory": not 128 <= self.memory <= 10_240,
            "batch_size": not 1 <= self.batch_size <= HANDS,
            "window": not _whole(self.window, SECOND if self.batch_size > 10 else 0 * SECOND, 5 * MINUTE),
            "concurrency": self.concurrency is not None and not 2 <= self.concurrency <= 1000,
            "alarm_after": not _whole(self.alarm_after, MINUTE, 24 * 60 * MINUTE),
        }
        for field, is_wrong in wrong.items():
            if is_wrong:
                raise LaneMisdeclared(
                    f"lane {self.name!r}: {field}={getattr(self, field)!r} is out of range; see docs/lanes.md"
                )

    @property
    def consumer(self) -> str:
        """Its consumer's name in app.py."""
        return f"consume_{self.name.replace('-', '_')}"

    @property
    def visibility(self) -> timedelta:
        """How long a message of it stays hidden once it is received."""
        return VISIBILITY * self.timeout


def _whole(time: timedelta, least: timedelta, most: timedelta) -> bool:
    return least <= time <= most and not time % SECOND


def names(lanes: Iterable[Lane]) -> tuple[str, ...]:
    """Their names, in order. Raises `LaneMisdeclared` for a name that is there twice, and for a stage without its default lane."""
    found = tuple(lane.name for lane in lanes)
    for name in found:
        if found.count(name) > 1:
            raise LaneMisdeclared(f"lane {name!r} is declared twice")
    if "default" not in found:
        raise LaneMisdeclared("no lane is called 'default', where tasks go that name none")
    return found
