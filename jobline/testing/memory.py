"""A whole Jobline in memory, with a clock that stands still until it is told to move: for unit tests of tasks and of what follows them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from chalicelib import wiring
from chalicelib.adapters import memory
from chalicelib.adapters.memory import MemoryQueue
from chalicelib.adapters.memory.sealing import memory_sealer
from chalicelib.domain.job import Job, State
from chalicelib.pipeline.consume import Record
from chalicelib.pipeline.handle import JobHandle
from chalicelib.pipeline.task import REGISTRY, Kind, Registry, Task
from jobline.testing import drive
from jobline.testing.runner import InThread

TIME_LEFT = timedelta(seconds=10)
"""How much longer than the longest time limit an invocation is here."""


class RememberingQueue(MemoryQueue):
    """Lanes that remember every body that was ever put, to put it once more."""

    def __init__(self, world: memory.HeldWorld) -> None:
        super().__init__(world)
        self.ever: list[tuple[str, str]] = []

    def put(self, lane: str, body: str, **how: Any) -> None:
        """Put any body into a lane."""
        self.ever.append((lane, body))
        super().put(lane, body, **how)


class Jobline:
    """`with Jobline() as jobline:` every `f.delay(...)` goes here, and nothing leaves this process.

    Jobs run when `run`, `run_until_quiet` or `advance` is called: the real pipeline, on twins of the table and the queues. All kinds of
    tasks run in the calling thread, `cpu=True` ones too. Time is virtual: a retry in an hour is one line away. The same seed gives the
    same ids and the same waits. `sealed=True`: what jobs carry is sealed in the rows, as in a stage that names a key (docs/sealing.md).
    """

    def __init__(self, *, registry: Registry = REGISTRY, seed: int = 0, sealed: bool = False) -> None:
        world = memory.HeldWorld(seed=seed)
        self._queue = RememberingQueue(world)
        self._world = world
        #: the pipeline itself, for what has no word here
        self.parts = replace(
            memory.parts(world=world, registry=registry),
            queue=self._queue,
            runners=dict.fromkeys(Kind, InThread(registry, world)),
        )
        if sealed:
            self.parts = replace(self.parts, sealer=memory_sealer(self.parts.items, world))
        self._wired = ExitStack()

    def __enter__(self) -> Self:
        """From now on `f.delay(...)` comes here."""
        self._wired.enter_context(_used(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """From now on it goes where it went before."""
        self._wired.close()

    @property
    def _left(self) -> timedelta:
        """How long an invocation may take here: long enough for every task."""
        limits = [task.options.time_limit or timedelta(0) for task in self.parts.registry]
        return max([drive.INVOCATION, *(limit + TIME_LEFT for limit in limits)])

    @property
    def now(self) -> datetime:
        """The virtual time, aware, UTC."""
        return self._world.now()

    def run(self) -> int:
        """Deliver what is due now, and what that leads to at once; how many messages that were. No time passes."""
        return drive.drain(self.parts, left=self._left)

    def run_until_quiet(self, *, within: timedelta = timedelta(days=400)) -> None:
        """Let time pass until every job is over: retries, delays and followers too. Raises `NotQuiet`, an AssertionError."""
        drive.run_until_quiet(self.parts, within=within, left=self._left)

    def advance(self, by: timedelta) -> datetime:
        """Let this much time pass, with all that becomes due on the way; the time that it then is."""
        for _ in drive.play(self.parts, until=self._world.now() + by, left=self._left):
            pass
        return self.now

    def takes(self, by: timedelta) -> None:
        """Called by a task, or by a stand-in of what it uses: its work takes this much time. Nothing else happens meanwhile."""
        self._world.pause(by)

    def jobs(
        self, task: Task[..., Any] | str | None = None, *, state: State | str | None = None
    ) -> list[Job]:
        """The jobs in the order of acceptance, of one task and in one state if these are given."""
        store, _ = drive.twins(self.parts)
        name = task.name if isinstance(task, Task) else task
        rows = [row for row in store.rows.values() if name in (None, row.task) and state in (None, row.state)]
        return sorted(rows, key=lambda row: row.id[:10])

    def handle(self, job: Job) -> JobHandle:
        """The handle of a job, as submitting it gave: to ask for its result, say."""
        return JobHandle(job.id, tenant=job.tenant, parts=self.parts)

    def deliver_again(self, job_id: str | None = None) -> None:
        """Deliver every message that was ever sent once more, of one job or of all. Nothing should come of it."""
        for lane, body in list(self._queue.ever):
            if job_id is None or job_id in body:
                record = Record(message_id="again", receipt="again", body=body)
                drive.invoke(self.parts, lane, [record], left=self._left)

    def overtake(self) -> None:
        """The calling attempt stands still past its lease, while all others get on until all is over."""
        self._world.pause(self._left + self.parts.limits.lease_skew + timedelta(seconds=1))
        self.run_until_quiet()


def _submit(*request: Any) -> JobHandle:
    """Looked up at each call, since it may be replaced meanwhile."""
    return wiring.submit(*request)


@contextmanager
def _used(jobline: Jobline) -> Iterator[None]:
    """What submitting uses. The registry of a test's own has to be told where that is."""
    registry = jobline.parts.registry
    before, submitter = wiring.use(jobline.parts), registry.submitter
    registry.submitter = submitter or _submit
    try:
        yield
    finally:
        registry.submitter = submitter
        wiring.use(before)
