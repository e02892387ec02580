"""What can happen at a call beside what tests/support/faults.py has: somebody else gets on meanwhile, it happens twice, or a minute late."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.errors import Unavailable


@dataclass(kw_only=True)
class Meanwhile:
    """Right before the n-th call, somebody else does something from beginning to end."""

    at: int
    other: Callable[[], object]
    calls: int = 0
    sprung: bool = False

    def around(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            self.sprung = True
            self.other()
        return call(*args, **kwargs)


@dataclass(kw_only=True)
class Twice:
    """The n-th call happens twice, as when the first reply is lost on the way and the SDK asks again."""

    at: int
    calls: int = 0
    sprung: bool = False

    def around(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            self.sprung = True
            call(*args, **kwargs)
        return call(*args, **kwargs)


@dataclass(kw_only=True)
class Late:
    """From the n-th call on this process hears nothing; what it asked for with that call happens when `land` is called."""

    at: int
    calls: int = 0
    sprung: bool = False
    late: list[Callable[[], object]] = field(default_factory=list)

    def around(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls < self.at:
            return call(*args, **kwargs)
        if not self.sprung:
            self.sprung = True
            self.late.append(lambda: call(*args, **kwargs))
        if name == "queue.send":
            return list(args[0])
        raise Unavailable(f"{name}: no answer")

    def land(self) -> None:
        for call in self.late:
            call()


FIRING = ("items.read", "items.write", "store.create", "store.read", "store.write", "queue.send")


@dataclass(kw_only=True)
class Among:
    """Lets only the calls of firing through to the trap: a tick's sweeps make some hundred others before."""

    trap: Any
    firing: bool = False

    def around(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.firing = self.firing or name == "items.due"
        if self.firing and name in FIRING:
            return self.trap.around(name, call, *args, **kwargs)
        return call(*args, **kwargs)
