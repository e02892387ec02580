"""A whole pipeline on twins, watched: every write is checked as it happens. Time is virtual, chance comes from a seed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters import memory
from chalicelib.adapters.memory.queue import MemoryQueue, Unkindness
from chalicelib.adapters.memory.store import MemoryStore
from chalicelib.domain.change import Change
from chalicelib.domain.job import Job, Wakeup
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.ports import Refused, World, Written
from chalicelib.pipeline.task import Options, Registry, Submission, Task
from tests.support.invariants import check_row, check_write


class WatchedStore(MemoryStore):
    """Rows whose every write is held to the invariants. `writes` counts them."""

    def __init__(self, page: int = 1000) -> None:
        super().__init__(page)
        self.writes = 0

    def create(self, job: Job) -> Job | None:
        check_row(job)
        self.writes += 1
        return super().create(job)

    def write(self, job_id: str, change: Change) -> Written | Refused:
        before = self.rows.get(job_id)
        answer = super().write(job_id, change)
        self.writes += 1
        if isinstance(answer, Written):
            assert before is not None
            check_write(before, answer.job)
            check_row(answer.job)
        return answer


class RememberingQueue(MemoryQueue):
    """Lanes that remember every body that was ever put: for replaying."""

    def __init__(self, world: World, *, unkindness: Unkindness | None = None) -> None:
        super().__init__(world, unkindness=unkindness)
        self.ever: list[tuple[str, str]] = []

    def put(self, lane: str, body: str, **how: Any) -> None:
        self.ever.append((lane, body))
        super().put(lane, body, **how)


class Stage:
    """Parts, and the few words in which tests speak to them."""

    def __init__(
        self,
        *,
        seed: int = 0,
        page: int = 1000,
        limits: Limits | None = None,
        unkindness: Unkindness | None = None,
    ) -> None:
        self.world = memory.HeldWorld(seed=seed)
        self.registry = Registry()
        self.store = WatchedStore(page)
        self.queue = RememberingQueue(self.world, unkindness=unkindness)
        self.parts = replace(
            memory.parts(world=self.world, registry=self.registry, limits=limits),
            store=self.store,
            queue=self.queue,
        )
        #: what ran: (task, attempt, epoch, time)
        self.ran: list[tuple[str, int, int, datetime]] = []

    def task(self, function: Callable[..., Any], name: str | None = None, **options: Any) -> Task[..., Any]:
        """Register a task."""
        return self.registry.add(function, name, Options(**options))

    def works(self, name: str = "work", result: Any = "done", **options: Any) -> Task[..., Any]:
        """Register a task that takes anything as `x` and returns this."""

        def work(x: Any = None) -> Any:
            self.note(name)
            return result

        return self.task(work, name, **options)

    def fails(
        self,
        name: str = "work",
        times: int = 10**6,
        error: Callable[[], BaseException] = ValueError,
        **options: Any,
    ) -> Task[..., Any]:
        """Register a task that raises so many times, and then succeeds."""
        left = [times]

        def work(x: Any = None) -> str:
            self.note(name)
            left[0] -= 1
            if left[0] >= 0:
                raise error()
            return "done"

        return self.task(work, name, **options)

    def mourns(self, name: str) -> Task[..., Any]:
        """Register a task that follows another; what it was told is in `told`."""
        self.told: list[Any] = getattr(self, "told", [])

        def follow(job: dict[str, Any]) -> None:
            self.note(name)
            self.told.append(job)

        return self.task(follow, name)

    def note(self, name: str) -> None:
        """A task says that it runs."""
        from chalicelib import current_job  # what a user's task does

        job = current_job()
        self.ran.append((name, job.attempt, job.epoch, self.world.now()))

    def submit(self, task: str = "work", args: Mapping[str, Any] | None = None, **how: Any) -> Job:
        """Submit one job. Raises what kept it out."""
        answer = enqueue([JobRequest(task=task, args=args or {}, how=Submission(**how))], parts=self.parts)[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def claim(self, job: Job, *, seconds: float = 60, **message: Any) -> Job | None:
        """Take the job by its message, as a worker does that then may or may not be heard of again."""
        wakeup = replace(Wakeup(tenant=job.tenant, job_id=job.id, epoch=job.epoch), **message)
        return claim(wakeup, lease=self.world.now() + timedelta(seconds=seconds), parts=self.parts)

    def row(self, job: Job) -> Job:
        """The job as it is now."""
        return self.store.rows[job.id]

    def runs(self, name: str = "work") -> int:
        """How often that task ran."""
        return sum(1 for ran in self.ran if ran[0] == name)

    def advance(self, **span: float) -> datetime:
        """Let time pass."""
        self.world.advance(timedelta(**span))
        return self.world.now()

    @property
    def messages(self) -> int:
        """How many messages there are, seen and unseen."""
        return len(self.queue.messages)

    def lose_messages(self) -> None:
        """Every message that is under way gets lost."""
        self.queue.messages.clear()
