"""The emulator, but for one thing: what runs when a function's code changes ends in peace, as on AWS.

By itself it kills the function's processes, busy or not, and deletes the code of those that start at that moment: then a task is not known, or
a file of it is not there. This mends private parts of ministack, which requirements-dev.in pins; tests/e2e holds it.
"""

from collections.abc import Iterable
from typing import Any

from ministack.core import lambda_runtime

_kill = lambda_runtime.kill_workers
_release = lambda_runtime.release_worker

_leaving: set[Any] = set()
"""Processes that are in nobody's pool any more, and end after what they do now."""


def kill_workers(workers: Iterable[Any]) -> None:
    """End those that are idle now, and the others when they are done."""
    with lambda_runtime._lock:  # noqa: SLF001 - what it guards is changed here
        given = [worker for worker in workers if worker is not None]
        busy = {worker for worker in given if worker.in_use}
        _leaving.update(busy)
    _kill([worker for worker in given if worker not in busy])


def release_worker(worker: Any) -> None:
    """An invocation is over."""
    _release(worker)
    with lambda_runtime._lock:  # noqa: SLF001
        leaves = worker in _leaving
        _leaving.discard(worker)
    if leaves:
        _kill([worker])


def install() -> None:
    """Before the services are imported: they take these two by name."""
    lambda_runtime.kill_workers = kill_workers
    lambda_runtime.release_worker = release_worker


if __name__ == "__main__":
    from ministack.app import main

    install()
    main()
