"""A schedule being played: counts the effects of the task that runs, does to each what the schedule says, and keeps the story."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta

from chalicelib.domain.errors import SoftTimeLimitExceeded
from chalicelib.pipeline.ports import World
from jobline.testing.beside import beside_any_loop
from jobline.testing.faults import Fault, Schedule
from jobline.testing.happenings import Begun, Errors, Line, Process


@dataclass(kw_only=True)
class Script:
    """One schedule, and how far it has been played."""

    schedule: Schedule
    world: World
    #: lets the world go on beside an attempt that stands still, until all is over
    overtake: Callable[[], None]
    #: delivers the messages of a job once more
    double: Callable[[str], None]
    story: list[Line] = field(default_factory=list)
    count: int = 0
    _running: list[Process] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def process(self) -> Process | None:
        """The attempt that runs now. Attempts that others overtake lie below it."""
        return self._running[-1] if self._running else None

    @contextmanager
    def running(self, process: Process) -> Iterator[None]:
        """An attempt runs."""
        self._running.append(process)
        try:
            yield
        finally:
            self._running.remove(process)

    def end(self, process: Process, words: str) -> None:
        """An attempt is over."""
        self.story.append(Line(at=self.world.now(), process=process, words=words))

    def begin(self, effect: str, errors: Errors) -> Begun | None:
        """An effect is about to happen. None: it is none of a task's, or part of one that is under way. Raises what prevents it."""
        process = self.process
        if process is None or _within.get():
            return None
        with self._lock:
            if process.dead:
                raise process.killed(effect)
            self.count += 1
            line = Line(at=self.world.now(), process=process, number=self.count, effect=effect)
            fault = self.schedule.by_number.get(self.count)
        if fault is Fault.OVERTAKEN:
            self._stand_still(line)
        self.story.append(line)
        if fault is Fault.CRASH_BEFORE:
            line.words = fault.words
            process.dead = True
            raise process.killed(effect)
        if fault is Fault.REFUSED:
            error = errors.refused()
            line.words = f"{fault.words}, {type(error).__name__}"
            raise error
        if fault is Fault.DOUBLED:
            self.double(process.job_id)
        return Begun(line=line, fault=fault, errors=errors, process=process)

    def finish(self, begun: Begun, raised: BaseException | None) -> None:
        """The effect has happened, or `raised` by itself. Raises what the task is to see instead of the reply."""
        line, fault, process = begun.line, begun.fault, begun.process
        line.words = "done" if fault is None else fault.words
        line.happened = raised is None
        if raised is not None:
            line.words = f"raised {type(raised).__name__}: {raised}"
        if fault in _HARMLESS:
            if process.dead:  # another thread of it was killed meanwhile
                raise process.killed(line.effect)
            return
        if fault is Fault.LOST:
            error = begun.errors.lost()
            line.words = f"{fault.words}, {type(error).__name__}"
            raise error
        if fault is Fault.SOFT_TIMEOUT:
            soft = process.task.options.soft_time_limit or timedelta(0)
            self.world.pause(max(timedelta(0), process.started + soft - self.world.now()))
            raise SoftTimeLimitExceeded
        process.dead = True
        process.hung = fault is Fault.TIMEOUT
        raise process.killed(line.effect)

    def _stand_still(self, line: Line) -> None:
        """All others get on with it first. Their effects have higher numbers, and happen earlier."""
        words = f"stands still before effect {line.number}, past its time limit"
        self.story.append(Line(at=line.at, process=line.process, words=words))
        try:
            beside_any_loop(self.overtake)
        except AssertionError:  # the others do not come to an end; whoever plays the script finds out too
            line.process.dead = True
            raise line.process.killed(line.effect) from None
        line.at = self.world.now()


_HARMLESS = (None, Fault.OVERTAKEN, Fault.DOUBLED)

_within: ContextVar[bool] = ContextVar("jobline_within_an_effect", default=False)
_playing: list[Script] = []


def playing() -> Script | None:
    """The script that is played now."""
    return _playing[-1] if _playing else None


@contextmanager
def played(script: Script) -> Iterator[None]:
    """Every effect passes through this script now."""
    _playing.append(script)
    try:
        yield
    finally:
        _playing.remove(script)


@contextmanager
def within_an_effect() -> Iterator[None]:
    """What happens in here is part of one effect: a boto3 call is one, not also the HTTP request that it makes."""
    mark = _within.set(True)
    try:
        yield
    finally:
        _within.reset(mark)
