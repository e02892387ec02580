"""Effects: what a task does to the world outside of it. Each is one call, before and after which the task may be killed."""

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar, overload

from jobline.testing.happenings import Begun, Errors
from jobline.testing.script import playing, within_an_effect

F = TypeVar("F", bound=Callable[..., Any])

Failing = Callable[[str], BaseException]


def failing(error: Failing) -> Errors:
    """The same kind of error for both: whoever sees it cannot tell whether the effect happened."""
    return Errors(
        refused=lambda: error("not done: refused by jobline.testing"),
        lost=lambda: error("done, but its reply was lost by jobline.testing"),
    )


@overload
def effect(function: F, /) -> F: ...


@overload
def effect(name: str | None = None, /, *, error: Failing = ConnectionError) -> "Effect": ...


def effect(target: Any = None, /, *, error: Failing = ConnectionError) -> Any:
    """Mark a side effect that is not seen by itself: of a stand-in of yours, a database driver, a file.

    A decorator (`@effect`, also on methods and `async def`), or `with effect("name"):` around the code that does it. `error` is the
    type that the task sees when it is refused or its reply is lost. Outside of `crash_every_point` it does nothing.
    """
    if callable(target):
        return Effect(None, error)(target)
    return Effect(target, error)


class Effect:
    """A marked effect: a decorator, and a context manager."""

    def __init__(self, name: str | None, error: Failing) -> None:
        self._name = name
        self._errors = failing(error)
        self._open: list[tuple[Any, Begun | None, ExitStack]] = []

    def __call__(self, function: F) -> F:
        """Each call of the function is one effect."""
        name = self._name or function.__qualname__.rpartition("<locals>.")[2]
        return wrapped(function, lambda *_, **__: name, lambda *_, **__: self._errors)

    def __enter__(self) -> None:
        """It is about to happen."""
        script, inside = playing(), ExitStack()
        begun = None if script is None else script.begin(self._name or "effect", self._errors)
        if begun is not None:
            inside.enter_context(within_an_effect())
        self._open.append((script, begun, inside))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It has happened."""
        script, begun, inside = self._open.pop()
        inside.close()
        if begun is not None:
            script.finish(begun, error)


def wrapped(function: F, name: Callable[..., str], errors: Callable[..., Errors]) -> F:
    """The function, each call of it an effect. `name` and `errors` are told the call's arguments."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        script = playing()
        begun = None if script is None else script.begin(name(*args, **kwargs), errors(*args, **kwargs))
        if script is None or begun is None:
            return function(*args, **kwargs)
        try:
            with within_an_effect():
                answer = function(*args, **kwargs)
        except BaseException as error:
            script.finish(begun, error)
            raise
        try:
            script.finish(begun, None)
        except BaseException:
            if hasattr(answer, "close"):  # a reply that nobody gets
                answer.close()
            raise
        return answer

    @wraps(function)
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        script = playing()
        begun = None if script is None else script.begin(name(*args, **kwargs), errors(*args, **kwargs))
        if script is None or begun is None:
            return await function(*args, **kwargs)
        try:
            with within_an_effect():
                answer = await function(*args, **kwargs)
        except BaseException as error:
            script.finish(begun, error)
            raise
        try:
            script.finish(begun, None)
        except BaseException:
            close = getattr(answer, "aclose", None) or getattr(answer, "close", None)
            closing = close() if close else None
            if inspect.isawaitable(closing):
                await closing
            raise
        return answer

    chosen: Any = call_async if inspect.iscoroutinefunction(function) else call
    return chosen  # type: ignore[no-any-return]  # a wrapper takes and gives what the function does
