"""Which gates a job has to pass: worked out from its task's policies and its arguments when it is accepted, and kept in its row.

The row says by which name, the task's options say by which number, when an attempt is about to start: so a deploy that changes a limit
changes it for jobs that wait already, and one that takes it away lets them run.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import TaskMisdeclared
from chalicelib.domain.flow import Concurrency, Gate, GateKind, Ordered, Rate
from chalicelib.pipeline.flow_key import flow_key
from chalicelib.pipeline.tenant_gate import TENANT_KEY

if TYPE_CHECKING:
    from chalicelib.pipeline.task import Options, Task

FASTEST = timedelta(milliseconds=1)
"""The shortest time between two starts: each writes one item, and an item takes 1,000 writes a second."""

SLOWEST = timedelta(days=7)
"""The longest time between two starts. Stored arguments outlive a job's due time by 90 days: long lines must end before."""

MOST_SLOTS = 500
"""The most slots of a key: whoever looks for a free one reads them all, at about 100 bytes each."""

Policy = Rate | Concurrency | Ordered


def policies(options: "Options") -> Mapping[GateKind, Policy]:
    """The policies that make gates, in the order in which an attempt passes them.

    Whoever is not the first of its line takes no slot, and whoever has no slot takes no moment: what comes later is kept for less long.
    """
    found = {
        GateKind.ORDER: options.ordered,
        GateKind.SLOTS: options.concurrency,
        GateKind.RATE: options.rate,
    }
    return {kind: policy for kind, policy in found.items() if policy is not None}


def gates_of(task: "Task[Any, Any]", values: Mapping[str, Any], group: str | None = None) -> tuple[Gate, ...]:
    """The gates of a job with these arguments. Raises `InvalidInput` for a value that cannot be part of a key.

    `group` takes the place of what the key of an ordered task would be made of.
    """
    found = policies(task.options)
    if not found:
        return ()
    filled = task.signature.filled(values) if any(policy.key for policy in found.values()) else values
    return tuple(
        Gate(kind=kind, key=_key(task.name, policy, filled, group)) for kind, policy in found.items()
    )


def _key(task: str, policy: Policy, values: Mapping[str, Any], group: str | None) -> str:
    if isinstance(policy, Ordered) and group is not None:
        return flow_key(policy.name or task, ("group",), {"group": group})
    return flow_key(policy.name or task, policy.key, values)


def check_policies(task: str, options: "Options", parameters: Sequence[str]) -> None:
    """Raise `TaskMisdeclared` that names the policy which is wrong, and why."""
    for kind, policy in policies(options).items():
        for why in _wrong(policy, parameters):
            raise TaskMisdeclared(f"@task {task}: {_option(kind)}={policy!r}: {why}")
    if options.batch and options.ordered is not None:
        raise TaskMisdeclared(
            f"@task {task}: batch and ordered: jobs of one group run one at a time, those of a batch all at once"
        )


def _wrong(policy: Policy, parameters: Sequence[str]) -> Iterable[str]:
    key: object = policy.key  # people write a text where a tuple is asked for
    if not isinstance(key, tuple):
        yield "key: give a tuple of names, not one text"
        return
    for name in policy.key:
        if name not in parameters:
            yield f"key names {name!r}, which is no parameter of the function"
    if policy.name is not None:
        yield from _wrong_name(policy.name)
    match policy:
        case Rate():
            if policy.limit < 1 or policy.burst < 1:
                yield "limit and burst are at least 1"
            elif policy.per <= timedelta(0) or not FASTEST <= policy.interval <= SLOWEST:
                yield f"per / limit is between {FASTEST.microseconds // 1000} ms and {SLOWEST.days} days"
        case Concurrency():
            if not 1 <= policy.limit <= MOST_SLOTS:
                yield f"limit is between 1 and {MOST_SLOTS}"
        case Ordered():
            if policy.on_retry not in ("hold", "skip"):
                yield 'on_retry is "hold" or "skip"'


def _wrong_name(name: str) -> Iterable[str]:
    if not (name and name.isprintable() and name.isascii()):
        yield "name: not printable ASCII"
    if name == TENANT_KEY:
        yield f"name: {TENANT_KEY} is what the limits of tenants are called"


def check_shared(tasks: Iterable["Task[Any, Any]"]) -> None:
    """Raise `TaskMisdeclared` where two tasks share a limit and say different numbers: whose would hold would depend on who asked last."""
    first: dict[tuple[GateKind, str], tuple[str, tuple[object, ...]]] = {}
    for task in tasks:
        for kind, policy in policies(task.options).items():
            name = policy.name or task.name
            other, numbers = first.setdefault((kind, name), (task.name, _numbers(policy)))
            if numbers != _numbers(policy):
                raise TaskMisdeclared(
                    f"@task {task.name}: {_option(kind)} shares the name {name!r} with {other}, whose numbers are others"
                )


def keyed_by(task: "Task[Any, Any]", parameter: str) -> bool:
    """Whether a key of the task is made from this parameter."""
    return any(parameter in policy.key for policy in policies(task.options).values())


def _numbers(policy: Policy) -> tuple[object, ...]:
    match policy:
        case Rate():
            return (policy.interval, policy.burst)
        case Concurrency():
            return (policy.limit,)
        case Ordered():
            return ()


def _option(kind: GateKind) -> str:
    return {GateKind.RATE: "rate", GateKind.SLOTS: "concurrency", GateKind.ORDER: "ordered"}[kind]
