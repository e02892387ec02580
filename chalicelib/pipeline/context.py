"""What a running task can ask and say about its own job: `current_job()`."""

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from chalicelib.domain.errors import InvalidInput, JobCancelled
from chalicelib.pipeline.plain import note_text, note_value, state_text
from chalicelib.pipeline.ports import Call, Facts, Line, Saved
from chalicelib.pipeline.signal import JobContinues

STEP_NAME_CHARS = 100


def log_fields(facts: Facts) -> dict[str, object]:
    """The fields that tag every log line of an attempt."""
    return {
        "job_id": facts.id,
        "task": facts.task,
        "attempt": facts.attempt,
        "epoch": facts.epoch,
        "tenant": facts.tenant,
        **({} if facts.workflow is None else {"workflow": facts.workflow}),
    }


class JobLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose every line carries the job's id, task, attempt and tenant."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the job's fields to those that the caller gave."""
        kwargs["extra"] = {**(self.extra or {}), **kwargs.get("extra", {})}
        return msg, kwargs


class JobContext:
    """One attempt's view of its job. Safe to use from the task's own threads."""

    def __init__(self, facts: Facts, line: Line, *, together: bool = False) -> None:
        self._facts = facts
        self._line = line
        self._together = together
        self.log_fields = log_fields(facts)
        #: a standard logger, its lines tagged with the job
        self.logger = JobLogger(logging.getLogger(f"jobline.task.{facts.task}"), self.log_fields)

    @property
    def id(self) -> str:
        """The job's id."""
        return self._facts.id

    @property
    def task(self) -> str:
        """The task's name."""
        return self._facts.task

    @property
    def tenant(self) -> str:
        """Whose job it is."""
        return self._facts.tenant

    @property
    def attempt(self) -> int:
        """Which attempt this is; 1 is the first."""
        return self._facts.attempt

    @property
    def max_attempts(self) -> int:
        """How many attempts the job has."""
        return self._facts.max_attempts

    @property
    def epoch(self) -> int:
        """The fencing token: pass it to systems that can refuse an older writer."""
        return self._facts.epoch

    @property
    def deadline(self) -> datetime:
        """When this attempt is over, whatever it is doing."""
        return self._facts.deadline

    @property
    def replay(self) -> bool:
        """Whether this is `jobline replay`: a look at the job on a developer's machine, of which nothing is recorded."""
        return self._facts.replay

    def progress(self, fraction: float | None = None, message: str = "") -> None:
        """Say how far the work is: a fraction from 0 to 1, words, or both. Cheap: it is written at most once a second, ever
        less often the longer the job runs, and with the outcome.

        Raises ValueError for a fraction outside 0 to 1.
        """
        if fraction is not None and not 0 <= fraction <= 1:
            raise ValueError(f"fraction: {fraction!r} is not between 0 and 1")
        # A plain float of six digits: any number may come in here, and DynamoDB refuses 1/3 as a Fraction, True, or 1e-200.
        plain = None if fraction is None else round(float(fraction), 6)
        # Nor can a row hold half of a surrogate pair, as file names may have.
        words = str(message)[:200].encode("utf-8", "replace").decode()
        self._line.report(plain, words)

    def heartbeat(self) -> None:
        """Say that the work is alive: extends the lease and hides the message for longer."""
        self._line.beat()

    @property
    def cancelled(self) -> bool:
        """Whether somebody wants this job cancelled, or this attempt has lost its right to it. Learnt within some seconds."""
        return self._line.cancelled()

    def check_cancelled(self) -> None:
        """Raise `JobCancelled` if the job is to be cancelled. Let it pass through: the job is then CANCELLED."""
        if self.cancelled:
            raise self._cancelled()

    @property
    def state(self) -> Any:
        """What the last checkpoint before this attempt recorded, as JSON values; None: there is none, begin at the beginning."""
        return self._facts.state

    def checkpoint(self, state: Any) -> None:
        """Record from where the job can go on: any JSON value, as `current_job().state` of the next attempt. Recorded when it returns.

        When this invocation's time is nearly over it does not return: `JobContinues`, which is no `Exception`, ends the attempt, and
        the job goes on at once in another invocation. Raises `JobCancelled` if the job is to be cancelled, `InvalidInput` for what
        JSON cannot hold or is larger than 1 MiB, `Unavailable`. In a coroutine: `await checkpoint_async(state)`.
        """
        _not_on_a_loop("checkpoint")
        self._only_alone()
        self._obey(self._line.save(state_text(state)))

    async def checkpoint_async(self, state: Any) -> None:
        """The same, for coroutines: others run on the loop while it is recorded."""
        import asyncio

        self._only_alone()
        self._obey(await asyncio.to_thread(self._line.save, state_text(state)))

    def step(self, name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The function's result as JSON values, from the record if there is one: a later attempt does not call it again.

        Called at least once, recorded exactly once: who dies between the call and its record calls it again. Names are the job's own:
        1 to 100 printable characters, at most 1,000 of them. Raises `JobCancelled` if the job is to be cancelled, `InvalidInput` for
        a wrong name or a result that JSON cannot hold or is larger than 1 MiB, `Unavailable`, and what the function raises; then nothing
        is recorded. In a coroutine: `await step_async(name, function, ...)`.
        """
        _not_on_a_loop("step")
        _check_step(name, function)
        self.check_cancelled()
        text = self._line.recall(name)
        if text is None:
            result = function(*args, **kwargs)
            if inspect.iscoroutine(result):
                result.close()
                raise InvalidInput("function", "has to be awaited: await step_async(name, function, ...)")
            text = self._line.remember(name, note_text(result, "result"))
        return note_value(text)

    async def step_async(self, name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The same, for coroutines: `function` may be a coroutine function; others run on the loop while its result is recorded."""
        import asyncio

        _check_step(name, function)
        self.check_cancelled()
        text = await asyncio.to_thread(self._line.recall, name)
        if text is None:
            result = function(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
            text = await asyncio.to_thread(self._line.remember, name, note_text(result, "result"))
        return note_value(text)

    def _only_alone(self) -> None:
        """Raise RuntimeError in a batch task: what would go on elsewhere is one job, and what runs is all of them."""
        if self._together:
            raise RuntimeError("a batch task has no checkpoints: its jobs run together. Steps it has")

    def _obey(self, saved: Saved) -> None:
        if saved is Saved.CONTINUE:
            raise JobContinues
        if saved is not Saved.GO_ON:
            raise self._cancelled()

    def _cancelled(self) -> JobCancelled:
        return JobCancelled(f"{self.task}[{self.id}] is to be cancelled")


def _check_step(name: object, function: object) -> None:
    """Raise `InvalidInput` for a step that cannot be one."""
    if not isinstance(name, str) or not 1 <= len(name) <= STEP_NAME_CHARS or not name.isprintable():
        raise InvalidInput("name", f"not 1 to {STEP_NAME_CHARS} printable characters")
    if not callable(function):
        raise InvalidInput("function", f"a {type(function).__name__} cannot be called")


def _not_on_a_loop(verb: str) -> None:
    """Raise RuntimeError where a call that waits would hold up an event loop and all that runs on it."""
    asyncio = sys.modules.get("asyncio")
    try:
        if asyncio is None or asyncio.get_running_loop() is None:
            return
    except RuntimeError:
        return
    raise RuntimeError(f"{verb} would hold up the event loop: await {verb}_async instead")


_current: ContextVar[tuple[JobContext, ...]] = ContextVar("jobline_current_job", default=())


def current_job() -> JobContext:
    """The job that runs here. Raises RuntimeError outside a task, and in a batch task."""
    contexts = _current.get()
    if not contexts:
        raise RuntimeError("current_job() was called outside a running task")
    if contexts[0]._together:  # noqa: SLF001 - our own
        raise RuntimeError("in a batch task there are many: current_jobs() has them in the order of the list")
    return contexts[0]


def current_jobs() -> tuple[JobContext, ...]:
    """The jobs that run here: those of a batch task in the order of its list, else one. Raises RuntimeError outside a task."""
    contexts = _current.get()
    if not contexts:
        raise RuntimeError("current_jobs() was called outside a running task")
    return contexts


def contexts_here() -> tuple[JobContext, ...]:
    """The running jobs; none outside a task."""
    return _current.get()


def fields_here() -> dict[str, object]:
    """The fields of the job whose code runs here; none outside a task. So lines of libraries that a task uses carry them too."""
    contexts = _current.get()
    return contexts[0].log_fields if len(contexts) == 1 else {}


@contextmanager
def running(facts: Facts, line: Line) -> Iterator[JobContext]:
    """Make this the current job of the calling thread, coroutine or process."""
    context = JobContext(facts, line)
    mark = _current.set((context,))
    try:
        yield context
    finally:
        _current.reset(mark)


@contextmanager
def running_many(members: Sequence[Call]) -> Iterator[None]:
    """Make these the current jobs, of one call of a batch task."""
    mark = _current.set(tuple(JobContext(one.facts, one.line, together=True) for one in members))
    try:
        yield
    finally:
        _current.reset(mark)
