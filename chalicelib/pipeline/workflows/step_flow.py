"""A task as a step of a workflow in Python: `f.s(...)`, and one job of it for each item: `f.map(...)`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import InvalidInput, ResultNotJson
from chalicelib.domain.workflow import DEFAULT, Map, Node, Policy, Source, Step
from chalicelib.pipeline.batch_signature import BatchSignature
from chalicelib.pipeline.signature import to_plain
from chalicelib.pipeline.workflows.flow import Flow, named, policy_words
from chalicelib.pipeline.workflows.many import Many, few_or_many, large
from chalicelib.pipeline.workflows.reading import HOW
from chalicelib.pipeline.workflows.shown import SHORT, arguments, call

if TYPE_CHECKING:
    from chalicelib.pipeline.task import Task


@dataclass(frozen=True, kw_only=True, repr=False)
class StepFlow(Flow):
    """One job of a task: `f.s(...)`."""

    task: "Task[Any, Any]"
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    immutable: bool = False
    how: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        word = f"{self.task.name}.{'si' if self.immutable else 's'}"
        return call(word, arguments(self.args, self.kwargs)) + _set_words(self)

    def set(self, **how: Any) -> "StepFlow":
        """With options of its job: `lane=, max_attempts=, delay=, expires=` (a timedelta or seconds), `tags=, on_success=, on_failure=`.

        on_success, on_failure: a task, or its name, that follows this step with how it ended. Raises `InvalidInput`.
        """
        unknown = sorted(set(how) - set(HOW))
        if unknown:
            raise InvalidInput(unknown[0], f"a step takes {', '.join(HOW)}")
        seconds = {
            name: one.total_seconds() if isinstance(one, timedelta) else one for name, one in how.items()
        }
        return replace(self, how={**self.how, **named(seconds)})

    def node(self, *, fed: bool, path: str = "workflow") -> Node:
        """The step. What comes before goes into its first free argument, as the first positional one, unless it is immutable."""
        names = list(self.task.signature.names)
        whole = self._whole(path)
        into = None
        if fed and not self.immutable:
            into = next((name for name in names if name not in self.kwargs and name not in whole), None)
            if into is None:
                raise InvalidInput(
                    path,
                    f"{self.task.name} has no argument left for what comes before it; use .si(...) if it is not to get it",
                )
            names.remove(into)
        given = whole or self._by_name(names, path)
        how = {name: _plain(one, f"{path}.{name}") for name, one in self.how.items() if one is not None}
        return Step(task=self.task.name, args=given, into=into, how=how)

    def _by_name(self, names: list[str], path: str) -> dict[str, Any]:
        """The arguments by their names."""
        if len(self.args) > len(names):
            raise InvalidInput(
                f"{path}.args",
                f"{len(self.args)} given by their places, {self.task.name} has {len(names)} for them",
            )
        by_place = dict(zip(names, self.args, strict=False))
        twice = [name for name in by_place if name in self.kwargs]
        if twice:
            raise InvalidInput(f"{path}.args.{twice[0]}", "given twice, by its place and by its name")
        every = {**by_place, **self.kwargs}
        return {name: _plain(one, f"{path}.args.{name}") for name, one in every.items()}

    def _whole(self, path: str) -> dict[str, Any]:
        """The fields of the one value that a batch task's step may be given, as its `delay` may be."""
        if not isinstance(self.task.signature, BatchSignature) or not self.args:
            return {}
        plain = _plain(self.args[0], f"{path}.args")
        if len(self.args) > 1 or self.kwargs or not isinstance(plain, dict):
            raise InvalidInput(
                f"{path}.args",
                "a batch task's job is given by the names of its fields, or as one value of them",
            )
        return plain

    def tasks(self) -> "list[Task[Any, Any]]":
        """Its own."""
        return [self.task]


@dataclass(frozen=True, kw_only=True, repr=False)
class MapFlow(Flow):
    """One job for each item. `items` None: they are what comes before."""

    step: StepFlow
    items: tuple[Any, ...] | Many | None
    spread: bool = False
    size: int | None = None
    policy: Policy = DEFAULT

    def __repr__(self) -> str:
        word = "starmap" if self.spread else "map" if self.size is None else "chunks"
        items = [] if self.items is None else [shown_items(self.items)]
        size = [] if self.size is None else [f"size={self.size}"]
        step = self.step
        words = [*items, *size, *arguments((), step.kwargs), *policy_words(self.policy)]
        return call(f"{step.task.name}.{word}", words) + _set_words(step)

    @property
    def gives_list(self) -> bool:
        """It is."""
        return True

    def set(self, **how: Any) -> "MapFlow":
        """With options of each job, as `StepFlow.set`."""
        return replace(self, step=self.step.set(**how))

    def node(self, *, fed: bool, path: str = "workflow") -> Node:
        """The map. The item goes into the first argument that is not given to all."""
        if self.items is None and not fed:
            raise InvalidInput(
                f"{path}.items", "missing: nothing comes before this map that could be its items"
            )
        step = self.step.node(fed=not self.spread, path=f"{path}.map")
        assert isinstance(step, Step)
        few, many = (), self.items if isinstance(self.items, Many) else None
        if isinstance(self.items, tuple):
            few = tuple(_plain(one, f"{path}.items[{number}]") for number, one in enumerate(self.items))
            if large(few):
                few, many = (), Many(few)
        source = Source.HERE if many is None else Source.OBJECT
        return Map(
            step=step,
            source=Source.BEFORE if self.items is None else source,
            items=few,
            object=many,
            spread=self.spread,
            size=self.size,
            policy=self.policy,
        )

    def tasks(self) -> "list[Task[Any, Any]]":
        """The one."""
        return [self.step.task]


def items_of(given: Iterable[Any] | None) -> tuple[Any, ...] | Many | None:
    """The items of a map; more than a few of an iterator are left there until it is submitted. Raises `InvalidInput` for what was hardly meant as some."""
    if given is None:
        return None
    if isinstance(given, Flow):
        raise InvalidInput("items", f"{given!r} is a workflow: put it before the map, by chain or |")
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise InvalidInput("items", f"{type(given).__name__} is no list of items")
    return few_or_many(given)


def shown_items(items: tuple[Any, ...] | Many) -> str:
    """The items as far as they are known."""
    return repr(items) if isinstance(items, Many) else SHORT.repr(list(items))


def _set_words(step: StepFlow) -> str:
    return "." + call("set", arguments((), step.how)) if step.how else ""


def _plain(one: object, place: str) -> Any:
    """The value as JSON. Raises `InvalidInput` that names its place."""
    if isinstance(one, Flow):
        raise InvalidInput(place, f"{one!r} is a workflow: put it before this step, by chain or |")
    try:
        return to_plain(one)
    except ResultNotJson as error:
        raise InvalidInput(place, str(error)) from error
