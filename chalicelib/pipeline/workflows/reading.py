"""A workflow as JSON, which is how callers send it, rows hold it and children get theirs. docs/workflows.md has the shapes.

`{"task": ..., "args": {...}, "into": ...}` · `{"chain": [...]}` · `{"group": [...]}` · `{"chord": [...], "then": ...}` · `{"map": step, "items": [...]}` · `{"map": step, "object": "inputs/..."}`
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.workflow import DEFAULT, Chain, Group, Map, Node, OnError, Policy, Source, Step

MAX_NODES = 1_000
"""The most nodes of a workflow. A map is one, however many items it has."""

MAX_NESTING = 8
"""How deep chains and groups may stand in each other. Each level is a job that waits, and its children ask all above them."""

MAX_SIZE = 10_000
"""The most items that one job of a map gets at once."""

HOW = ("lane", "max_attempts", "delay", "expires", "tags", "on_success", "on_failure")
"""What a step may say of its job, as POST /jobs does."""

_STEP = {"task", "args", "into", *HOW}
_POLICY = {"on_error", "min_success"}
_MAP = {"map", "items", "from", "object", "spread", "size", *_POLICY}


def read_node(value: object) -> Node:
    """The workflow that the JSON value is. Raises `InvalidInput` that names the place: `workflow.chain[1].task`."""
    return _Reader().node(value, "workflow", 0)


class _Reader:
    """One reading, which counts as it goes."""

    def __init__(self) -> None:
        self._nodes = 0

    def node(self, value: object, path: str, depth: int) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise InvalidInput("workflow", f"more than {MAX_NODES:,} nodes; a map takes any number of items")
        if depth > MAX_NESTING:
            raise InvalidInput(path, f"nested deeper than {MAX_NESTING}")
        if not isinstance(value, Mapping):
            _refuse(path, "not an object")
        kinds = [kind for kind in ("task", "chain", "group", "chord", "map") if kind in value]
        if len(kinds) != 1:
            _refuse(path, "not exactly one of task, chain, group, chord, map")
        match kinds[0]:
            case "task":
                return _step(value, path)
            case "chain":
                _only(value, {"chain"}, path)
                return Chain(nodes=self._nodes_of(value["chain"], f"{path}.chain", depth, least=1))
            case "group":
                _only(value, {"group", *_POLICY}, path)
                nodes = self._nodes_of(value["group"], f"{path}.group", depth, least=0)
                return Group(nodes=nodes, policy=_policy(value, path, len(nodes)))
            case "chord":
                return self._chord(value, path, depth)
            case _:
                return self._map(value, path)

    def _nodes_of(self, value: object, path: str, depth: int, *, least: int) -> tuple[Node, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) < least:
            _refuse(path, "not a list of nodes" if not least else "not a list of at least one node")
        return tuple(self.node(one, f"{path}[{number}]", depth + 1) for number, one in enumerate(value))

    def _chord(self, value: Mapping[str, Any], path: str, depth: int) -> Node:
        """A group, and what then gets the list of its results."""
        _only(value, {"chord", "then", *_POLICY}, path)
        if "then" not in value:
            _refuse(f"{path}.then", "is missing")
        nodes = self._nodes_of(value["chord"], f"{path}.chord", depth, least=0)
        group = Group(nodes=nodes, policy=_policy(value, path, len(nodes)))
        return Chain(nodes=(group, self.node(value["then"], f"{path}.then", depth + 1)))

    def _map(self, value: Mapping[str, Any], path: str) -> Map:
        _only(value, _MAP, path)
        if not isinstance(value["map"], Mapping):
            _refuse(f"{path}.map", "not an object")
        step = _step(value["map"], f"{path}.map")
        source = _source(value, path)
        items = value.get("items", [])
        if not isinstance(items, list | tuple):
            _refuse(f"{path}.items", "not a list")
        size = value.get("size")
        if size is not None and (not is_whole(size) or not 1 <= size <= MAX_SIZE):
            _refuse(f"{path}.size", f"not a number from 1 to {MAX_SIZE:,}")
        spread = value.get("spread", False)
        if not isinstance(spread, bool):
            _refuse(f"{path}.spread", "neither true nor false")
        if spread and (size is not None or step.into is not None):
            _refuse(f"{path}.spread", "the items are all arguments: leave out size and into")
        if not spread and step.into is None:
            _refuse(f"{path}.map.into", "missing: which argument gets the item")
        count = len(items) if source is Source.HERE else None
        return Map(
            step=step,
            source=source,
            items=tuple(items),
            object=value.get("object"),
            spread=spread,
            size=size,
            policy=_policy(value, path, count if size is None or count is None else -(-count // size)),
        )


def _source(value: Mapping[str, Any], path: str) -> Source:
    given = [word for word in ("items", "from", "object") if word in value]
    if len(given) != 1:
        _refuse(path, "not exactly one of items, from, object")
    if given[0] == "from" and value["from"] != "before":
        _refuse(f"{path}.from", "not 'before', the result of what came before")
    if given[0] == "object" and not isinstance(value["object"], str):
        _refuse(f"{path}.object", "not an object's key")
    return {"items": Source.HERE, "from": Source.BEFORE, "object": Source.OBJECT}[given[0]]


def _step(value: Mapping[str, Any], path: str) -> Step:
    _only(value, _STEP, path)
    task, args, into = value.get("task"), value.get("args", {}), value.get("into")
    if not isinstance(task, str):
        _refuse(f"{path}.task", "not a task's name")
    if not isinstance(args, Mapping) or not all(isinstance(name, str) for name in args):
        _refuse(f"{path}.args", "not an object of named arguments")
    if into is not None and not isinstance(into, str):
        _refuse(f"{path}.into", "not an argument's name")
    if into in args:
        _refuse(f"{path}.into", f"{into!r} is among args as well")
    how = {name: value[name] for name in HOW if value.get(name) is not None}
    return Step(task=task, args=args, into=into, how=how)


def _policy(value: Mapping[str, Any], path: str, count: int | None) -> Policy:
    on_error = value.get("on_error", OnError.FAIL.value)
    if on_error not in [*OnError]:
        _refuse(f"{path}.on_error", f"not one of {', '.join(OnError)}")
    least = value.get("min_success", 0)
    if not is_whole(least) or least < 0:
        _refuse(f"{path}.min_success", "not a number of children")
    if least and on_error == OnError.FAIL:
        _refuse(f"{path}.min_success", "needs on_error collect or ignore: with fail, all have to succeed")
    if count is not None and least > count:
        _refuse(f"{path}.min_success", f"more than the {count} children")
    return Policy(on_error=OnError(on_error), min_success=least)


def is_whole(value: object) -> bool:
    """Whether it is a whole number; true is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _only(value: Mapping[str, Any], names: set[str], path: str) -> None:
    unknown = sorted(str(name) for name in value if name not in names)
    if unknown:
        _refuse(f"{path}.{unknown[0]}", f"unknown here; known are {', '.join(sorted(names))}")


def _refuse(path: str, why: str) -> NoReturn:
    raise InvalidInput(path, why)


def to_json(node: Node) -> dict[str, Any]:
    """The JSON value that `read_node` reads back as this node."""
    match node:
        case Step():
            into = {} if node.into is None else {"into": node.into}
            return {"task": node.task, "args": dict(node.args), **into, **node.how}
        case Chain():
            return {"chain": [to_json(one) for one in node.nodes]}
        case Group():
            return {"group": [to_json(one) for one in node.nodes], **_policy_json(node.policy)}
        case Map():
            sources: Mapping[Source, dict[str, Any]] = {
                Source.HERE: {"items": list(node.items)},
                Source.BEFORE: {"from": "before"},
                Source.OBJECT: {"object": node.object},
            }
            source = sources[node.source]
            spread = {"spread": True} if node.spread else {}
            size = {} if node.size is None else {"size": node.size}
            return {"map": to_json(node.step), **source, **spread, **size, **_policy_json(node.policy)}


def _policy_json(policy: Policy) -> dict[str, Any]:
    least = {"min_success": policy.min_success} if policy.min_success else {}
    return {} if policy == DEFAULT else {"on_error": policy.on_error.value, **least}
