"""A task that is a script: what it does after how long, in virtual time. The twin of a runner whose tasks take time."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from chalicelib.adapters.memory.world import HeldWorld
from chalicelib.pipeline.outcome import Outcome
from chalicelib.pipeline.ports import Call

Action = Callable[[Call], object]


class ScriptedExecution:
    """One run of the script. `softened` and `stopped` tell when that was asked of it."""

    def __init__(
        self,
        call: Call,
        world: HeldWorld,
        script: Sequence[tuple[float, Action]],
        end: float,
        outcome: Outcome,
    ):
        self.call = call
        self._world = world
        self._began = world.now()
        self._script = [(self._began + timedelta(seconds=after), action) for after, action in script]
        self._end = self._began + timedelta(seconds=end)
        self._outcome = outcome
        self.softened: list[datetime] = []
        self.stopped: list[datetime] = []

    def finished(self, within: timedelta) -> bool:
        until = min(self._world.now() + within, self._end)
        while self._script and self._script[0][0] <= until:
            at, action = self._script.pop(0)
            self._world.advance(max(timedelta(0), at - self._world.now()))
            action(self.call)
        self._world.advance(max(timedelta(0), until - self._world.now()))
        return self._world.now() >= self._end

    def outcome(self) -> Outcome:
        return self._outcome

    def end_now(self, outcome: Outcome) -> None:
        """The script is over, with this."""
        self._script, self._end, self._outcome = [], self._world.now(), outcome

    def soften(self) -> None:
        self.softened.append(self._world.now())

    def stop(self) -> None:
        self.stopped.append(self._world.now())


class ScriptedRunner:
    """Starts the same script each time; `executions` are those it started."""

    def __init__(
        self, world: HeldWorld, *, script: Sequence[tuple[float, Action]] = (), end: float, outcome: Outcome
    ):
        self._world, self._script, self._end, self._outcome = world, script, end, outcome
        self.executions: list[ScriptedExecution] = []

    def start(self, call: Call) -> ScriptedExecution:
        self.executions.append(ScriptedExecution(call, self._world, self._script, self._end, self._outcome))
        return self.executions[-1]
