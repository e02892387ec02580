"""Workflows in Python: `chain(load.s(url), parse.s())`, `group(...)`, `chord(...)`, `f.map(items)`. Nothing runs before it is submitted.

A value of `Flow` does not know yet what comes before it; that decides which argument of a step gets it. So the nodes are made last.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.workflow import DEFAULT, Chain, Group, Map, Node, OnError, Policy, Source, Step
from chalicelib.pipeline.signature import to_plain
from chalicelib.pipeline.workflows.reading import HOW, to_json

if TYPE_CHECKING:
    from chalicelib.pipeline.task import Task


class Flow(ABC):
    """A workflow, or a part of one."""

    @abstractmethod
    def node(self, *, fed: bool) -> Node:
        """The node. `fed`: something comes before it. Raises `InvalidInput` that names the argument."""

    @abstractmethod
    def tasks(self) -> "list[Task[Any, Any]]":
        """Every task in it."""

    def json(self) -> dict[str, Any]:
        """What a caller of the API would send. Raises `InvalidInput`."""
        return to_json(self.node(fed=False))

    def __or__(self, following: "Flow") -> "Flow":
        """This, then that."""
        return chain(self, following)

    def delay(self) -> Any:
        """Submit it. Returns its handle. Raises `InvalidInput` that names what is wrong."""
        return self.submit()

    def submit(self, **how: Any) -> Any:
        """Submit it; `how` is what `Task.submit` takes: `delay=, at=, key=, tags=, tenant=, on_success=, on_failure= ...`."""
        from chalicelib.pipeline.built_in import WORKFLOW
        from chalicelib.pipeline.task import REGISTRY, Submission

        tasks = self.tasks()
        submitter = tasks[0].submitter if tasks else REGISTRY.submit
        return submitter(WORKFLOW, {"workflow": self.json()}, Submission(**how))


@dataclass(frozen=True, kw_only=True)
class StepFlow(Flow):
    """One job of a task: `f.s(...)`."""

    task: "Task[Any, Any]"
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    immutable: bool = False
    how: Mapping[str, Any] = field(default_factory=dict)

    def set(self, **how: Any) -> "StepFlow":
        """With options of its job: `lane=, max_attempts=, delay=, expires= (seconds), tags=, on_success=, on_failure=`."""
        unknown = sorted(set(how) - set(HOW))
        if unknown:
            raise InvalidInput(unknown[0], f"a step takes {', '.join(HOW)}")
        return replace(self, how={**self.how, **how})

    def node(self, *, fed: bool) -> Node:
        """The step. What comes before goes into its first free argument, as the first positional one, unless it is immutable."""
        names = list(self.task.signature.names)
        into = None
        if fed and not self.immutable:
            into = next((name for name in names if name not in self.kwargs), None)
            if into is None:
                raise InvalidInput(self.task.name, "has no argument for what comes before it; use .si(...)")
            names.remove(into)
        if len(self.args) > len(names):
            raise InvalidInput(f"{self.task.name}.args", f"{len(self.args)} given, there are {len(names)}")
        named = dict(zip(names, self.args, strict=False))
        twice = sorted(set(named) & set(self.kwargs))
        if twice:
            raise InvalidInput(f"{self.task.name}.args.{twice[0]}", "given twice")
        return Step(
            task=self.task.name, args=to_plain({**named, **self.kwargs}), into=into, how=to_plain(self.how)
        )

    def tasks(self) -> "list[Task[Any, Any]]":
        """Its own."""
        return [self.task]


@dataclass(frozen=True)
class ChainFlow(Flow):
    """One after the other."""

    flows: tuple[Flow, ...]

    def node(self, *, fed: bool) -> Node:
        """The chain; all but its first node are fed by it."""
        return Chain(nodes=tuple(flow.node(fed=fed or at > 0) for at, flow in enumerate(self.flows)))

    def tasks(self) -> "list[Task[Any, Any]]":
        """Its nodes'."""
        return [task for flow in self.flows for task in flow.tasks()]


@dataclass(frozen=True, kw_only=True)
class GroupFlow(Flow):
    """Side by side."""

    flows: tuple[Flow, ...]
    policy: Policy = DEFAULT

    def node(self, *, fed: bool) -> Node:
        """The group; each of its nodes gets what it gets."""
        return Group(nodes=tuple(flow.node(fed=fed) for flow in self.flows), policy=self.policy)

    def tasks(self) -> "list[Task[Any, Any]]":
        """Its nodes'."""
        return [task for flow in self.flows for task in flow.tasks()]


@dataclass(frozen=True, kw_only=True)
class MapFlow(Flow):
    """One job for each item. `items` None: they are what comes before."""

    step: StepFlow
    items: tuple[Any, ...] | None
    spread: bool = False
    size: int | None = None
    policy: Policy = DEFAULT

    def set(self, **how: Any) -> "MapFlow":
        """With options of each job, as `StepFlow.set`."""
        return replace(self, step=self.step.set(**how))

    def node(self, *, fed: bool) -> Node:
        """The map. The item goes into the first argument that is not given to all."""
        if self.items is None and not fed:
            raise InvalidInput("items", "missing: nothing comes before this map that could be its items")
        step = self.step.node(fed=not self.spread)
        assert isinstance(step, Step)
        return Map(
            step=step,
            source=Source.BEFORE if self.items is None else Source.HERE,
            items=() if self.items is None else tuple(to_plain(list(self.items))),
            spread=self.spread,
            size=self.size,
            policy=self.policy,
        )

    def tasks(self) -> "list[Task[Any, Any]]":
        """The one."""
        return [self.step.task]


def chain(*flows: Flow) -> Flow:
    """One after the other; each gets the result of the one before it. The result is the last one's. Raises `InvalidInput`."""
    flat = _flows(flows, "chain")
    if not flat:
        raise InvalidInput("chain", "is empty")
    return ChainFlow(
        tuple(one for flow in flat for one in (flow.flows if isinstance(flow, ChainFlow) else (flow,)))
    )


def group(*flows: Flow | Iterable[Flow], on_error: str = "fail", min_success: int = 0) -> GroupFlow:
    """Side by side. The result is the list of results, in this order. Raises `InvalidInput`.

    on_error: "fail": one child that does not succeed ends the group, and what has not started does not start any more; "collect": the
    others go on, and in its place stands what went wrong; "ignore": null does. min_success: so many must succeed, with collect or ignore.
    """
    return GroupFlow(flows=_flows(flows, "group"), policy=policy(on_error, min_success))


def chord(header: Flow | Iterable[Flow], then: Flow, *, on_error: str = "fail", min_success: int = 0) -> Flow:
    """A group, and then a step that gets the list of its results; or `chord(group(...), then)`, or of a map. Raises `InvalidInput`."""
    first = header if isinstance(header, Flow) else group(header, on_error=on_error, min_success=min_success)
    return chain(first, then)


def policy(on_error: str, min_success: int) -> Policy:
    """The policy. Raises `InvalidInput`."""
    if on_error not in [*OnError]:
        raise InvalidInput("on_error", f"not one of {', '.join(OnError)}")
    return Policy(on_error=OnError(on_error), min_success=min_success)


def _flows(given: Sequence[object], what: str) -> tuple[Flow, ...]:
    """The flows, as arguments or as one iterable of them."""
    if len(given) == 1 and not isinstance(given[0], Flow) and isinstance(given[0], Iterable):
        given = tuple(given[0])
    for number, one in enumerate(given):
        if not isinstance(one, Flow):
            raise InvalidInput(f"{what}[{number}]", f"{one!r} is no part of a workflow; use .s(...)")
    return tuple(one for one in given if isinstance(one, Flow))
