"""What a child does: read its call, run the task in its main thread, tell the parent, end."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from copy import copy
from datetime import datetime
from importlib import import_module
from typing import Any

from chalicelib.adapters.runners.pending import unspeakable
from chalicelib.adapters.runners.relay import Relay
from chalicelib.adapters.runners.window import SignalWindow, within
from chalicelib.adapters.runners.wire import MAX_FRAME, Wire
from chalicelib.domain.errors import InvalidInput, Unavailable, UnknownTask
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.outcome import Outcome, Raised, Returned, Several, failure, run, to_wire
from chalicelib.pipeline.ports import Call, Facts, Saved
from chalicelib.pipeline.task import REGISTRY

SOFT = signal.SIGUSR1
"""The soft limit's signal. A task that takes it for itself has no soft limit."""


def main(end: socket.socket, modules: Sequence[str]) -> None:
    """Live one life. The caller ends the process then."""
    wire = Wire(end)
    window = SignalWindow()
    window.listen(SOFT)
    heard = wire.hear()
    if heard is None:
        return  # the attempt was over before this began
    _, call = heard
    args = [wire.receive() for _ in call["members"] or [call]]
    if None in args:
        return
    line = ChildLine(wire, window)
    Relay(line.tell, window.held).install(call["levels"])
    _new_luck()
    outcome = _run(call, [one or b"" for one in args], line, window, modules)
    line.answer(outcome)


def _run(
    call: dict[str, Any],
    args: Sequence[bytes],
    line: "ChildLine",
    window: SignalWindow,
    modules: Sequence[str],
) -> Outcome:
    try:
        for module in modules:
            import_module(module)  # done before, in the template, unless that failed: then this says why
        task = REGISTRY[call["task"]]
        values = [strict_json.read(one, name="args", limit=MAX_FRAME) for one in args]
        members = tuple(
            Call(task=task.name, args=own, facts=_facts(facts), line=line.of(number))
            for number, (own, facts) in enumerate(zip(values, call["members"], strict=False))
        )
        whole = Call(task=task.name, args=values[0], facts=_facts(call["facts"]), line=line, members=members)
    except BaseException as error:  # noqa: BLE001 - code of the task's author: anything may come
        return Raised(failure=failure(error), again=True, rejected=isinstance(error, UnknownTask))
    try:
        return run(within(task, window), whole)
    except BaseException as error:  # noqa: BLE001 - see `unspeakable`
        return unspeakable(error)


def _facts(told: dict[str, Any]) -> Facts:
    return Facts(**{**told, "deadline": datetime.fromisoformat(told["deadline"])})


def _new_luck() -> None:
    """The old generator of numpy would repeat the template's numbers in every child; Python's own takes care of itself."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


class ChildLine:
    """The task's line in the child: everything is said to the parent, whose line knows the answers.

    For any thread of the child. A process that the task forks has no line: what it says is dropped.
    """

    def __init__(self, wire: Wire, window: SignalWindow) -> None:
        self._wire = wire
        self._window = window
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._number = ""

    def of(self, number: int) -> "ChildLine":
        """The same line, for one job of a batch."""
        line = copy(self)
        line._number = f" {number}"  # noqa: SLF001 - a copy of ours
        return line

    def report(self, fraction: float | None, message: str) -> None:
        """The task says how far it is."""
        self.tell(
            "progress",
            [None if fraction is None else float(fraction), message.encode("utf-8", "replace").decode()],
        )

    def beat(self) -> None:
        """The task says that it is alive."""
        self.tell("beat")

    def cancelled(self) -> bool:
        """Asks the parent; takes a tenth of a millisecond. True also when the parent is gone."""
        if os.getpid() != self._process:
            return False
        answer = self._ask("cancelled?")
        return answer is None or bool(answer[1])

    def save(self, text: str) -> Saved:
        """Has the parent record it, and waits for that. Raises `Unavailable`, also when the parent is gone."""
        return Saved(self._have_recorded("save", text))

    def recall(self, name: str) -> str | None:
        """Asks the parent. Raises as `save` does."""
        found: str | None = self._have_recorded("recall", name)
        return found

    def remember(self, name: str, text: str) -> str:
        """Has the parent record it. Raises as `save` does, and `InvalidInput`."""
        return str(self._have_recorded("remember", [name, text]))

    def _have_recorded(self, kind: str, value: Any) -> Any:
        """What the parent says once it is recorded."""
        if os.getpid() != self._process:
            raise RuntimeError("only the task's own process can record anything of its job")
        answer = self._ask(kind, value)
        if answer is None:
            raise Unavailable("the attempt is over: its process is gone")
        match answer:
            case "unavailable", words:
                raise Unavailable(words)
            case "refused", (argument, why):
                raise InvalidInput(argument, why)
        return answer[1]

    def _ask(self, kind: str, value: Any = None) -> tuple[str, Any] | None:
        """The parent's answer; None: it is gone. The parent answers nothing else, so the next words are the answer."""
        with self._window.held(), self._lock:
            return self._wire.hear() if self._wire.tell(kind + self._number, value) else None

    def tell(self, kind: str, value: Any = None) -> bool:
        """Say it to the parent. False: not from here."""
        if os.getpid() != self._process:
            return False
        with self._window.held(), self._lock:
            return self._wire.tell(kind + self._number, value)

    def answer(self, outcome: Outcome) -> None:
        """The last words. A result goes in a frame of its own, as it is."""
        with self._lock:
            if isinstance(outcome, Several):
                self._wire.tell("several", len(outcome.outcomes))
            for one in outcome.outcomes if isinstance(outcome, Several) else (outcome,):
                self._answer_one(one)

    def _answer_one(self, outcome: Outcome) -> None:
        if isinstance(outcome, Returned):
            self._wire.tell("returned")
            self._wire.send(outcome.json.encode())
        elif not isinstance(outcome, Several):
            self._wire.tell("raised", to_wire(outcome))
