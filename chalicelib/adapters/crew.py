"""Many hands: independent work side by side on threads that are made once and kept while the process lives."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Generic, TypeVar

A = TypeVar("A")
B = TypeVar("B")


class ThreadCrew:
    """Up to `hands` threads that help whoever calls `each`.

    The caller works too, and never waits for work that nobody has begun. So a call from inside a call gets on even when all
    hands are busy, with whatever, and cannot deadlock; and one item alone is done without any thread.
    """

    def __init__(self, hands: int = 32) -> None:
        self._hands = hands
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def each(self, verb: Callable[[A], B], items: Iterable[A]) -> Sequence[B | Exception]:
        """Do it to each item; the answers in the items' order, an exception in place of an answer that did not come.

        Every item sees the caller's context variables as they are now. What is no `Exception` (KeyboardInterrupt, SystemExit)
        rises at once; no further item is begun then.
        """
        work = _Work(verb, list(items))
        self._call_for_help(work)
        return work.all()

    def _call_for_help(self, work: "_Work[A, B]") -> None:
        helpers = min(self._hands, len(work.items) - 1)
        if helpers < 1:
            return
        pool = self._started()
        try:
            for _ in range(helpers):
                pool.submit(work.some)
        except RuntimeError:
            return  # the interpreter is shutting down and starts no more threads: the caller does it all

    def _started(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._hands, thread_name_prefix="hand")
            return self._pool


class _Work(Generic[A, B]):
    """The items of one call, shared by the caller and the hands that come to help."""

    def __init__(self, verb: Callable[[A], B], items: Sequence[A]) -> None:
        self.items = items
        self._verb = verb
        self._context = copy_context()
        self._answers: dict[int, B | Exception] = {}
        self._begun = 0
        self._fatal: BaseException | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()

    def all(self) -> list[B | Exception]:
        """Work until nothing is left to begin, then wait for what others have begun."""
        try:
            self.some()
            if self.items:
                self._over.wait()
        except BaseException as error:
            self._stop(error)  # Ctrl-C while waiting: the hands finish what they do and begin nothing more
            raise
        if self._fatal is not None:
            raise self._fatal
        return [self._answers[index] for index in range(len(self.items))]

    def some(self) -> None:
        """Do items until none is left to begin. A hand that comes late finds none, and goes."""
        while (index := self._next()) is not None:
            answer: B | Exception
            try:
                answer = self._context.copy().run(self._verb, self.items[index])
            except Exception as error:  # noqa: BLE001 - the port says so
                answer = error
            except BaseException as error:
                self._stop(error)
                raise
            self._put(index, answer)

    def _next(self) -> int | None:
        with self._lock:
            if self._fatal is not None or self._begun == len(self.items):
                return None
            self._begun += 1
            return self._begun - 1

    def _put(self, index: int, answer: B | Exception) -> None:
        with self._lock:
            self._answers[index] = answer
            if len(self._answers) == len(self.items):
                self._over.set()

    def _stop(self, error: BaseException) -> None:
        with self._lock:
            self._fatal = self._fatal or error
        self._over.set()
