"""Doing everything here and now, one after the other: the twins of the crew and of the runners."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

from chalicelib.pipeline.outcome import Outcome, run, run_async
from chalicelib.pipeline.ports import Call, Execution
from chalicelib.pipeline.task import Kind, Registry

A = TypeVar("A")
B = TypeVar("B")


class Inline:
    """The twin of `ThreadCrew`."""

    def each(self, verb: Callable[[A], B], items: Iterable[A]) -> Sequence[B | Exception]:
        """Each item in turn."""
        answers: list[B | Exception] = []
        for item in items:
            try:
                answers.append(verb(item))
            except Exception as error:  # noqa: BLE001 - the port says so
                answers.append(error)
        return answers


class Done:
    """An execution that ended before anybody could look."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def finished(self, within: timedelta) -> bool:  # noqa: ARG002
        """Always."""
        return True

    def outcome(self) -> Outcome:
        """What happened."""
        return self._outcome

    def soften(self) -> None:
        """Too late for that."""

    def stop(self) -> None:
        """Too late for that."""


class InlineRunner:
    """The twin of all three runners: the task runs inside `start`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def start(self, call: Call) -> Execution:
        """Run it to its end."""
        task = self._registry[call.task]
        if task.kind is Kind.LOOP:
            return Done(asyncio.run(run_async(task, call)))
        return Done(run(task, call))
