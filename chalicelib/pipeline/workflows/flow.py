"""Workflows in Python: `chain(load.s(url), parse.s())`, `group(...)`, `chord(...)`, `f.map(items)`. Nothing runs before it is submitted.

A value of `Flow` does not know yet what comes before it; that decides which argument of a step gets it. So the nodes are made last.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.workflow import DEFAULT, Chain, Group, Node, OnError, Policy
from chalicelib.pipeline.workflows.many import listed
from chalicelib.pipeline.workflows.reading import is_whole, to_json
from chalicelib.pipeline.workflows.shown import call, several

if TYPE_CHECKING:
    from chalicelib.pipeline.handle import JobHandle
    from chalicelib.pipeline.task import Task


class Flow(ABC):
    """A workflow, or a part of one. It is a value: what makes another one of it leaves it as it is."""

    @abstractmethod
    def node(self, *, fed: bool, path: str = "workflow") -> Node:
        """The node. `fed`: something comes before it. Raises `InvalidInput` that names the place: `workflow.chain[1].args.x`."""

    @abstractmethod
    def tasks(self) -> "list[Task[Any, Any]]":
        """Every task in it."""

    @property
    def gives_list(self) -> bool:
        """Whether its result is a list of results, as of a group."""
        return False

    def json(self) -> dict[str, Any]:
        """What a caller of the API would send. Raises `InvalidInput`."""
        return cast("dict[str, Any]", listed(to_json(self.node(fed=False))))

    def __or__(self, following: "Flow") -> "Flow":
        """This, then that. Raises `InvalidInput`."""
        return chain(self, following)

    def delay(self) -> "JobHandle":
        """Submit it. Returns its handle: `.state`, `.result(timeout)`, `.cancel()`. Raises `InvalidInput` that names what is wrong."""
        return self.submit()

    def submit(self, **how: Any) -> "JobHandle":
        """Submit it; `how` is what `Task.submit` takes: `delay=, at=, key=, tags=, tenant=, on_success=, on_failure= ...`.

        It says how the workflow itself is to be submitted, not its steps. Raises `InvalidInput` that names what is wrong.
        """
        from chalicelib.pipeline.built_in import WORKFLOW
        from chalicelib.pipeline.task import REGISTRY, Submission

        unknown = sorted(set(how) - set(Submission.__dataclass_fields__))
        if unknown:
            raise InvalidInput(
                unknown[0], f"unknown here; known are {', '.join(Submission.__dataclass_fields__)}"
            )
        tasks = self.tasks()
        submitter = tasks[0].submitter if tasks else REGISTRY.submit
        handle: JobHandle = submitter(
            WORKFLOW, {"workflow": to_json(self.node(fed=False))}, Submission(**named(how))
        )
        return handle


@dataclass(frozen=True, repr=False)
class ChainFlow(Flow):
    """One after the other."""

    flows: tuple[Flow, ...]

    def __repr__(self) -> str:
        return call("chain", several(self.flows))

    @property
    def gives_list(self) -> bool:
        """Whether its last one's is."""
        return self.flows[-1].gives_list

    def node(self, *, fed: bool, path: str = "workflow") -> Node:
        """The chain; all but its first node are fed by it."""
        return Chain(
            nodes=tuple(
                flow.node(fed=fed or at > 0, path=f"{path}.chain[{at}]") for at, flow in enumerate(self.flows)
            )
        )

    def tasks(self) -> "list[Task[Any, Any]]":
        """Its nodes'."""
        return [task for flow in self.flows for task in flow.tasks()]


@dataclass(frozen=True, kw_only=True, repr=False)
class GroupFlow(Flow):
    """Side by side."""

    flows: tuple[Flow, ...]
    policy: Policy = DEFAULT

    def __repr__(self) -> str:
        return call("group", several(self.flows), policy_words(self.policy))

    @property
    def gives_list(self) -> bool:
        """It is."""
        return True

    def node(self, *, fed: bool, path: str = "workflow") -> Node:
        """The group; each of its nodes gets what it gets."""
        nodes = [flow.node(fed=fed, path=f"{path}.group[{at}]") for at, flow in enumerate(self.flows)]
        return Group(nodes=tuple(nodes), policy=self.policy)

    def tasks(self) -> "list[Task[Any, Any]]":
        """Its nodes'."""
        return [task for flow in self.flows for task in flow.tasks()]


def chain(*flows: Flow | Iterable[Flow]) -> Flow:
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
    if not isinstance(header, Flow):
        return chain(group(header, on_error=on_error, min_success=min_success), then)
    if not header.gives_list:
        raise InvalidInput("chord", f"{header!r} gives no list: its header is a group, a map, or a list")
    if policy(on_error, min_success) != DEFAULT:
        raise InvalidInput("on_error", "is the header's own: say it of that group or map")
    return chain(header, then)


def policy(on_error: str, min_success: int) -> Policy:
    """The policy. Raises `InvalidInput`."""
    if on_error not in [*OnError]:
        raise InvalidInput("on_error", f"not one of {', '.join(OnError)}")
    if not is_whole(min_success) or min_success < 0:
        raise InvalidInput("min_success", "not a number of children")
    if min_success and on_error == OnError.FAIL:
        raise InvalidInput("min_success", "needs on_error collect or ignore: with fail, all have to succeed")
    return Policy(on_error=OnError(on_error), min_success=min_success)


def policy_words(one: Policy) -> list[str]:
    """The policy as `group` was told it."""
    words = [] if one.on_error is OnError.FAIL else [f"on_error={one.on_error.value!r}"]
    return words + ([f"min_success={one.min_success}"] if one.min_success else [])


def named(how: dict[str, Any]) -> dict[str, Any]:
    """The same, where a task stands for its name."""
    return {
        option: getattr(value, "name", value) if option in ("on_success", "on_failure") else value
        for option, value in how.items()
    }


def _flows(given: Sequence[object], what: str) -> tuple[Flow, ...]:
    """The flows, as arguments or as one iterable of them."""
    if len(given) == 1 and isinstance(given[0], Iterable) and not isinstance(given[0], str | bytes):
        given = tuple(given[0])
    return tuple(_flow(one, f"{what}[{number}]") for number, one in enumerate(given))


def _flow(given: object, place: str) -> Flow:
    """It, if it is one."""
    if isinstance(given, Flow):
        return given
    if hasattr(given, "si"):
        raise InvalidInput(place, f"{given.name} is a task; its step is {given.name}.s(...)")  # type: ignore[attr-defined]  # a task's
    raise InvalidInput(place, f"{type(given).__name__} is no part of a workflow; a step is f.s(...)")
