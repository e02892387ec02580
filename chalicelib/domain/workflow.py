"""A workflow as a value: steps, and what holds them together. Any of these may stand where a node may; the whole is a tree."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from chalicelib.domain.lean import dataclass


class OnError(StrEnum):
    """What a group makes of a child that did not succeed."""

    FAIL = "fail"  #: the group is dead at once, and the children that have not started do not start any more
    COLLECT = "collect"  #: the others go on; what went wrong stands in the results, in the child's place
    IGNORE = "ignore"  #: the others go on; null stands in its place


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """When a group has succeeded: its last child has ended, and at least so many have succeeded."""

    on_error: OnError = OnError.FAIL
    min_success: int = 0


DEFAULT = Policy()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One job of a task. `into` is the argument that gets what came before; None: it does not want it.

    `how` are options of its submission by name, as JSON values: `lane`, `max_attempts`, `delay` (seconds), `tags` ...
    """

    task: str
    args: Mapping[str, Any] = field(default_factory=dict)
    into: str | None = None
    how: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """One node after the other; each gets the result of the one before it. Its result is the last one's."""

    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """All nodes side by side; each gets what the group gets. Its result is the list of theirs, in their order."""

    nodes: "tuple[Node, ...]"
    policy: Policy = DEFAULT


class Source(StrEnum):
    """Where the items of a map lie."""

    HERE = "here"  #: in the workflow itself
    BEFORE = "before"  #: they are the result of what came before
    OBJECT = "object"  #: in an object of the stage's bucket, one JSON value a line


@dataclass(frozen=True, kw_only=True, slots=True)
class Map:
    """One job of the step for each item, side by side. Its result is the list of theirs, in the order of the items.

    The step's `into` is the argument that gets the item. `spread`: the item is an object, or a list, of arguments. `size`: each job gets
    a list of so many items.
    """

    step: Step
    source: Source
    items: tuple[Any, ...] = ()
    object: Any = None  #: the object's key; until the workflow is submitted, what is to be put there
    spread: bool = False
    size: int | None = None
    policy: Policy = DEFAULT


Node = Step | Chain | Group | Map
