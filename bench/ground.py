"""The ground on which features are measured: the real table, in virtual time, with a queue that is a twin."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.meter import Meter
from bench.run import SET_UP, NotAsPlanned
from chalicelib.adapters.memory import HeldWorld, Inline, InlineRunner, MemoryQueue
from chalicelib.adapters.memory.queue import DEAD_LETTERS
from chalicelib.adapters.world import RealWorld
from chalicelib.domain.job import Inline as Row
from chalicelib.domain.job import Job, State, Wakeup
from chalicelib.lanes import LANES
from chalicelib.pipeline.admission import admit, leave
from chalicelib.pipeline.appointments import keep_appointments
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.consume import Record
from chalicelib.pipeline.duties import do_duties
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.task import Kind, Options, Registry, Submission
from chalicelib.pipeline.tenant_gate import Memory
from chalicelib.pipeline.tenant_limits import SHELF
from chalicelib.pipeline.verdict import success
from jobline.testing.drive import INVOCATION, MINUTE, invoke

ROUNDS = 200
HOUR = timedelta(hours=1)


LONG_AFTER = datetime(2100, 1, 1, tzinfo=UTC)
MOST = 10_000


class _DueForNothing:
    """A store or the shelves, whose index is asked for what is due without counting: the tick does that whether or not anybody uses
    anything. What was there before is somebody else's. Nor is the listing of tenants' limits counted: it is one a minute for a process,
    however many jobs there are.
    """

    def __init__(self, port: Any, meter: Meter) -> None:
        self._port = port
        self._meter = meter
        with meter.during(SET_UP):
            self._others = frozenset(port.due(LONG_AFTER, MOST))

    def due(self, now: datetime, limit: int) -> Any:
        with self._meter.during(SET_UP):
            return [one for one in self._port.due(now, limit + len(self._others)) if one not in self._others]

    def listed(self, shelf: str, **how: Any) -> Any:
        with self._meter.during(SET_UP) if shelf == SHELF else nullcontext():
            return self._port.listed(shelf, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


class Ground:
    """A pipeline on the real tables and in virtual time, whose queue is a twin."""

    def __init__(self, parts: Parts, meter: Meter) -> None:
        self._meter = meter
        self.world = HeldWorld(start=RealWorld().now())
        self.queue = MemoryQueue(self.world)
        self.registry = Registry()
        self.parts = replace(
            parts,
            store=_DueForNothing(parts.store, meter),
            items=_DueForNothing(parts.items, meter),
            world=self.world,
            queue=self.queue,
            crew=Inline(),
            registry=self.registry,
            runners=dict.fromkeys(Kind, InlineRunner(self.registry)),
            tenants=Memory(),
        )
        self._made = 0

    def task(self, function: Callable[..., Any], **options: Any) -> str:
        """Register a task under a name of its own."""
        self._made += 1
        name = f"{function.__name__}_{self._made}"
        self.registry.add(function, name, Options(**options))
        return name

    def submit(self, task: str, *arguments: Mapping[str, Any], **how: Any) -> list[Job]:
        """One job for each arguments; `how` as in `f.submit`. Raises what an answer that is no job says."""
        requests = [JobRequest(task=task, args=args, how=Submission(**how)) for args in arguments]
        jobs = []
        for answer in enqueue(requests, parts=self.parts):
            if isinstance(answer, Exception):
                raise answer
            jobs.append(answer)
        return jobs

    def drain(self) -> None:
        """Deliver all that can be seen now, one batch of a lane at a time, and what that leads to."""
        for _ in range(ROUNDS):
            if not sum(self._deliver(lane) for lane in (*LANES, DEAD_LETTERS)):
                return
        raise NotAsPlanned(f"messages still come after {ROUNDS} rounds")

    def _deliver(self, lane: str) -> int:
        messages = self.queue.receive(lane)
        records = [Record(message_id=m.id, receipt=m.receipt, body=m.body) for m in messages]
        again = invoke(self.parts, lane, records) if records else []
        for record in records:
            if record.message_id not in again:
                self.queue.delete(record.receipt)
        return len(messages)

    def hold(self, task: str, args: Mapping[str, Any]) -> Callable[[], None]:
        """A job of the task that runs until the answer is called; what it costs itself is not counted."""
        with self._meter.during(SET_UP):
            job = self.submit(task, args)[0]
            self.queue.messages.clear()
            now = self.world.now()
            wakeup = Wakeup(tenant=job.tenant, job_id=job.id, epoch=job.epoch)
            claimed = claim(wakeup, lease=now + HOUR, parts=self.parts)
            admitted = None if claimed is None else admit(claimed, until=now + HOUR, parts=self.parts)
        if claimed is None or admitted is None:
            raise NotAsPlanned(f"{job.label()} did not start")

        def end() -> None:
            now = self.world.now()
            event = success(claimed, Row(json="1"), None, now)
            with self._meter.during(SET_UP):
                settle(claimed, event, until=now + HOUR, parts=self.parts)
            leave(claimed, admitted, until=now + HOUR, parts=self.parts)

        return end

    def later(self, by: timedelta) -> None:
        """Let time pass, with a tick each minute but for its sweeps, and deliver what is there then."""
        end = self.world.now() + by
        while self.world.now() < end:
            self.world.advance(min(MINUTE, end - self.world.now()))
            until = self.world.now() + INVOCATION
            do_duties(until=until, parts=self.parts)
            keep_appointments(until=until, parts=self.parts)
            self.drain()

    def check(self, jobs: Sequence[Job], state: State = State.SUCCEEDED) -> None:
        """All of them are in that state. A run in which one is not has measured something else."""
        self.check_all((job.id for job in jobs), state)

    def check_all(self, job_ids: Iterable[str], state: State = State.SUCCEEDED) -> None:
        """The same, by their ids."""
        for job_id in job_ids:
            with self._meter.during(SET_UP):
                row = self.parts.store.read(job_id)
            if row is None or row.state is not state:
                raise NotAsPlanned(f"job {job_id} went another way: {row}")


Use = Callable[[Ground, Callable[[], Any]], int]
"""Uses the feature: all before it calls its second argument is set-up, all after that is counted. Returns how many times it was used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """One way of using something."""

    name: str
    use: Use


FEATURES: list[Feature] = []


def feature(name: str) -> Callable[[Use], Use]:
    """Put a use on the list, under the words of the table's row."""

    def put(use: Use) -> Use:
        FEATURES.append(Feature(name=name, use=use))
        return use

    return put
