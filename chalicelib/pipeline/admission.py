"""Between the claim and the attempt: the job's gates, each in turn. A job whose turn has not come is given back without an attempt used.

Claim first, then the gates: the message does not say which gates there are, the row does. A job without gates never comes here.
"""

import logging
from datetime import datetime, timedelta
from typing import assert_never

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.events import Parked, Requeued
from chalicelib.domain.flow import Concurrency, Gate, GateKind, Ordered, Rate
from chalicelib.domain.guards import Unwished
from chalicelib.domain.history import CONTINUED
from chalicelib.domain.job import Entry, Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import rate, slots, turns, waiting_list
from chalicelib.pipeline.admitted import FREE, Admitted, await_moment
from chalicelib.pipeline.gates import policies
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.tenant_gate import of_tenant, word
from chalicelib.pipeline.tenants import policies_of
from chalicelib.pipeline.verdict import owner_of, retry_check
from chalicelib.pipeline.waiting_list import Place

log = logging.getLogger(__name__)

TROUBLE = timedelta(seconds=20)
"""How long a job is given back for, at most, when a gate does not answer: its attempts are not there to be used up by that."""

_WAITED = frozenset({"parked", "released", "requeued"})
_WORDS = frozenset({*GateKind, "gates", *(f"tenant {kind}" for kind in GateKind)})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Back:
    """The job is to be given back for the sake of this gate: until `due`, or until it is woken."""

    why: str
    due: datetime | None = None
    place: int | None = None
    wakes: tuple[Place, int] | None = None  #: the gate at which it waits, and its limit
    ticket: int | None = None  #: its new number in its group's line


def admit(job: Job, *, until: datetime, parts: Parts) -> Admitted | None:
    """Take what the job needs to start. None: it was given back, its message is done with. Raises `Unavailable`.

    A job that only has to be ended (a wish, a deadline) or whose task this code does not know goes through: nothing of it is run.
    """
    if not job.gates or job.cancel_requested is not None or job.expired_unstarted:
        return FREE
    if job.task not in parts.registry:
        return FREE
    held: list[tuple[Place, int, int]] = []
    moment: datetime | None = None
    try:
        back = _through(job, held, until, parts)
        if isinstance(back, datetime):
            back, moment = None, back
    except MachineryError as error:
        log.warning("%s: a gate did not answer: %s", job.label(), error, extra=job.log_fields())
        back = _Back(why="gates", due=parts.world.now() + TROUBLE * parts.world.luck())
    if back is None:
        return Admitted(slots=tuple(held), at=moment)
    _keep(job, held, back, until, parts)
    _give_back(job, back, until, parts)
    return None


def leave(job: Job, admitted: Admitted, *, until: datetime, parts: Parts) -> None:
    """Give back what the attempt held, once its end is recorded. What cannot be given back now frees itself later."""
    for place, number, limit in admitted.slots:
        try:
            slots.leave(place, number, limit, job, until=until, parts=parts)
        except MachineryError as error:
            log.warning("%s: its slot is left to the tick: %s", job.label(), error, extra=job.log_fields())


def _through(
    job: Job, held: list[tuple[Place, int, int]], until: datetime, parts: Parts
) -> _Back | datetime | None:
    """Each gate in turn; the moment at which the attempt may start, if that is not now. What is taken on the way is put into `held`."""
    moment: datetime | None = None
    own = policies(parts.registry[job.task].options)
    if until - parts.world.now() < rate.NAP + parts.limits.least_time:
        return _Back(why="gates")
    for gate in job.gates:
        known = policies_of(job.tenant, parts) if of_tenant(gate) else own
        if moment is not None:  # the next gate is asked when the one before has opened
            await_moment(Admitted(at=moment), parts=parts)
        policy, back, moment = known.get(gate.kind), None, None
        match policy:
            case Ordered():
                back = _in_turn(job, gate, until, parts)
            case Concurrency():
                back = _slotted(job, gate, policy, held, until, parts)
            case Rate() if not _goes_on(job):
                found = _paced(job, gate, policy, until, parts)
                back, moment = (None, found) if isinstance(found, datetime) else (found, None)
            case _:
                pass
        if back is not None:
            return back
    return moment


def _in_turn(job: Job, gate: Gate, until: datetime, parts: Parts) -> _Back | None:
    place = Place(tenant=job.tenant, gate=gate)
    wait = turns.ask(place, job, until=until, parts=parts)
    return None if wait is None else _Back(why=gate.kind, wakes=(place, 0), ticket=wait.ticket)


def _slotted(
    job: Job,
    gate: Gate,
    policy: Concurrency,
    held: list[tuple[Place, int, int]],
    until: datetime,
    parts: Parts,
) -> _Back | None:
    """Take a slot, or go on the list of those who wait for one."""
    place = Place(tenant=job.tenant, gate=gate)
    answer = slots.take(place, policy.limit, job, until=until, parts=parts)
    if isinstance(answer, slots.Full):
        waiting_list.enter(place, job, look=answer.look, until=until, parts=parts)
        return _Back(why=word(gate), wakes=(place, policy.limit))
    held.append((place, answer.number, policy.limit))
    if not answer.kept and any(entry.event == Parked.name for entry in job.history):
        waiting_list.forget(place, job, until=until, parts=parts)
    return None


def _paced(job: Job, gate: Gate, policy: Rate, until: datetime, parts: Parts) -> _Back | datetime | None:
    """The moment for which it may wait, if it is near; it goes away for one that is not."""
    spot = Spot(f"rate#{job.tenant}", gate.key)
    passed = of_tenant(gate) and _sent_away(
        job, GateKind.RATE
    )  # it has waited here: it comes before those who wait
    standing = rate.FIRST if passed else _place(job, gate)
    answer = rate.ask(spot, policy, place=standing, until=until, parts=parts)
    now = parts.world.now()
    match answer:
        case rate.Start():
            return answer.at if answer.at > now else None
        case rate.Later():
            due = min(answer.at - rate.EARLY, now + rate.AWAY)
            if passed:  # and it keeps its place in its task's line
                return _Back(why=GateKind.RATE, due=due, place=job.place)
            return _Back(why=word(gate), due=due, place=answer.place)
        case _:
            assert_never(answer)


def _keep(job: Job, held: list[tuple[Place, int, int]], back: _Back, until: datetime, parts: Parts) -> None:
    """Slots taken on the way are kept for the job until it comes back, or given back if nobody knows when that is."""
    for place, number, limit in held:
        try:
            if back.place is not None and back.due is not None:
                slots.keep(place, number, job, wanted=back.due, until=until, parts=parts)
            else:
                slots.leave(place, number, limit, job, until=until, parts=parts)
        except MachineryError as error:
            log.warning("%s: its slot is left to the tick: %s", job.label(), error, extra=job.log_fields())


def _give_back(job: Job, back: _Back, until: datetime, parts: Parts) -> None:
    event = _parked(job, back, parts.world.now()) if back.wakes else _requeued(job, back, parts.world.now())
    row = settle(job, event, until=until, parts=parts)
    log.info(
        "%s: waits for its turn (%s)",
        job.label(),
        back.why,
        extra={**job.log_fields(), "action": "held_back", "gate": back.why},
    )
    if back.wakes is not None and row is not None and row.state is State.SCHEDULED:
        place, limit = back.wakes
        try:
            if place.gate.kind is GateKind.ORDER:
                turns.step(place, until=until, parts=parts)
            else:
                slots.second_look(place, limit, job, until=until, parts=parts)
        except MachineryError as error:
            log.warning("%s: is left to the tick: %s", job.label(), error, extra=job.log_fields())


def _parked(job: Job, back: _Back, now: datetime) -> Parked:
    look = now + waiting_list.SAFETY
    kept = without_waits(job)
    unstarted = not any(entry.event == "claimed" for entry in kept)
    check = min(look, max(now, job.expires)) if job.expires is not None and unstarted else look
    return Parked(
        at=now,
        guard=Unwished(owner=owner_of(job)),
        gate=back.why,
        check=check,
        kept=kept,
        ticket=back.ticket,
    )


def _before(job: Job) -> Entry | None:
    """What happened to the job before this claim."""
    return job.history[-2] if len(job.history) > 1 else None


def _goes_on(job: Job) -> bool:
    """A long job that goes on from its checkpoint has started already."""
    before = _before(job)
    return before is not None and before.event == Requeued.name and before.note == CONTINUED


def _place(job: Job, gate: Gate) -> int | None:
    """Where the job stands in this gate's line, if that is where it comes from."""
    return job.place if _sent_away(job, word(gate)) else None


def _sent_away(job: Job, by: str) -> bool:
    """Whether the job comes back from a wait at the gate of that word."""
    before = _before(job)
    return before is not None and before.event == Requeued.name and before.note == by


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
