"""The receipt of a cancel: what had happened to the job by then, for whoever has to undo or to go on with it elsewhere."""

from datetime import datetime
from enum import StrEnum

from chalicelib.domain.job import Job, Progress, State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.steps import recorded

_CLAIMS = ("claimed", "reclaimed")


class Outcome(StrEnum):
    """What the cancel came to."""

    CANCELLED = "cancelled"
    ASKED = "asked"  #: it runs, and has been asked to stop
    TOO_LATE = "too_late"  #: it had ended in another way


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What had happened."""

    outcome: Outcome
    before: State
    attempts: int
    running_since: datetime | None
    progress: Progress | None
    checkpoint: bool
    steps: tuple[str, ...]

    @property
    def may_still_succeed(self) -> bool:
        """Whether the attempt that runs may return before it sees the wish: then that wins."""
        return self.outcome is Outcome.ASKED


def receipt(before: Job, after: Job, *, parts: Parts) -> Receipt:
    """The receipt of a cancel that found the one row and left the other. Steps are looked up for a job that has run. Raises `Unavailable`."""
    began = next((entry.at for entry in reversed(before.history) if entry.event in _CLAIMS), None)
    return Receipt(
        outcome=outcome(after),
        before=before.state,
        attempts=before.attempts,
        running_since=began if before.state is State.RUNNING else None,
        progress=after.progress or before.progress,
        checkpoint=after.checkpoint is not None or before.checkpoint is not None,
        steps=() if began is None else recorded(before, parts),
    )


def outcome(after: Job) -> Outcome:
    """What became of the job; whoever asks again is told the same."""
    if after.state is State.CANCELLED:
        return Outcome.CANCELLED
    return Outcome.ASKED if after.state is State.RUNNING else Outcome.TOO_LATE
