"""The ports as the workers hold them: the in-memory twins behind the seam."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from chalicelib.adapters.memory.items import MemoryItems
from chalicelib.adapters.memory.payloads import MemoryPayloads
from chalicelib.adapters.memory.side_tables import MemoryKeys, MemoryQuarantine
from chalicelib.adapters.memory.store import MemoryStore
from chalicelib.adapters.memory.world import START
from chalicelib.domain.change import Change, Missing
from chalicelib.domain.errors import JoblineError, NewerRow
from chalicelib.domain.job import Job, Stored
from chalicelib.pipeline.ids import RANDOM_BYTES, make_id
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test, Unkept
from chalicelib.pipeline.ports import KeyClaim, Oddity, Refused, Slice, Written
from proof.simulation.clockwork import Clockwork, Killed, current
from proof.simulation.monitor import Monitor
from proof.simulation.seam import Seam

MS = timedelta(milliseconds=1)
SNAPSHOTS = 12
FOREIGN: Any = "PAUSED"
"""A state of code to come. A row in it is what the real adapter cannot read: it says `NewerRow`, or lists it as unread."""


def label_of(change: Change) -> str:
    """The event that the change records."""
    if change.history:
        return change.history[-1].event
    if "history" in change.set:
        return str(change.set["history"][-1].event)
    if "outbox" in change.remove:
        return "outbox_cleared"
    if "lease" in change.set:
        return "checkpointed" if "checkpoint" in change.set else "renewed"
    return "appointed" if Missing("attention") in change.where else "postponed"


class SimStore:
    """The rows. The index answers with an old state of the table when the seed says so."""

    def __init__(self, twin: MemoryStore, seam: Seam, monitor: Monitor) -> None:
        self.twin = twin
        self._seam = seam
        self._monitor = monitor
        self._old: list[dict[str, Job]] = [{}]
        self._stale = "stale" in seam.profile.rates

    def create(self, job: Job) -> Job | None:
        box = current().box

        def apply() -> Job | None:
            found = self._known(self.twin.create(job))
            if found is None:
                self._monitor.created(self.twin.rows[job.id], box)
                self._remember()
            return found

        return self._seam.call("store.create", job.state.lower(), apply)

    def write(self, job_id: str, change: Change) -> Written | Refused:
        box = current().box
        label = label_of(change)

        def apply() -> Written | Refused:
            before = self.twin.rows.get(job_id)
            answer = self.twin.write(job_id, change)
            if before is not None and before.state == FOREIGN:
                if isinstance(answer, Written):
                    self._monitor.foreign_written(answer.job, change)
                self._known(before)
            if isinstance(answer, Written):
                self._monitor.written(before, answer.job, label, box)
                self._remember()
            else:
                self._monitor.refused(answer.job, label, change)
            return answer

        return self._seam.call("store.write", label, apply)

    def _remember(self) -> None:
        if not self._stale:
            return
        self._old.append(dict(self.twin.rows))
        if len(self._old) > SNAPSHOTS:
            del self._old[0]

    def read(self, job_id: str) -> Job | None:
        return self._seam.call("store.read", "", lambda: self._known(self.twin.read(job_id)))

    def _known(self, row: Job | None) -> Job | None:
        if row is not None and row.state == FOREIGN:
            self._seam.fate.hit("F70")
            raise NewerRow(f"job {row.id}: a state that this code does not know")
        return row

    def unattended(self, after: datetime, until: datetime) -> Slice:
        found = self._seam.call("store.unattended", "", lambda: self.twin.unattended(after, until))
        unread = [row.id for row in found.rows if row.state == FOREIGN]
        if not unread:
            return found
        self._seam.fate.hit("F70")
        rows = [row for row in found.rows if row.state != FOREIGN]
        return Slice(rows=rows, unread=unread, reached=found.reached, listed=found.listed)

    def newest(self, before: str, since: datetime) -> Iterator[Job]:
        found = self._seam.call("store.newest", "", lambda: list(self._index().newest(before, since)))
        return (row for row in found if row.state != FOREIGN)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        return self._seam.call("store.due", "", lambda: self._index().due(now, limit))

    def dead(self, after: str | None, limit: int) -> tuple[Sequence[Job], str | None]:
        return self._seam.call("store.dead", "", lambda: self._index().dead(after, limit))

    def _index(self) -> MemoryStore:
        if not self._seam.fate.strikes("stale"):
            return self.twin
        old = MemoryStore()
        old.rows = self._seam.pace.choice(self._old)
        if old.rows != self.twin.rows:
            self._seam.fate.hit("F46")
        return old

    def watermark(self, name: str) -> datetime | None:
        return self._seam.call("store.watermark", name, lambda: self.twin.watermark(name))

    def move_watermark(self, name: str, seen: datetime | None, to: datetime) -> bool:
        def apply() -> bool:
            moved = self.twin.move_watermark(name, seen, to) or self.twin.marks.get(name) == to
            if moved:
                self._monitor.moved(name)
            return moved

        return self._seam.call("store.move", name, apply)


class SimKeys:
    """The idempotency keys."""

    def __init__(self, twin: MemoryKeys, seam: Seam) -> None:
        self.twin = twin
        self._seam = seam

    def hold(self, claim: KeyClaim, now: datetime) -> KeyClaim:
        return self._seam.call("keys.hold", claim.key, lambda: self.twin.hold(claim, now))

    def find(self, tenant: str, name: str, now: datetime) -> KeyClaim | None:
        return self._seam.call("keys.find", name, lambda: self.twin.find(tenant, name, now))


class SimItems:
    """The shelves."""

    def __init__(self, twin: MemoryItems, seam: Seam) -> None:
        self.twin = twin
        self._seam = seam

    def read(self, spot: Spot) -> Fields:
        return self._seam.call("items.read", spot.kind, lambda: self.twin.read(spot))

    def write(self, spot: Spot, edit: Edit) -> Kept | Unkept:
        if spot.kind == "schedule" and current().box.kind == "tick" and self._seam.monitor.ticking > 1:
            self._seam.fate.hit("F56")
        return self._seam.call("items.write", spot.kind, lambda: self.twin.write(spot, edit))

    def delete(self, spot: Spot, where: tuple[tuple[Test, ...], ...] = ((),)) -> bool:
        return self._seam.call("items.delete", spot.kind, lambda: self.twin.delete(spot, where))

    def listed(self, shelf: str, *, after: str = "", limit: int) -> Sequence[tuple[str, Fields]]:
        return self._seam.call(
            "items.listed", shelf.partition("#")[0], lambda: self.twin.listed(shelf, after=after, limit=limit)
        )

    def due(self, now: datetime, limit: int) -> Sequence[Spot]:
        if not self.twin.shelves:  # nobody uses any: not worth a step in each of a million ticks
            return ()
        return self._seam.call("items.due", "", lambda: self.twin.due(now, limit))


class SimPayloads:
    """The stored payloads."""

    def __init__(self, twin: MemoryPayloads, seam: Seam) -> None:
        self.twin = twin
        self._seam = seam

    def put(self, job_id: str, body: bytes, keep_until: datetime) -> Stored:
        return self._seam.call(
            "payloads.put", "", lambda: self.twin.put(job_id, body, keep_until), table=False
        )

    def get(self, job_id: str, stored: Stored) -> bytes:
        return self._seam.call("payloads.get", "", lambda: self.twin.get(job_id, stored), table=False)


class SimQuarantine:
    """What is no wake-up."""

    def __init__(self, twin: MemoryQuarantine, seam: Seam) -> None:
        self.twin = twin
        self._seam = seam

    def keep(self, oddity: Oddity) -> None:
        self._seam.call("quarantine.keep", "", lambda: self.twin.keep(oddity))


class SimWorld:
    """Each sandbox's own clock; chance and ids from the seed."""

    def __init__(self, clock: Clockwork, seed: int) -> None:
        self._clock = clock
        self._chance = Random(f"world {seed}")
        self._last = (0, START)

    def now(self) -> datetime:
        moment = self._clock.now + current().box.skew
        if moment != self._last[0]:  # asked often in one moment, and arithmetic with times is slow
            self._last = moment, START + moment * MS
        return self._last[1]

    def job_id(self) -> str:
        return make_id(self.now(), self._chance.randbytes(RANDOM_BYTES))

    def token(self) -> str:
        return f"{self._chance.getrandbits(40):010x}"

    def luck(self) -> float:
        return self._chance.random()

    def pause(self, wait: timedelta) -> None:
        self._clock.sleep(max(1, wait // MS))


class TrueWorld:
    """The time that the services go by."""

    def __init__(self, clock: Clockwork) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return START + self._clock.now * MS


class SimCrew:
    """Hands: fibers of the same sandbox, or one after the other."""

    def __init__(self, clock: Clockwork, monitor: Monitor, *, side_by_side: bool) -> None:
        self._clock = clock
        self._monitor = monitor
        self._side_by_side = side_by_side

    def each(self, verb: Callable[[Any], Any], items: Iterable[Any]) -> Sequence[Any]:
        work = list(items)
        if self._side_by_side and len(work) > 1:
            return self._together(verb, work)
        return [self._one(verb, item) for item in work]

    def _one(self, verb: Callable[[Any], Any], item: Any) -> Any:
        try:
            return verb(item)
        except Exception as error:  # noqa: BLE001 - the port says so
            return self._judged(error)

    def _together(self, verb: Callable[[Any], Any], work: list[Any]) -> Sequence[Any]:
        me: Any = current()
        fibers = [self._clock.spawn(partial(verb, item), me.box) for item in work]
        for fiber in fibers:
            fiber.joiner = me
        while not all(fiber.over for fiber in fibers):
            self._clock.park()
        answers = []
        for fiber in fibers:
            if fiber.failure is None:
                answers.append(fiber.value)
            elif isinstance(fiber.failure, Exception):
                answers.append(self._judged(fiber.failure))
            else:
                raise Killed
        return answers

    def _judged(self, error: Exception) -> Exception:
        if not isinstance(error, JoblineError):
            self._monitor.bug(error)
        return error
