"""Jobline's own tasks, as they are declared: always there, asked for by effects and events alone. What they do is in `own_work`.

Their names begin with `jobline.`, which no other task's may; no caller can submit them, and GET /tasks does not list them. Their jobs
are jobs: they are shown, retried, die, and can be redriven.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NoReturn

from chalicelib.domain.errors import EndpointGone, UnknownTask
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.signature import Signature
from chalicelib.pipeline.task import BUILT_IN, Kind, Options, Task
from chalicelib.pipeline.topics import Event


def _publish(event: Event[Any]) -> None:
    """Take an event to those outside who listen by SNS."""


def _webhook(endpoint: str, type: str, timestamp: str, data: dict[str, Any]) -> dict[str, int]:
    """Tell one endpoint, signed."""
    raise NotImplementedError


def _workflow(workflow: dict[str, Any], input: Any = None, since: str | None = None) -> Any:
    """Run jobs one after the other and side by side; what it does is in `workflows`."""
    raise NotImplementedError


def _submits(*request: Any) -> NoReturn:
    raise UnknownTask(request[0].name)


def _declared(name: str, function: Callable[..., Any], options: Options) -> Task[Any, Any]:
    return Task(
        name=f"{BUILT_IN}{name}",
        function=function,
        kind=Kind.THREAD,
        options=options,
        signature=Signature(function),
        submitter=_submits,
    )


RELAY = _declared(
    "publish",
    _publish,
    # SNS is down for minutes, not for days; what it refuses (a missing right) is mended by a person, and then redriven.
    Options(max_attempts=10, backoff=Backoff(base=timedelta(seconds=2), cap=timedelta(hours=1))),
)

WEBHOOK = _declared(
    "webhook",
    _webhook,
    # The waits double from half a minute to six hours: a receiver may be down for a night, about a day in all. They are half of that on
    # average, by full jitter. In the lane for what may wait: a slow receiver must not hold up anybody who is in a hurry.
    Options(
        lane="low",
        max_attempts=15,
        backoff=Backoff(base=timedelta(seconds=30), cap=timedelta(hours=6)),
        give_up_on=(EndpointGone,),
    ),
)

WORKFLOW = _declared(
    "workflow",
    _workflow,
    # What can fail here for a while is a deploy in progress, or a bug of ours that one mends. What its children do has policies of its own.
    Options(max_attempts=15, backoff=Backoff(base=timedelta(seconds=2), cap=timedelta(minutes=15))),
)

UNKNOWN_TASK = Backoff(base=timedelta(seconds=30), cap=timedelta(minutes=15))
"""How long a job waits for code that knows its task: a deploy in progress takes minutes."""

OWN: Mapping[str, Task[Any, Any]] = {task.name: task for task in (RELAY, WEBHOOK, WORKFLOW)}


def known(name: str, parts: Parts) -> Task[Any, Any]:
    """The task of that name, ours or the user's. Raises `UnknownTask`."""
    return OWN[name] if name in OWN else parts.registry[name]
