"""Between the claim and the attempt: the job's gates, each in turn. A job whose turn has not come is given back without an attempt used.

Claim first, then the gates: the message does not say which gates there are, the row does. A job without gates never comes here.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.events import Requeued
from chalicelib.domain.flow import Gate, GateKind, Rate
from chalicelib.domain.guards import Unwished
from chalicelib.domain.history import CONTINUED
from chalicelib.domain.job import Entry, Job
from chalicelib.pipeline import rate
from chalicelib.pipeline.gates import policies
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.verdict import owner_of, retry_check

log = logging.getLogger(__name__)

TROUBLE = timedelta(seconds=20)
"""How long a job is given back for, at most, when a gate does not answer: its attempts are not there to be used up by that."""

_WAITED = frozenset({"parked", "released", "requeued"})
_WORDS = frozenset({*GateKind, "gates"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """The attempt may start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Back:
    """The job is to be given back, for the sake of this gate, until then."""

    why: str
    due: datetime | None
    place: int | None = None


FREE = Admitted()


def admit(job: Job, *, until: datetime, parts: Parts) -> Admitted | None:
    """Take what the job needs to start. None: it was given back, its message is done with. Raises `Unavailable`.

    A job that only has to be ended (a wish, a deadline) or whose task this code does not know goes through: nothing of it is run.
    """
    if not job.gates or job.cancel_requested is not None or job.expired_unstarted:
        return FREE
    if job.task not in parts.registry:
        return FREE
    try:
        answer = _through(job, until, parts)
    except MachineryError as error:
        log.warning("%s: a gate did not answer: %s", job.label(), error, extra=job.log_fields())
        answer = _Back(why="gates", due=parts.world.now() + TROUBLE * parts.world.luck())
    if isinstance(answer, Admitted):
        return answer
    settle(job, _requeued(job, answer, parts.world.now()), until=until, parts=parts)
    log.info(
        "%s: waits for its turn (%s)",
        job.label(),
        answer.why,
        extra={**job.log_fields(), "action": "held_back", "gate": answer.why},
    )
    return None


def _through(job: Job, until: datetime, parts: Parts) -> Admitted | _Back:
    known = policies(parts.registry[job.task].options)
    if until - parts.world.now() < rate.NAP + parts.limits.least_time:
        return _Back(why="gates", due=None)
    for gate in job.gates:
        policy = known.get(gate.kind)
        match policy:
            case Rate() if not _goes_on(job):
                back = _paced(job, gate, policy, until, parts)
            case _:
                back = None
        if back is not None:
            return back
    return FREE


def _paced(job: Job, gate: Gate, policy: Rate, until: datetime, parts: Parts) -> _Back | None:
    """Wait for a moment that is near; go away for one that is not."""
    spot = Spot(f"rate#{job.tenant}", gate.key)
    answer = rate.ask(spot, policy, place=_place(job, gate), until=until, parts=parts)
    now = parts.world.now()
    match answer:
        case rate.Start():
            if answer.at > now:
                parts.world.pause(answer.at - now)
            return None
        case rate.Later():
            due = min(answer.at - rate.EARLY, now + rate.AWAY)
            return _Back(why=gate.kind, due=due, place=answer.place)
        case _:
            assert_never(answer)


def _before(job: Job) -> Entry | None:
    """What happened to the job before this claim."""
    return job.history[-2] if len(job.history) > 1 else None


def _goes_on(job: Job) -> bool:
    """A long job that goes on from its checkpoint has started already."""
    before = _before(job)
    return before is not None and before.event == Requeued.name and before.note == CONTINUED


def _place(job: Job, gate: Gate) -> int | None:
    """Where the job stands in this gate's line, if that is where it comes from."""
    before = _before(job)
    sent_away = before is not None and before.event == Requeued.name and before.note == gate.kind
    return job.place if sent_away else None


def _requeued(job: Job, back: _Back, now: datetime) -> Requeued:
    due = back.due if back.due is not None and back.due > now else None
    return Requeued(
        at=now,
        guard=Unwished(owner=owner_of(job)),
        epoch=job.epoch,
        why=back.why,
        kept=without_waits(job),
        due=due,
        check=retry_check(job, due or now, (due or now) - now),
        place=back.place,
    )


def without_waits(job: Job) -> tuple[Entry, ...]:
    """The history without the claim that came to nothing, and without the waits before it: of many, the row keeps the last one."""
    kept = list(job.history)
    if kept and kept[-1].by == owner_of(job):
        kept.pop()
    while kept and kept[-1].event in _WAITED and (kept[-1].event == "released" or kept[-1].note in _WORDS):
        kept.pop()
    return tuple(kept)
