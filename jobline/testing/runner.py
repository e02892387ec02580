"""Running a task here and now, in this thread, whatever its kind; under a script it may be killed on the way, or hang."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import get_ident
from typing import Any

from chalicelib.adapters.memory.hands import Done
from chalicelib.pipeline.outcome import Becomes, Continues, Outcome, Returned, Several, run, run_async
from chalicelib.pipeline.ports import Call, Execution, World
from chalicelib.pipeline.signal import JobContinues
from chalicelib.pipeline.task import Kind, Registry, Task
from jobline.testing.beside import beside_any_loop
from jobline.testing.crash import Killed
from jobline.testing.happenings import Process
from jobline.testing.script import playing


class InThread:
    """The runner of all kinds. `cpu=True` tasks get no child process here: what matters is their effects, not their speed."""

    def __init__(self, registry: Registry, world: World) -> None:
        self._registry = registry
        self._world = world

    def start(self, call: Call) -> Execution:
        """Run it to its end. Raises `Killed` when its process was killed, and what is not the task's business: Ctrl-C, `pytest.fail()`."""
        task = self._registry[call.task]
        process = Process(
            task=task, job_id=call.facts.id, attempt=call.facts.attempt, started=self._world.now()
        )
        script = playing()
        if script is None:
            return Done(_run(process, call))
        with script.running(process):
            outcome = _run(process, call)
        if process.hung:
            script.end(process, "killed at its time limit")
            return Hung(self._world)
        if process.dead:
            script.end(process, "no more was heard of it")
            raise Killed(task.name)
        script.end(process, _words(outcome))
        return Done(outcome)


def _run(process: Process, call: Call) -> Outcome:
    task, foreign = process.task, list[BaseException]()
    if task.kind is Kind.LOOP:
        watched = _watched_async(process, foreign.append)
        outcome = beside_any_loop(lambda: asyncio.run(run_async(watched, call)))
    else:
        outcome = run(_watched(process, foreign.append), call)
    if foreign:
        raise foreign[0]
    return outcome


def _watched(process: Process, foreign: Callable[[BaseException], None]) -> Task[Any, Any]:
    """The task; `foreign` is told of what is no failure of it, but was meant for whoever runs the tests."""
    function: Callable[..., Any] = process.task.work

    def watched(**args: Any) -> Any:
        process.thread = get_ident()
        try:
            return function(**args)
        except BaseException as error:
            _note(error, foreign)
            raise

    return replace(process.task, function=watched)


def _watched_async(process: Process, foreign: Callable[[BaseException], None]) -> Task[Any, Any]:
    function: Callable[..., Any] = process.task.work

    async def watched(**args: Any) -> Any:
        process.thread = get_ident()
        try:
            return await function(**args)
        except BaseException as error:
            _note(error, foreign)
            raise

    return replace(process.task, function=watched)


def _note(error: BaseException, foreign: Callable[[BaseException], None]) -> None:
    if not isinstance(error, _NOT_FOREIGN):
        foreign(error)


_NOT_FOREIGN = (Exception, SystemExit, Killed, JobContinues, asyncio.CancelledError)


def _words(outcome: Outcome) -> str:
    if isinstance(outcome, Returned):
        return f"returned {outcome.json[:200]}"
    if isinstance(outcome, Continues):
        return "goes on from its checkpoint"
    if isinstance(outcome, Becomes):
        return f"returned a workflow: {outcome.json[:200]}"
    if isinstance(outcome, Several):
        return f"of {len(outcome.outcomes)} jobs: {', '.join(_words(one) for one in outcome.outcomes)}"
    return f"raised {outcome.failure.type}: {outcome.failure.message}"


class Hung:
    """An execution that waits for a reply until its attempt is over."""

    def __init__(self, world: World) -> None:
        self._world = world

    def finished(self, within: timedelta) -> bool:
        """Never."""
        self._world.pause(within)
        return False

    def outcome(self) -> Outcome:
        """There is none. Raises RuntimeError."""
        raise RuntimeError("asked what became of a task that has not ended")

    def soften(self) -> None:
        """It does not hear."""

    def stop(self) -> None:
        """It has stopped already."""
