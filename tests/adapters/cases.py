"""Tasks for the runners, the same ones in each of the three kinds: `thread_echo`, `loop_echo`, `child_echo` ..."""

import asyncio
import ctypes
import functools
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib import (
    Flow,
    JobContext,
    Retry,
    SoftTimeLimitExceeded,
    chain,
    current_job,
    current_jobs,
    group,
)
from chalicelib.pipeline.task import Options, Registry

TURNS = 3000
"""A task that waits gives up after so many turns of ten milliseconds: a broken test fails and does not hang."""


@dataclass
class Point:
    x: int
    y: int


class Mute(Exception):
    def __str__(self):
        raise ValueError("no words for it")


def echo(value: Any) -> Any:
    return value


def who() -> list:
    job = current_job()
    job.progress(0.5)
    return [job.id, job.task, job.attempt, job.epoch, job.tenant]


def fail(message: str) -> None:
    raise ValueError(message)


def give_up() -> None:
    raise KeyError("hopeless")


def describe(at: datetime, point: Point) -> dict:
    return {
        "year": at.year,
        "kind": type(at).__name__,
        "sum": point.x + point.y,
        "later": at + timedelta(days=1),
    }


def say(messages: list[str]) -> int:
    for number, message in enumerate(messages):
        current_job().progress(number / len(messages), message)
    current_job().heartbeat()
    return len(messages)


def not_json() -> float:
    return math.nan


def leave() -> None:
    raise SystemExit(4)


def interrupt() -> None:
    raise KeyboardInterrupt


def mute() -> None:
    raise Mute


def later() -> None:
    raise Retry("not yet", after=90)


def log(message: str) -> None:
    current_job().logger.debug("not %s", message)
    current_job().logger.warning("it is %s", message, extra={"colour": "red", "far": math.inf, "odd": {1}})
    try:
        fail(message)
    except ValueError:
        current_job().logger.exception("caught")


def plan(count: int) -> Flow:
    """Becomes a workflow."""
    step = Registry().add(echo, "echo", Options())
    return chain(group(step.s(number) for number in range(count)), step.s())


def planning(count: int) -> Generator[int, None, Flow]:
    """Becomes one after a checkpoint."""
    yield count
    return plan(current_job().state or count + 1)


PLAIN: tuple[Callable[..., Any], ...] = (
    echo, who, fail, give_up, describe, say, not_json, leave, interrupt, mute, later, log, plan,
)  # fmt: skip


def noting(state: Any) -> Any:
    """Write a state down; return the one that was there before."""
    current_job().checkpoint(state)
    return current_job().state


async def loop_noting(state: Any) -> Any:
    await current_job().checkpoint_async(state)
    return current_job().state


CALLS: list[str] = []


def called(value: Any) -> Any:
    CALLS.append("called")
    return [value, len(CALLS)]


async def loop_called(value: Any) -> Any:
    await asyncio.sleep(0)
    return called(value)


def stepping(name: str, value: Any) -> Any:
    CALLS.clear()
    return [current_job().step(name, called, value), CALLS]


async def loop_stepping(name: str, value: Any) -> Any:
    CALLS.clear()
    return [await current_job().step_async(name, loop_called, value=value), CALLS]


def counting(total: int) -> Generator[int, None, str]:
    """A generator: each yield is a checkpoint."""
    try:
        for number in range(current_job().state or 0, total):
            yield number + 1
    finally:
        current_job().progress(message="tidied")
    return f"counted to {total}"


async def loop_counting(total: int) -> AsyncGenerator[int, None]:
    try:
        for number in range(current_job().state or 0, total):
            await asyncio.sleep(0)
            yield number + 1
    finally:
        current_job().progress(message="tidied")


def beating() -> None:
    current_job().heartbeat()
    threading.Event().wait(0.2)


async def loop_beating() -> None:
    current_job().heartbeat()
    await asyncio.sleep(0.2)


def saving(total: int) -> str:
    """Long enough for several short invocations: a checkpoint each twenty milliseconds."""
    job = current_job()
    for number in range(job.state or 0, total):
        threading.Event().wait(0.02)
        job.checkpoint(number + 1)
    return f"saved {total}"


async def loop_saving(total: int) -> str:
    job = current_job()
    for number in range(job.state or 0, total):
        await asyncio.sleep(0.02)
        await job.checkpoint_async(number + 1)
    return f"saved {total}"


def walking() -> None:
    """Steps without end."""
    for number in range(TURNS):
        current_job().step(f"step {number}", int)
        threading.Event().wait(0.01)


async def loop_walking() -> None:
    for number in range(TURNS):
        await current_job().step_async(f"step {number}", int)
        await asyncio.sleep(0.01)


def together(points: list[Point]) -> list:
    """A batch task: (3, _) fails, (4, _) waits, (5, _) raises for all, (6, _) would become a workflow."""
    found = []
    for point, job in zip(points, current_jobs(), strict=True):
        job.progress(0.5, job.id)
        found.append(
            ValueError(f"not {point.y}") if point.x == 3 else [point.x + point.y, job.step("a", int)]
        )
        if point.x == 4:
            stuck_together(job)
        if point.x == 5:
            raise KeyError("all")
    return [plan(1) if point.x == 6 else one for point, one in zip(points, found, strict=True)]


async def loop_together(points: list[Point]) -> list:
    found = []
    for point, job in zip(points, current_jobs(), strict=True):
        job.progress(0.5, job.id)
        step = await job.step_async("a", int) if point.x != 3 else None
        found.append(ValueError(f"not {point.y}") if point.x == 3 else [point.x + point.y, step])
        while point.x == 4:
            job.check_cancelled()
            await asyncio.sleep(0.01)
        if point.x == 5:
            raise KeyError("all")
    return [plan(1) if point.x == 6 else one for point, one in zip(points, found, strict=True)]


def stuck_together(job: JobContext) -> None:
    for _ in range(TURNS):
        job.check_cancelled()
        threading.Event().wait(0.01)


def until_cancelled() -> None:
    current_job().progress(message="begun")
    for _ in range(TURNS):
        current_job().check_cancelled()
        threading.Event().wait(0.01)


async def loop_until_cancelled() -> None:
    current_job().progress(message="begun")
    for _ in range(TURNS):
        current_job().check_cancelled()
        await asyncio.sleep(0.01)


def stuck() -> None:
    current_job().progress(message="begun")
    for _ in range(TURNS):
        threading.Event().wait(0.01)


async def loop_stuck() -> None:
    current_job().progress(message="begun")
    try:
        await asyncio.Event().wait()
    finally:
        current_job().progress(message="tidied")


def tidy() -> str:
    try:
        stuck()
    except SoftTimeLimitExceeded as error:
        return f"tidied: {error}"
    return "never softened"


async def loop_tidy() -> str:
    try:
        await loop_stuck()
    except SoftTimeLimitExceeded as error:
        await asyncio.sleep(0)  # it can still await
        return f"tidied: {error}"
    return "never softened"


WAITING: tuple[Callable[..., Any], ...] = (
    beating,
    saving,
    walking,
    noting,
    stepping,
    counting,
    planning,
    until_cancelled,
    stuck,
    tidy,
)
LOOP_WAITING: tuple[Callable[..., Any], ...] = (
    loop_beating, loop_saving, loop_walking, loop_noting, loop_stepping, loop_counting, loop_until_cancelled, loop_stuck, loop_tidy,
)  # fmt: skip


def die(how: str) -> None:
    current_job().progress(message="last words")
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "segfault":
        ctypes.string_at(0)


def grow(size: int) -> str:
    return "a" * size


def pid() -> int:
    return os.getpid()


def with_a_grandchild(wait: bool, fork: bool = False) -> str:
    """Start a process that would live long; say its id."""
    if fork:
        grandchild = os.fork()
        if grandchild == 0:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            current_job().progress(message="nobody hears this")
            current_job().logger.warning("a fork prints")
            threading.Event().wait(60)
            os._exit(0)
    else:
        # It never sleeps to its end: that it is killed is what is looked for.
        grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid
    current_job().progress(message=f"{grandchild} {os.getpid()}")
    if wait:
        stuck()
    return "left it behind"


def chatter() -> str:
    """Say much while the soft limit comes; not a word may be cut in two."""
    said = 0
    try:
        while said < 10**6:
            current_job().progress(message=f"{said} " + "." * 150)
            current_job().logger.info("still here")
            said += 1
            assert not current_job().cancelled
    except SoftTimeLimitExceeded:
        return f"said {said}"
    return "never softened"


def records_ask_nobody() -> bool:
    """Log a line while whoever asks for this process's name is noted."""
    asked: list[str] = []
    before = multiprocessing.current_process

    def noted() -> Any:
        asked.append("asked")
        return before()

    multiprocessing.current_process = noted
    try:
        current_job().logger.warning("still here")
    finally:
        multiprocessing.current_process = before
    return not asked


def linger() -> str:
    """Answer, and then do not go."""
    blocked, _ = os.pipe()

    class Stuck:
        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None:
            os.read(blocked, 1)

    sys.stdout = Stuck()
    return "done"


def strange(words: str) -> str:
    """Say something that the parent does not understand."""
    line = current_job()._line
    line.tell(words, [])  # type: ignore[attr-defined]
    return "all the same"


def luck() -> list[float]:
    import random

    return [random.random(), random.random()]


CHILD: tuple[Callable[..., Any], ...] = (
    die,
    grow,
    pid,
    with_a_grandchild,
    chatter,
    linger,
    strange,
    luck,
    records_ask_nobody,
)


def in_loop(function):
    @functools.wraps(function)
    async def coroutine(**args):
        return function(**args)

    return coroutine


def register(registry: Registry) -> Registry:
    """Add all of them."""
    options = {"give_up": {"give_up_on": (KeyError,)}}
    for function in PLAIN:
        name, own = function.__name__, options.get(function.__name__, {})
        registry.add(function, f"thread_{name}", Options(**own))
        registry.add(in_loop(function), f"loop_{name}", Options(**own))
        registry.add(function, f"child_{name}", Options(cpu=True, **own))
    for function in WAITING:
        registry.add(function, f"thread_{function.__name__}", Options())
        registry.add(function, f"child_{function.__name__}", Options(cpu=True))
    for function in LOOP_WAITING:
        registry.add(function, function.__name__, Options())
    for function in CHILD:
        registry.add(function, f"child_{function.__name__}", Options(cpu=True))
    registry.add(together, "thread_together", Options(batch=True))
    registry.add(loop_together, "loop_together", Options(batch=True))
    registry.add(together, "child_together", Options(batch=True, cpu=True))
    registry.add(die, "child_die_for_good", Options(cpu=True, retry_on=(ValueError,)))
    return registry
