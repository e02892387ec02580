"""Ordered groups: a job draws a number when it is accepted, and runs when its number is the lowest that is still there.

The counter gives numbers in the order of acceptance, whatever the clocks of the doors say. A number lies on the group's shelf from before
its job's row is put until the job has ended. Whoever takes one off looks who is next, and wakes it. A number whose job has ended or never
came is taken off by whoever meets it; the tick looks while anybody waits. docs/decisions/0019-turns.md
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.domain.change import Equals
from chalicelib.domain.errors import MachineryError, Unavailable
from chalicelib.domain.flow import GateKind
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import waiting_list
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY, SEND_AHEAD
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.waiting_list import SAFETY, Place

log = logging.getLogger(__name__)

ORPHANED = timedelta(minutes=5)
"""After this a number is its job's no more if the job's row does not say so: whoever drew it died before it put the row."""

LOOK = timedelta(minutes=5)
"""How often the tick looks at a group in which somebody waits."""

ROUNDS = 50
"""How many numbers one look may take off."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A number that is there, and whose it is."""

    number: int
    job_id: str
    drawn: datetime


def line_of(job: Job) -> Place | None:
    """Where the job stands in line; None: it is in no group."""
    gate = next((gate for gate in job.gates if gate.kind is GateKind.ORDER), None)
    return None if gate is None else Place(tenant=job.tenant, gate=gate)


def queue_up(jobs: Sequence[Job], *, parts: Parts) -> list[Job | Exception]:
    """The jobs with their numbers, in their order; whoever is not the first of its group is put parked. One group's trouble is its own."""
    groups: dict[Place, list[Job]] = {}
    for job in jobs:
        place = line_of(job)
        if place is not None:
            groups.setdefault(place, []).append(job)
    lined: dict[str, Job | Exception] = {job.id: job for job in jobs}
    for place, members in groups.items():
        try:
            lined.update(_draw(place, members, parts))
        except MachineryError as error:
            lined.update(dict.fromkeys((job.id for job in members), error))
    return [lined[job.id] for job in jobs]


def _draw(place: Place, jobs: Sequence[Job], parts: Parts) -> Mapping[str, Job]:
    until = parts.world.now() + parts.limits.patience
    numbers = _take_numbers(place, [job.id for job in jobs], until, parts)
    head = _first(place, until, parts)
    lined = {
        job.id: replace(job, ticket=number)
        if head is None or number <= head.number
        else _parked(replace(job, ticket=number), parts)
        for job, number in zip(jobs, numbers, strict=True)
    }
    if any(job.state is State.SCHEDULED for job in lined.values()):
        _see_to_it(place, until, parts)
    return lined


def _take_numbers(place: Place, job_ids: Sequence[str], until: datetime, parts: Parts) -> range:
    """Numbers for these jobs, each on the shelf before there was a later one there.

    Whoever stood still between drawing a number and laying it down might find a later one's job running, and then be first itself. So
    it lays down another one. Who comes after that sees ours.
    """
    for _ in range(ROUNDS):
        numbers = _numbers(place, len(job_ids), until, parts)
        mine = list(zip(numbers, job_ids, strict=True))
        for answer in parts.crew.each(lambda one: _put(place, *one, until, parts), mine):
            if isinstance(answer, Exception):
                raise answer
        last = _spot(place, numbers[-1])
        if not patience(parts, until)(parts.items.listed, last.shelf, after=last.key, limit=1):
            return numbers
        for number, job_id in mine:
            _take_off(place, number, job_id, until, parts)
    raise Unavailable(f"{place.gate.key}: others were faster {ROUNDS} times")


def _numbers(place: Place, count: int, until: datetime, parts: Parts) -> range:
    spot = Spot(f"line#{place.tenant}", place.gate.key)
    fields = patience(parts, until)(parts.items.write, spot, Edit(add={"given": count})).fields
    last = int(str(fields["given"]))
    return range(last - count + 1, last + 1)


def _put(place: Place, number: int, job_id: str, until: datetime, parts: Parts) -> None:
    at = (parts.world.now() - _EPOCH) // _MS
    patience(parts, until)(parts.items.write, _spot(place, number), Edit(set={"job": job_id, "at": at}))


def _parked(job: Job, parts: Parts) -> Job:
    """Its message would come to nothing: it is sent when its turn has come."""
    if job.state is State.SCHEDULED:
        return job
    look = parts.world.now() + SAFETY
    check = look if job.expires is None else min(look, job.expires)
    return replace(job, state=State.SCHEDULED, ready=None, attention="due", attention_at=check)


def put(jobs: Iterable[Job], rows: Iterable[Job | Exception], *, parts: Parts) -> None:
    """After the rows: numbers that were drawn in vain are given back, and whoever has become the first meanwhile is woken."""
    until = parts.world.now() + parts.limits.patience
    parked = set()
    for job, row in zip(jobs, rows, strict=True):
        place = line_of(job)
        if place is None or job.ticket is None or not isinstance(row, Job):
            continue
        try:
            if row.ticket != job.ticket:
                _take_off(place, job.ticket, job.id, until, parts)
        except MachineryError as error:
            log.warning("%s: a number too many is left to the tick: %s", job.label(), error)
        if job.state is State.SCHEDULED:
            parked.add(place)
    for place in parked:
        _step_if_possible(place, until, parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """It is another one's turn. `ticket`: the job's new number, if it had to draw one."""

    ticket: int | None = None


def ask(place: Place, job: Job, *, until: datetime, parts: Parts) -> Wait | None:
    """None: it is this job's turn. Raises `Unavailable`."""
    head = _head(place, until, parts)
    if head is not None and (head.number, head.job_id) == (job.ticket, job.id):
        return None
    ticket = None
    if job.ticket is None or head is None or head.number > job.ticket:
        # Its number is gone: it was dead and is redriven, it let others pass, or its door was very slow. It draws another one.
        ticket = _take_numbers(place, [job.id], until, parts)[0]
    _see_to_it(place, until, parts)
    return Wait(ticket=ticket)


def pass_on(row: Job, *, until: datetime, parts: Parts) -> None:
    """After a write: a job that ended, became a workflow, or lets others pass while it waits for another attempt, leaves the line."""
    place = line_of(row)
    if place is None or row.ticket is None:
        return
    if not _is_through(row) and not (row.state is State.RETRYING and _skips(row, parts)):
        return
    try:
        _take_off(place, row.ticket, row.id, until, parts)
    except MachineryError as error:
        log.warning(
            "%s: the next in line is left to the tick: %s", row.label(), error, extra=row.log_fields()
        )
        return
    _step_if_possible(place, until, parts)


def _is_through(row: Job) -> bool:
    """Whether its task will not run any more. One that returned a workflow must not hold up its group: the workflow may have jobs of it."""
    return row.state in TERMINAL or row.awaits is not None


def _skips(row: Job, parts: Parts) -> bool:
    ordered = parts.registry[row.task].options.ordered if row.task in parts.registry else None
    return ordered is not None and ordered.on_retry == "skip"


def _step_if_possible(place: Place, until: datetime, parts: Parts) -> None:
    try:
        step(place, until=until, parts=parts)
    except MachineryError as error:
        log.warning("group %s: the next in line is left to the tick: %s", place.gate.key, error)


def step(place: Place, *, until: datetime, parts: Parts) -> None:
    """Wake the first in line, if it is parked. One that is due much later is woken by its own appointment; the group waits for it."""
    head = _head(place, until, parts)
    row = None if head is None else patience(parts, until)(parts.store.read, head.job_id)
    if head is None or row is None or row.state is not State.SCHEDULED or row.ticket != head.number:
        return
    if row.due is not None and row.due - parts.world.now() > MAX_QUEUE_DELAY - SEND_AHEAD:
        return
    released, woken = waiting_list.release(row.id, row.epoch, until=until, parts=parts)
    if woken and released is not None:
        waiting_list.send(released, parts)


def look_after(place: Place, *, until: datetime, parts: Parts) -> None:
    """The tick's look."""
    step(place, until=until, parts=parts)
    if _others_wait(place, until, parts):
        waiting_list.watch(place, parts.world.now() + LOOK, until=until, parts=parts)
        return
    waiting_list.unwatch(place, until=until, parts=parts)
    if _others_wait(place, until, parts):
        waiting_list.watch(place, parts.world.now(), until=until, parts=parts)


def _others_wait(place: Place, until: datetime, parts: Parts) -> bool:
    """Somebody is behind the first, or the first itself has not been woken."""
    found = patience(parts, until)(parts.items.listed, place.shelf("turn"), limit=2)
    if len(found) != 1:
        return bool(found)
    row = patience(parts, until)(parts.store.read, str(found[0][1]["job"]))
    return row is None or row.state is State.SCHEDULED or row.state in TERMINAL


def _see_to_it(place: Place, until: datetime, parts: Parts) -> None:
    if not patience(parts, until)(parts.items.read, place.watch):
        waiting_list.watch(place, parts.world.now() + LOOK, until=until, parts=parts)


def _head(place: Place, until: datetime, parts: Parts) -> Turn | None:
    """The first in line whose number counts; those before it are taken off."""
    for _ in range(ROUNDS):
        head = _first(place, until, parts)
        if head is None:
            return None
        row = patience(parts, until)(parts.store.read, head.job_id)
        if not _void(head, row, parts.world.now()):
            return head
        _take_off(place, head.number, head.job_id, until, parts)
    return _first(place, until, parts)


def _void(turn: Turn, row: Job | None, now: datetime) -> bool:
    """Whether nobody will come for this number."""
    if row is not None and row.ticket == turn.number:
        return _is_through(row)
    return now - turn.drawn > ORPHANED


def _first(place: Place, until: datetime, parts: Parts) -> Turn | None:
    for key, fields in patience(parts, until)(parts.items.listed, place.shelf("turn"), limit=1):
        drawn = _EPOCH + int(str(fields["at"])) * _MS
        return Turn(number=int(key), job_id=str(fields["job"]), drawn=drawn)
    return None


def _take_off(place: Place, number: int, job_id: str, until: datetime, parts: Parts) -> None:
    patience(parts, until)(parts.items.delete, _spot(place, number), ((Equals("job", job_id),),))


def _spot(place: Place, number: int) -> Spot:
    return Spot(place.shelf("turn"), f"{number:015}")
