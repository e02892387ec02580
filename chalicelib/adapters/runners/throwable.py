"""Awaiting a coroutine with a say in what is thrown into it: how a cancellation becomes a soft time limit on its way in."""

from collections.abc import Callable, Coroutine
from typing import Any


class Throwable:
    """Awaits a coroutine, with a say in what is thrown into it."""

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], instead: Callable[[BaseException], BaseException]
    ) -> None:
        self._coroutine = coroutine
        self._instead = instead

    def __await__(self) -> Any:
        """Step it by hand: the only place where an exception can be changed before the task sees it."""
        send: Any = None
        thrown: BaseException | None = None
        while True:
            try:
                awaited = (
                    self._coroutine.send(send)
                    if thrown is None
                    else self._coroutine.throw(self._instead(thrown))
                )
            except StopIteration as end:
                return end.value
            send = thrown = None
            try:
                send = yield awaited
            except BaseException as error:  # noqa: BLE001 - it is thrown on
                thrown = error
