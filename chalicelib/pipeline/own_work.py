"""Where tasks run: users' by the runner of their kind; Jobline's own on the attempt's thread, with the pipeline at hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.pipeline import strict_json
from chalicelib.pipeline.built_in import RELAY, WEBHOOK
from chalicelib.pipeline.context import running
from chalicelib.pipeline.outcome import Outcome, Returned, raised
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.parts_here import lent
from chalicelib.pipeline.ports import Call, Execution, Runner
from chalicelib.pipeline.task import Task

OWN_WORK = frozenset({RELAY.name, WEBHOOK.name})


def runner_of(task: Task[Any, Any], parts: Parts) -> Runner:
    """What runs the task."""
    return _Here(task, parts) if task.name in OWN_WORK else parts.runners[task.kind]


def _work_of(name: str) -> Callable[..., Any]:
    """What our own tasks do; few jobs are of them. Each is short and bounds its own time: nobody stops it from outside."""
    if name == RELAY.name:
        from chalicelib.pipeline.relay import relay

        return relay
    from chalicelib.pipeline.deliver import deliver

    return deliver


class _Here:
    """Runs one of our own tasks inside `start`."""

    def __init__(self, task: Task[Any, Any], parts: Parts) -> None:
        self._task = replace(task, function=_work_of(task.name))
        self._parts = parts

    def start(self, call: Call) -> Execution:
        """Run it to its end."""
        with lent(self._parts):
            return _Ended(_work(self._task, call))


def _work(task: Task[Any, Any], call: Call) -> Outcome:
    """What happened. Ours raise what they mean to: anything that is no `Exception` is about this process, and not about the job."""
    try:
        with running(call.facts, call.line):
            return Returned(json=strict_json.write(task.function(**task.signature.check(call.args))))
    except Exception as error:  # noqa: BLE001 - all of it is an outcome
        return raised(task, error)


class _Ended:
    """An execution that was over before anybody could look."""

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
