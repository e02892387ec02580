"""Faults at the ports: a process that dies before or after its n-th call, a reply that is lost, a service that does not answer."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from random import Random
from typing import Any

from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.outcome import Raised
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import Call, Execution, Runner
from jobline.testing.crash import Killed

PORTS = ("store", "queue", "payloads", "keys", "quarantine", "items", "inputs")

Crash = Killed  #: the process is gone: nothing catches this, and nothing after it happens


class How(StrEnum):
    """What happens at the n-th call."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    REPLY_LOST = "reply lost"
    NO_ANSWER = "no answer"


@dataclass(kw_only=True)
class Trap:
    """Springs once, at the n-th call (1 is the first) of those that match."""

    how: How
    at: int
    only: Callable[[str], bool] = lambda _: True
    calls: int = 0
    sprung: str | None = None
    names: list[str] = field(default_factory=list)

    def around(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Make the call, or what becomes of it."""
        if not self.only(name):
            return call(*args, **kwargs)
        self.calls += 1
        self.names.append(name)
        if self.calls != self.at:
            return call(*args, **kwargs)
        self.sprung = name
        if self.how is How.CRASH_BEFORE:
            raise Crash(name)
        if self.how is How.NO_ANSWER:
            return self._unanswered(name, args)
        call(*args, **kwargs)
        if self.how is How.CRASH_AFTER:
            raise Crash(name)
        return self._unanswered(name, args)

    def _unanswered(self, name: str, args: tuple[Any, ...]) -> Any:
        """A port's way to say so: `send` never raises, it returns what it could not send."""
        if name == "queue.send":
            return list(args[0])
        raise Unavailable(f"{name}: no answer")


@dataclass(kw_only=True)
class Weather:
    """Any call may go wrong, each with this probability, by a seed; `calm` ends it. `hits` counts what happened."""

    chance: Random
    share: float
    calm: bool = False
    hits: Counter[How] = field(default_factory=Counter)

    def around(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Make the call, or what becomes of it."""
        if self.calm or self.chance.random() >= self.share:
            return call(*args, **kwargs)
        how = self.chance.choice(list(How))
        self.hits[how] += 1
        return Trap(how=how, at=1).around(name, call, *args, **kwargs)


class Trapped:
    """A port whose calls go through a trap."""

    def __init__(self, port: Any, name: str, trap: Trap | Weather) -> None:
        self._port, self._name, self._trap = port, name, trap

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._port, verb)
        if not callable(found) or (self._name == "queue" and verb in {"receive", "delete", "put"}):
            return found  # the poller's side, and a look inside, are not the pipeline's calls
        return lambda *args, **kwargs: self._trap.around(f"{self._name}.{verb}", found, *args, **kwargs)


def trapped(parts: Parts, trap: Trap | Weather) -> Parts:
    """The same parts, their calls through the trap."""
    ports = {name: Trapped(getattr(parts, name), name, trap) for name in PORTS}
    return replace(parts, **ports, runners={kind: Mortal(one) for kind, one in parts.runners.items()})


class Mortal:
    """A runner in whose process the task dies, when it does: its death is no outcome of the task."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def start(self, call: Call) -> Execution:
        execution = self._runner.start(call)
        if execution.finished(timedelta(0)):
            outcome = execution.outcome()
            if isinstance(outcome, Raised) and outcome.failure.type == Crash.__name__:
                raise Crash(outcome.failure.message)
        return execution
