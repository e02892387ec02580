"""`async def` tasks run side by side on one event loop, in a thread of its own, made on first use."""

import contextvars
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.runners.background import BackgroundLoop
from chalicelib.adapters.runners.pending import Pending, unspeakable
from chalicelib.adapters.runners.throwable import Throwable
from chalicelib.domain.errors import SoftTimeLimitExceeded
from chalicelib.pipeline.outcome import Outcome, raised, run_async
from chalicelib.pipeline.ports import Call
from chalicelib.pipeline.task import REGISTRY, Registry, Task

if TYPE_CHECKING:
    import asyncio


class LoopRunner:
    """Runs coroutines on a loop in the background. asyncio is imported on first use: it takes 25 ms of a cold start.

    A task that blocks the loop (`time.sleep`, long computing) holds up the others, but no attempt's clock. When it is to stop and
    the loop does not answer, later tasks get a new loop, so that one bad task cannot poison a warm process.
    """

    def __init__(self, registry: Registry = REGISTRY) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._loop: BackgroundLoop | None = None

    def start(self, call: Call) -> "LoopExecution":
        """Start it now, with the caller's context variables."""
        execution = LoopExecution(self._registry[call.task], call, self._running_loop())
        execution.start()
        return execution

    def _running_loop(self) -> BackgroundLoop:
        with self._lock:
            if self._loop is None or self._loop.blocked():
                self._loop = BackgroundLoop()
            return self._loop


class LoopExecution(Pending):
    """One task on the loop."""

    def __init__(self, task: Task[Any, Any], call: Call, background: BackgroundLoop) -> None:
        super().__init__()
        self._task = task
        self._call = call
        self._background = background
        self._context = contextvars.copy_context()
        self._soft = False
        self._handle: asyncio.Task[Outcome] | None = None

    def start(self) -> None:
        """Begin."""
        self._background.do(self._begin)

    def soften(self) -> None:
        """Raise `SoftTimeLimitExceeded` at the task's `await`.

        It travels as a cancellation, so what the task waits for is cancelled with it: `gather`, task groups and `wait_for` let
        nothing run on. What is raised is both a `SoftTimeLimitExceeded` and a `CancelledError`.
        """
        self._background.do(self._cancel_softly)

    def stop(self) -> None:
        """Cancel it. A task that swallows the cancellation is left alone, as one that never awaits is."""
        self._background.do_and_answer(self._cancel)

    # All that follows runs in the loop's thread.

    def _begin(self) -> None:
        coroutine = run_async(replace(self._task, function=self._softened), self._call)
        self._handle = self._background.loop.create_task(coroutine, context=self._context)
        self._handle.add_done_callback(self._done)

    async def _softened(self, **args: Any) -> Any:
        try:
            return await Throwable(self._task.work(**args), self._instead)
        except SoftTimeLimitExceeded as error:
            # As its plain self: outside the task it is no cancellation any more.
            raise SoftTimeLimitExceeded(*error.args).with_traceback(error.__traceback__) from error.__cause__

    def _instead(self, thrown: BaseException) -> BaseException:
        """What the task is to see when this is thrown into it."""
        import asyncio

        if not (self._soft and isinstance(thrown, asyncio.CancelledError)):
            return thrown
        self._soft = False
        if self._handle is not None:
            self._handle.uncancel()  # this cancellation was only the carrier
        both: type[BaseException] = type(
            "SoftTimeLimitExceeded", (SoftTimeLimitExceeded, asyncio.CancelledError), {}
        )
        return both()

    def _cancel_softly(self) -> None:
        self._soft = True
        self._cancel_it()

    def _cancel(self) -> None:
        self._soft = False
        self._cancel_it()

    def _cancel_it(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _done(self, handle: "asyncio.Task[Outcome]") -> None:
        import asyncio

        if handle.cancelled():  # before its first step
            self.ended(
                raised(self._task, SoftTimeLimitExceeded() if self._soft else asyncio.CancelledError())
            )
            return
        error = handle.exception()
        self.ended(handle.result() if error is None else unspeakable(error))
