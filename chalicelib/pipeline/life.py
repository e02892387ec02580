"""What a transition is called outside: one word for the log and the trace, and the metrics that it moves. Nothing is done here."""

from collections.abc import Mapping
from dataclasses import field

from chalicelib.domain.change import Change
from chalicelib.domain.events import (
    Cancelled,
    CancelRequested,
    Claimed,
    Died,
    Expired,
    Joined,
    Parked,
    Reclaimed,
    Redriven,
    Released,
    Replaced,
    Requeued,
    RetryScheduled,
    Succeeded,
    Waited,
)
from chalicelib.domain.history import CONTINUED, KEYLESS
from chalicelib.domain.job import Entry, Job, Wakeup
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.measures import Measure, milliseconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One transition, told. `ended` is true when an attempt was over with it; `bad`: somebody may want to know why."""

    word: str
    measures: Mapping[Measure, float] = field(default_factory=dict)
    ended: bool = False
    bad: bool = False


_WORDS = {
    Claimed.name: "started",
    Reclaimed.name: "started",
    Succeeded.name: "succeeded",
    RetryScheduled.name: "retried",
    Died.name: "died",
    Cancelled.name: "cancelled",
    CancelRequested.name: "cancel_requested",
    Expired.name: "expired",
    Redriven.name: "redriven",
    Released.name: "released",
    Parked.name: "parked",
    Requeued.name: "requeued",
    Replaced.name: "replaced",
    Waited.name: "waited",
    Joined.name: "joined",
}

_COUNTS = {
    "started": Measure.JOBS_STARTED,
    "succeeded": Measure.JOBS_SUCCEEDED,
    "retried": Measure.JOBS_RETRIED,
    "died": Measure.JOBS_DEAD,
    "cancelled": Measure.JOBS_CANCELLED,
    "expired": Measure.JOBS_EXPIRED,
}

ACCEPTED = Told(word="accepted", measures={Measure.JOBS_ACCEPTED: 1})


def told(job: Job, entry: Entry) -> Told:
    """What this entry of the job's history says."""
    word = word_of(entry.event, entry.note)
    measures: dict[Measure, float] = {_COUNTS[word]: 1} if word in _COUNTS else {}
    if word == "requeued" and entry.note == KEYLESS:
        measures[Measure.JOBS_WITHOUT_KEY] = 1
    claim = _claim_of(job, entry)
    ended = claim is not None and word in _OUTCOMES
    if claim is not None and ended:
        measures[Measure.RUN_TIME] = milliseconds(entry.at - claim.at)
    return Told(word=word, measures=measures, ended=ended, bad=word in {"died", "retried"})


def word_of(event: str, note: str) -> str:
    """The word outside for an entry of that event and note."""
    return note if note == CONTINUED else _WORDS.get(event, event)


_OUTCOMES = frozenset({CONTINUED, "succeeded", "retried", "died", "cancelled", "expired"})


def written_by(change: Change) -> Entry | None:
    """The history line that a write adds; None: it is no transition."""
    if change.history:
        return change.history[-1]
    history: tuple[Entry, ...] = change.set.get("history", ())
    return history[-1] if history else None


def _claim_of(job: Job, entry: Entry) -> Entry | None:
    """The claim by whose right the entry was written; None: it was written by nobody who ran the job."""
    if not entry.by or entry.event in {Claimed.name, Reclaimed.name}:
        return None
    claims = (
        one for one in job.history if one.by == entry.by and one.event in {Claimed.name, Reclaimed.name}
    )
    return next(claims, None)


def queue_wait(job: Job, wakeup: Wakeup) -> float | None:
    """Milliseconds from the time at which a job that was just claimed might have been started. None: it was taken over from another.

    The row does not say any more when it was due; the message that led here says how long it was itself delayed.
    """
    if not job.history or job.history[-1].event != Claimed.name:
        return None
    *earlier, claim = job.history
    since = earlier[-1].at if earlier else time_of(job.id)
    return milliseconds(claim.at - since - wakeup.delay)
