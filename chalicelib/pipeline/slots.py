"""Concurrency limits: numbered slots, each with an owner. A slot that is left goes to whoever waits longest, by name.

A slot is an item: the job, the claim that owns it, and until when that claim may at most run. Without an owner it is kept for the job
for a while. A slot whose time is over is not free by that: clocks differ. It is when the row of its job says that the claim which owns
it is over. So there are never more live claims than slots, whatever the clocks say; and a job that is taken over from a lost worker finds
its slot still its own. docs/decisions/0015-slots.md
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.job import Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import waiting_list
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.verdict import owner_of
from chalicelib.pipeline.waiting_list import Place, Waiter

KEPT = timedelta(minutes=2)
"""How long a slot is kept for a job that was woken: its message, or the tick's after a minute, has to bring it here."""

FORGET = timedelta(days=30)
"""When an item may be deleted that nobody has seen to."""

MOST = 1000
ROUNDS = 8
"""How many slots may be taken from under our hands before we wait."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_FREE: tuple[Test, ...] = (Missing("job"),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One slot as it was read."""

    job_id: str
    owner: str  #: the claim; empty: it is kept for the job
    until: datetime

    @property
    def epoch(self) -> int:
        """The epoch of the claim that owns it; 0: none does."""
        return int(self.owner.partition(".")[0] or 0)

    @property
    def unchanged(self) -> tuple[Test, ...]:
        """The condition that nobody has changed it."""
        ms = (self.until - _EPOCH) // _MS
        return (Equals("job", self.job_id), Equals("owner", self.owner), Equals("until", ms))


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """This slot is now the claim's own. `kept`: it was kept for the job, which was on the list before."""

    number: int
    kept: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Full:
    """There is no slot for the job. `look`: when the first of them may be over."""

    look: datetime


def take(place: Place, limit: int, job: Job, *, until: datetime, parts: Parts) -> Taken | Full:
    """Take a slot for this claim, if there is one. Raises `Unavailable`."""
    slots = listed(place, until=until, parts=parts)
    for _ in range(ROUNDS):
        options = _options(slots, limit, job, until, parts)
        if not options:
            break
        number = options[int(parts.world.luck() * len(options))]
        found = slots.pop(number, None)
        where = _FREE if found is None else found.unchanged
        own = (Equals("job", job.id), Equals("owner", owner_of(job)))  # our own write, whose reply was lost
        end = (job.lease or parts.world.now()) + parts.limits.lease_skew
        answer = patience(parts, until)(
            parts.items.write, _spot(place, number), _edit((where, own), job.id, owner_of(job), end)
        )
        if isinstance(answer, Kept):
            return Taken(
                number=number, kept=found is not None and (found.job_id, found.owner) == (job.id, "")
            )
        slots |= _read({number: answer.fields})
    return Full(look=min((slot.until for slot in slots.values()), default=parts.world.now()))


def _options(slots: Mapping[int, Slot], limit: int, job: Job, until: datetime, parts: Parts) -> list[int]:
    """The slots that this job may take, of the best kind that there is: its own, free ones, lost ones, those kept for a younger job."""
    own = [number for number, slot in slots.items() if slot.job_id == job.id and number < limit]
    if own:
        # One that a later claim of the job has is that one's: this claim is over, though nobody has told it yet.
        return [number for number in own if slots[number].epoch <= job.epoch][:1]
    free = free_numbers(slots, limit, until=until, parts=parts)
    if free:
        return free
    return [
        number for number, slot in slots.items() if number < limit and not slot.owner and slot.job_id > job.id
    ]


def free_numbers(slots: Mapping[int, Slot], limit: int, *, until: datetime, parts: Parts) -> list[int]:
    """The numbers below the limit that nobody has. A slot whose time is over is looked into."""
    free = [number for number in range(limit) if number not in slots]
    if free:
        return free
    now = parts.world.now()
    return [
        number
        for number, slot in slots.items()
        if number < limit and slot.until < now and not _alive(slot, until, parts)
    ]


def _alive(slot: Slot, until: datetime, parts: Parts) -> bool:
    """Whether the claim that owns the slot still is its job's."""
    if not slot.owner:
        return False
    row = patience(parts, until)(parts.store.read, slot.job_id)
    return row is not None and row.state is State.RUNNING and row.owner == slot.owner


def keep(place: Place, number: int, job: Job, *, wanted: datetime, until: datetime, parts: Parts) -> None:
    """Keep the slot for the job, which goes away until then for the sake of another gate."""
    mine = (Equals("job", job.id), Equals("owner", owner_of(job)))
    edit = _edit((mine,), job.id, "", wanted + KEPT)
    patience(parts, until)(parts.items.write, _spot(place, number), edit)


def leave(place: Place, number: int, limit: int, job: Job, *, until: datetime, parts: Parts) -> None:
    """Give the slot to the job that waits longest, or back. Nothing happens if it is not this claim's any more."""
    mine = (Equals("job", job.id), Equals("owner", owner_of(job)))
    waiting = waiting_list.waiters(place, until=until, parts=parts) if number < limit else []
    if _give(place, number, mine, waiting, until=until, parts=parts) is not None or number >= limit:
        return
    # Whoever came after we looked has put itself on the list before it looked for a free slot once more: it sees ours, or we see it.
    if late := waiting_list.waiters(place, until=until, parts=parts):
        serve(place, limit, late, until=until, parts=parts)


def _give(
    place: Place,
    number: int,
    where: tuple[Test, ...],
    waiting: list[Waiter],
    *,
    until: datetime,
    parts: Parts,
) -> int | None:
    """Keep the slot for the first of them who is still there, and wake it: how many of them were seen to. None: nobody is there.

    The row first, then the slot, then the message: so nobody keeps a slot for a job that another has woken, or that is gone, and the
    job finds its slot when it comes.
    """
    for count, waiter in enumerate(waiting, 1):
        row, woken = waiting_list.release(waiter.job_id, waiter.epoch, until=until, parts=parts)
        # One that runs is about to park. When it has parked it looks whether a slot was kept for it; if it has just done that, we see it.
        runs = row is not None and row.state is State.RUNNING
        own = _of(place, waiter.job_id, until, parts) if runs else None
        parking = runs and own is None
        if woken or parking:
            kept = _edit((where,), waiter.job_id, "", parts.world.now() + KEPT)
            patience(parts, until)(parts.items.write, _spot(place, number), kept)
        if parking:
            row, woken = waiting_list.release(waiter.job_id, waiter.epoch, until=until, parts=parts)
        if woken and row is not None:
            waiting_list.send(row, parts)
        # For whom somebody else has kept one, that stays on the list until it comes: should it park only now, it is found there.
        awaited = own is not None and not own.owner
        if woken or not (parking or awaited):
            waiting_list.leave(place, waiter, until=until, parts=parts)
        if woken or parking:
            return count
    if where != _FREE:
        patience(parts, until)(parts.items.delete, _spot(place, number), (where,))
    return None


def _of(place: Place, job_id: str, until: datetime, parts: Parts) -> Slot | None:
    """The slot that is the job's already: it runs under it, and is on the list by mistake, or somebody else has kept it for the job."""
    return next(
        (slot for slot in listed(place, until=until, parts=parts).values() if slot.job_id == job_id), None
    )


def serve(place: Place, limit: int, waiting: list[Waiter], *, until: datetime, parts: Parts) -> list[Slot]:
    """Give free slots to those who wait longest, and see to it that those come for whom one is kept; the slots as they were before."""
    slots = listed(place, until=until, parts=parts)
    promised = {slot.job_id: number for number, slot in slots.items() if not slot.owner}
    for waiter in waiting:
        if waiter.job_id in promised:
            number = promised[waiter.job_id]
            _remind(place, number, slots[number], waiter, until=until, parts=parts)
    left = [waiter for waiter in waiting if waiter.job_id not in promised]
    for number in free_numbers(slots, limit, until=until, parts=parts) if left else ():
        found = slots.get(number)
        where = _FREE if found is None else found.unchanged
        seen_to = _give(place, number, where, left, until=until, parts=parts)
        left = left[seen_to:] if seen_to is not None else []
        if not left:
            break
    return list(slots.values())


def _remind(place: Place, number: int, slot: Slot, waiter: Waiter, *, until: datetime, parts: Parts) -> None:
    """A slot is kept for one who is on the list: since it was about to park, or whoever kept it died before the message."""
    row, woken = waiting_list.release(waiter.job_id, waiter.epoch, until=until, parts=parts)
    if woken and row is not None:
        kept = _edit((slot.unchanged,), waiter.job_id, "", parts.world.now() + KEPT)
        patience(parts, until)(parts.items.write, _spot(place, number), kept)
        waiting_list.send(row, parts)
    if row is None or row.state is not State.RUNNING:
        waiting_list.leave(place, waiter, until=until, parts=parts)


def second_look(place: Place, limit: int, job: Job, *, until: datetime, parts: Parts) -> None:
    """After the job was parked: a slot that was left before it was on the list is given to whoever waits longest, perhaps to it."""
    slots = listed(place, until=until, parts=parts)
    taken = sum(1 for number in slots if number < limit)
    if taken < limit or any(slot.job_id == job.id for slot in slots.values()):
        serve(place, limit, waiting_list.waiters(place, until=until, parts=parts), until=until, parts=parts)


def listed(place: Place, *, until: datetime, parts: Parts) -> dict[int, Slot]:
    """The slots that are anybody's, by their numbers."""
    found = patience(parts, until)(parts.items.listed, place.shelf("slot"), limit=MOST)
    return _read({int(key): fields for key, fields in found})


def _read(found: Mapping[int, Fields]) -> dict[int, Slot]:
    return {
        number: Slot(
            job_id=str(fields["job"]),
            owner=str(fields.get("owner", "")),
            until=_EPOCH + int(str(fields["until"])) * _MS,
        )
        for number, fields in found.items()
        if "job" in fields
    }


def _edit(where: tuple[tuple[Test, ...], ...], job_id: str, owner: str, end: datetime) -> Edit:
    fields: Fields = {"job": job_id, "owner": owner, "until": (end - _EPOCH) // _MS}
    return Edit(where=where, set=fields, until=end + FORGET)


def _spot(place: Place, number: int) -> Spot:
    return Spot(place.shelf("slot"), f"{number:03}")
