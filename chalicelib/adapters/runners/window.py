"""The window in which a soft time limit may be raised inside a task: while its function runs, never before or after.

An exception from outside can land anywhere. If it landed in our own code once the function has returned, a finished task would
look broken, or its outcome would be lost. So each way of raising it has a window that the function's call opens and closes.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from types import FrameType, TracebackType
from typing import Any

from chalicelib.domain.errors import SoftTimeLimitExceeded
from chalicelib.pipeline.task import Task


def within(task: Task[Any, Any], window: AbstractContextManager[object]) -> Task[Any, Any]:
    """The task, its function called inside the window."""
    function: Callable[..., Any] = task.work

    def windowed(**args: Any) -> Any:
        with window:
            return function(**args)

    return replace(task, function=windowed)


class ThreadWindow:
    """Raises in another thread. That thread sees it when it next runs Python: a call that blocks in C is not woken.

    It may still land anywhere in the task's code: in a `finally`, in a library that holds something half done, or where exceptions are
    dropped (a `__del__`, a logging handler); then only the hard limit is left. Until it lands the interpreter runs a little slower; under
    a debugger or coverage, on Python 3.11, the other threads even stand still.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._raised = self._wanted = self._held = False

    def __enter__(self) -> None:
        """The function begins, in this thread."""
        with self._lock:
            self._thread = threading.get_ident()
            wanted = self._wanted
        if wanted:
            raise SoftTimeLimitExceeded

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The function has ended; its result stands. What was raised and has not landed yet lands here, and nowhere later."""
        try:
            self._close()
        except SoftTimeLimitExceeded:
            self._close()  # it is raised once, so now there is peace

    @property
    def softened(self) -> bool:
        """Whether it was ever to raise."""
        return self._wanted

    def soften(self) -> None:
        """Raise `SoftTimeLimitExceeded` in the function, if it runs; at its beginning, if it does not run yet."""
        with self._lock:
            self._wanted = True
            self._raise_if_wanted()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it back until this is over. Only the function's own thread has to be spared."""
        if threading.get_ident() != self._thread:
            yield
            return
        with self._lock:
            self._held = True
        for _ in range(2):  # what was raised a moment ago lands here, at a jump back
            pass
        try:
            yield
        finally:
            with self._lock:
                self._held = False
                self._raise_if_wanted()

    def _raise_if_wanted(self) -> None:
        if self._wanted and self._thread is not None and not self._raised and not self._held:
            self._raised = True
            _raise_in(self._thread, SoftTimeLimitExceeded)

    def _close(self) -> None:
        with self._lock:
            self._thread = None
        if self._raised:
            # A pending exception lands at a jump back. To take it back instead, by the same call with NULL, would leave every thread
            # of the process looking for it, slowly, until another one is raised.
            for _ in range(2):
                pass


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Raise an exception in a thread when it next runs Python."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


class SignalWindow:
    """Raises in the main thread of this process when a signal comes: even a sleep is woken.

    While the process speaks to its parent it is held back: half a sentence would make the rest unreadable.
    """

    def __init__(self) -> None:
        self._open = False
        self._held = 0
        self._wanted = False

    def listen(self, number: signal.Signals) -> None:
        """From now on the signal means the soft limit. Only in the main thread; one that came before is seen now."""
        signal.signal(number, self._came)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})

    def __enter__(self) -> None:
        """The function begins."""
        self._open = True
        self._raise_if_wanted()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The function has ended: a signal from now on comes too late and is nothing."""
        self._open = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it back until this is over. For the main thread; signals reach no other."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        self._raise_if_wanted()

    def _came(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._wanted = True
        self._raise_if_wanted()

    def _raise_if_wanted(self) -> None:
        if self._wanted and self._open and not self._held:
            self._open = False  # it is raised once
            raise SoftTimeLimitExceeded
