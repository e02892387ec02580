"""The tasks of the simulation, each playing the script that its job brings, and the twin of the runners that plays them in virtual time."""

import asyncio
from datetime import timedelta
from typing import Any, cast

from chalicelib.domain.errors import Retry, SoftTimeLimitExceeded
from chalicelib.domain.job import Failure
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.context import JobContext, current_job
from chalicelib.pipeline.finished import FinishedJob
from chalicelib.pipeline.outcome import Outcome, Raised, run, run_async
from chalicelib.pipeline.ports import Call
from chalicelib.pipeline.task import Kind, Options, Registry
from chalicelib.pipeline.workflows.flow import Flow, chord
from proof.simulation.clockwork import Clockwork, Fiber, Killed, current
from proof.simulation.control.tasks import declare_all
from proof.simulation.monitor import Monitor
from proof.simulation.ports import MS
from proof.simulation.profile import HOUR, SECOND


def play(script: str) -> dict[str, Any]:  # noqa: C901, PLR0912 - a list of scripts, each a line or two
    """Do what the script says, in the fiber that runs the task."""
    job, fiber = current_job(), current()
    clock: Clockwork = fiber.clock
    word, _, number = script.partition(":")
    answer: dict[str, Any] = {"epoch": job.epoch}
    clock.sleep(20)
    match word:
        case "fail" if job.attempt <= int(number):
            clock.fate.hit("F21")
            raise ValueError("as the script says")
        case "always":
            raise ValueError("always")
        case "kill" if job.attempt <= int(number):
            _die()
        case "killer":
            _die()
        case "hang":
            clock.sleep(10 * HOUR)
        case "stop":
            raise KeyError("give up")
        case "retry" if job.attempt == 1:
            raise Retry(after=int(number))
        case "brisk":
            clock.sleep(4 * SECOND)
        case "slow":
            clock.sleep(25 * SECOND)
        case "obey":
            for _ in range(20):
                clock.sleep(SECOND)
                job.check_cancelled()
        case "talk":
            for step in range(8):
                job.progress(step / 8, "going on")
                clock.sleep(2 * SECOND)
            job.heartbeat()
            clock.sleep(2 * SECOND)
        case "parts":
            for part in range(job.state or 0, int(number)):
                clock.sleep(9 * SECOND)
                job.checkpoint(part + 1)
        case "steps":
            for step in range(int(number)):
                _step(job, f"step {step}")
        case "big":
            answer["pad"] = "x" * 500
    return answer


def _step(job: JobContext, name: str) -> None:
    """Something that takes its time and may fail, and is written down."""
    clock: Clockwork = current().clock
    parts = clock.monitor.control.parts

    def work() -> list[int]:
        parts.runs_step(job.id, job.epoch, name)
        clock.sleep(6 * SECOND)
        if clock.fate.strikes("step_fails"):
            raise ValueError("a step failed")
        return [job.epoch]

    parts.came_to(job.id, name, job.step(name, work))


def _die() -> None:
    current().box.dead = True
    raise Killed


def plain(script: str, pad: str = "") -> dict[str, Any]:  # noqa: ARG001 - the bytes are what matters
    return play(script)


def grouped(script: str, group: str = "", pad: str = "") -> dict[str, Any]:  # noqa: ARG001
    return play(script)


async def looped(script: str, pad: str = "") -> dict[str, Any]:  # noqa: ARG001
    return play(script)


def after(job: FinishedJob) -> dict[str, Any]:  # noqa: ARG001
    return play("ok")


def failing_after(job: FinishedJob) -> dict[str, Any]:  # noqa: ARG001
    return play("fail:1")


def leaf(script: str, given: Any = None) -> dict[str, Any]:
    """A step of a workflow."""
    return {**play(script), "given": given}


def growing(script: str, given: Any = None) -> Flow:
    """A task that becomes a workflow, another one each time that it is tried."""
    play(script)
    step: Any = REGISTRY["leaf"]
    count = current_job().attempt + 1
    return chord([step.si("ok", given=given) for _ in range(count)], step.s(script="ok"))


REGISTRY = Registry()


def _declare() -> None:
    def declare(function: Any, name: str, **options: Any) -> None:
        REGISTRY.add(function, name, Options(**options))

    short = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=20))
    long = Backoff(base=timedelta(minutes=12), cap=timedelta(minutes=40))
    declare(plain, "plain", backoff=short, give_up_on=(KeyError,))
    declare(looped, "looped", lane="high", backoff=long)
    declare(plain, "heavy", cpu=True, lane="low", backoff=short)
    declare(
        plain,
        "limited",
        backoff=short,
        time_limit=timedelta(seconds=12),
        soft_time_limit=timedelta(seconds=6),
    )
    declare(plain, "chained", backoff=short, on_success="after", on_failure="failing_after")
    declare(plain, "brief", backoff=short, keep=timedelta(minutes=10))
    fleeting = timedelta(minutes=3)
    declare(plain, "fleeting", backoff=short, keep=fleeting, on_success="wisp", on_failure="wisp")
    declare(after, "wisp", backoff=short, keep=fleeting)
    declare(after, "after", backoff=short)
    declare(failing_after, "failing_after", backoff=short)
    declare(leaf, "leaf", backoff=short, give_up_on=(KeyError,))
    declare(growing, "grower", backoff=short, give_up_on=(KeyError,))
    declare_all(declare, grouped)


_declare()


class SimRunner:
    """All three runners in one: what differs is what `stop` can do."""

    def __init__(self, kind: Kind, clock: Clockwork, monitor: Monitor) -> None:
        self._kind = kind
        self._clock = clock
        self._monitor = monitor

    def start(self, call: Call) -> "SimExecution":
        """Start the task in a fiber of the sandbox."""
        me: Any = current()
        task = REGISTRY[call.task]

        def body() -> Outcome:
            box = me.box
            self._monitor.started(call.facts, box)
            box.handlers += 1
            try:
                if task.kind is Kind.LOOP:
                    return cast("Outcome", _drive(run_async(task, call)))
                return run(task, call)
            finally:
                box.handlers -= 1

        return SimExecution(self._kind, self._clock, self._clock.spawn(body, me.box))


def _drive(coroutine: Any) -> Any:
    """Run a coroutine that awaits nothing: its waiting is the fiber's."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a task of the simulation awaits something")


class SimExecution:
    """A task in its fiber."""

    def __init__(self, kind: Kind, clock: Clockwork, fiber: Fiber) -> None:
        self._kind = kind
        self._clock = clock
        self._fiber = fiber

    def finished(self, within: timedelta) -> bool:
        """Whether it ended, waiting so long for it."""
        if not self._fiber.over and within > timedelta(0):
            self._fiber.joiner = current()
            self._clock.sleep(max(1, within // MS))
            self._fiber.joiner = None
        return self._fiber.over

    def outcome(self) -> Outcome:
        """What happened."""
        if isinstance(self._fiber.value, Outcome):
            return self._fiber.value
        return Raised(failure=Failure(type="ChildDied", message="no answer", fingerprint="child"), again=True)

    def soften(self) -> None:
        """Wake the task with the soft limit's exception."""
        self._throw(SoftTimeLimitExceeded("soft"))

    def stop(self) -> None:
        """A coroutine is cancelled, a child killed; a thread goes on."""
        if self._kind is Kind.LOOP:
            self._throw(asyncio.CancelledError())
        elif self._kind is Kind.PROCESS:
            self._throw(Killed())

    def _throw(self, error: BaseException) -> None:
        if not self._fiber.over:
            self._fiber.thrown = error
            self._clock.wake(self._fiber)
