"""One schedule, played from a fresh world to the end of every job; then the invariant is asked."""

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from chalicelib.domain.job import Job
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.task import Registry, Task
from jobline.testing.drive import NotQuiet
from jobline.testing.faults import Fault, Schedule
from jobline.testing.happenings import Line
from jobline.testing.memory import Jobline
from jobline.testing.run import Run
from jobline.testing.script import Script, played
from jobline.testing.seams import opened
from jobline.testing.seams.named import Named

Invariant = Callable[[Run], object]
Setup = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Played:
    """A schedule that was played. `wrong` is why it failed; None: the invariant holds."""

    schedule: Schedule
    began: datetime
    story: Sequence[Line]
    job: Job
    wrong: Exception | None

    @cached_property
    def effects(self) -> tuple[Line, ...]:
        """The story's effects, by number."""
        found = [line for line in self.story if line.number is not None]
        return tuple(sorted(found, key=lambda line: line.number or 0))

    @property
    def unreached(self) -> list[int]:
        """The numbers of faults for which there was no effect."""
        return [number for number, _ in self.schedule.faults if number > len(self.effects)]

    def longer(self, faults: Sequence[Fault]) -> Iterator[Schedule]:
        """This schedule and one fault more, at any effect after its last fault."""
        last = max((number for number, _ in self.schedule.faults), default=0)
        for line in self.effects[last:]:
            for fault in faults:
                if fault.can_happen_to(line.process.task):
                    yield self.schedule.then(line.number or 0, fault)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is put to the test."""

    task: Task[..., Any]
    args: tuple[Any, ...] | Mapping[str, Any]
    invariant: Invariant
    setup: Setup | None
    effects: Sequence[Named]
    registry: Registry

    def play(self, schedule: Schedule) -> Played:
        """Play one schedule. What `setup` raises rises."""
        with _world(self.setup) as world, Jobline(registry=self.registry) as jobline:
            script = Script(
                schedule=schedule,
                world=jobline.parts.world,
                overtake=jobline.overtake,
                double=jobline.deliver_again,
            )
            began = jobline.now
            handle = self.task.submit(self.args)
            wrong: Exception | None = None
            with opened(self.effects), played(script), _hushed():
                try:
                    jobline.run_until_quiet()
                    jobline.deliver_again()
                except NotQuiet as error:
                    wrong = error
            job = next(
                job for job in jobline.jobs() if job.id == handle.id
            )  # its time to be forgotten may be over
            if wrong is None:
                run = Run(
                    world=world,
                    job=job,
                    jobs=tuple(jobline.jobs()),
                    result=_result(job, jobline),
                    effects=tuple(line.effect for line in script.story if line.happened),
                    schedule=str(schedule),
                )
                wrong = _ask(self.invariant, run)
        return Played(schedule=schedule, began=began, story=script.story, job=job, wrong=wrong)


@contextmanager
def _hushed() -> Iterator[None]:
    """Without what the pipeline logs of attempts that are killed on purpose. What the task logs is kept."""
    log = logging.getLogger("chalicelib.pipeline")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _world(setup: Setup | None) -> AbstractContextManager[Any]:
    if setup is not None and inspect.isgeneratorfunction(setup):
        return contextmanager(setup)()

    @contextmanager
    def made() -> Iterator[Any]:
        yield None if setup is None else setup()

    return made()


def _result(job: Job, jobline: Jobline) -> Any:
    return None if job.result is None else load(job.result, whose=result_of(job), parts=jobline.parts)


def _ask(invariant: Invariant, run: Run) -> Exception | None:
    """Why the invariant does not hold. Assertions and a truth value both count; a lambda cannot assert, so its None is no yes."""
    try:
        answer = invariant(run)
    except Exception as error:  # noqa: BLE001 - whatever it stumbles over: it does not hold
        return error
    if answer is None and getattr(invariant, "__name__", "") != "<lambda>":
        return None
    return None if answer else AssertionError(f"it returned {answer!r}")
