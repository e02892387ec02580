"""Generator tasks: each `yield` is a checkpoint, and on continuation the function is called anew and reads `current_job().state`."""

from collections.abc import AsyncGenerator, Callable, Generator
from functools import wraps
from typing import Any

from chalicelib.pipeline.context import current_job


def driven(function: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Any]:
    """The generator function as a plain one: what it returns is the result."""

    @wraps(function)
    def plain(**args: Any) -> Any:
        return _drive(function(**args))

    return plain


def _drive(generator: Generator[Any, Any, Any]) -> Any:
    """What the checkpoint raises is raised where the generator waits, so that it can tidy up."""
    job = current_job()
    try:
        state = next(generator)
        while True:
            try:
                job.checkpoint(state)
            except BaseException as error:  # noqa: BLE001 - it is the generator's to see
                state = generator.throw(error)
            else:
                state = next(generator)
    except StopIteration as end:
        return end.value


def driven_async(function: Callable[..., AsyncGenerator[Any, Any]]) -> Callable[..., Any]:
    """The asynchronous generator function as a coroutine function. It can return nothing: its last state is the result."""

    @wraps(function)
    async def coroutine(**args: Any) -> Any:
        return await _drive_async(function(**args))

    return coroutine


async def _drive_async(generator: AsyncGenerator[Any, Any]) -> Any:
    job = current_job()
    last = job.state
    try:
        state = await anext(generator)
        while True:
            last = state
            try:
                await job.checkpoint_async(state)
            except BaseException as error:  # noqa: BLE001 - as above
                state = await generator.athrow(error)
            else:
                state = await anext(generator)
    except StopAsyncIteration:
        return last
