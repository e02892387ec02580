"""Doing something that may need an event loop of its own, wherever one is called from."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def beside_any_loop(work: Callable[[], T]) -> T:
    """Do it here; where an event loop runs in this thread, which would let no second one run, on a thread beside it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, work).result()
