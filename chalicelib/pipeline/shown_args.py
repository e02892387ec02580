"""Arguments as they may be shown: by the schemas of the tasks that they are for, secret ones hidden.

A task that this code does not know may have secrets that it does not know either: all of its arguments are hidden.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.pipeline.built_in import OWN, WORKFLOW
from chalicelib.pipeline.secret import HIDDEN, hidden, is_secret
from chalicelib.pipeline.task import Registry


def shows_all(task: str, registry: Registry) -> bool:
    """Whether all that such a job is given may be shown as it is: so it is not even looked into."""
    if task == WORKFLOW.name:
        return not any(one.signature.secrets for one in registry)
    return task in OWN or (task in registry and not registry[task].signature.secrets)


def shown_args(task: str, args: Any, registry: Registry) -> Any:
    """A task's arguments without what is secret."""
    if shows_all(task, registry):
        return args
    if task == WORKFLOW.name:
        return _shown_tree(args, registry)
    if task in registry:
        return hidden(args, registry[task].signature.schema)
    return dict.fromkeys(args, HIDDEN) if isinstance(args, Mapping) else HIDDEN


def _shown_tree(value: Any, registry: Registry) -> Any:
    """A workflow: whatever looks like a step is shown as one; the items of a map as the argument that they become."""
    if isinstance(value, list | tuple):
        return [_shown_tree(one, registry) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("task"), str) and isinstance(value.get("args", {}), dict):
        rest = {name: one for name, one in value.items() if name != "args"}
        return (
            rest
            if "args" not in value
            else {**rest, "args": shown_args(value["task"], value["args"], registry)}
        )
    found = {name: _shown_tree(one, registry) for name, one in value.items()}
    step = value.get("map")
    if isinstance(step, dict) and isinstance(value.get("items"), list):
        found["items"] = _shown_items(value, step, registry)
    return found


def _shown_items(node: Mapping[str, Any], step: Mapping[str, Any], registry: Registry) -> Any:
    task, into, items = str(step.get("task")), str(step.get("into")), node["items"]
    if node.get("spread") or shows_all(task, registry):
        return [
            shown_args(task, item, registry) if isinstance(item, dict) else _item(task, item, registry)
            for item in items
        ]
    if node.get("size"):
        return shown_args(task, {into: items}, registry)[into]
    return [shown_args(task, {into: item}, registry)[into] for item in items]


def _item(task: str, item: Any, registry: Registry) -> Any:
    """An item that is all arguments in their order."""
    return item if shows_all(task, registry) else HIDDEN


def shown_change(task: str | None, change: Any, registry: Registry) -> Any:
    """The new arguments, or the patch, of a release: of one task, or of whichever."""
    if task is None:
        about = [one for one in registry if one.signature.secrets]
    elif task in registry:
        about = [registry[task]]
    else:
        return change if task in OWN else HIDDEN
    for one in about:
        schema = one.signature.schema
        change = (
            [_shown_operation(each, schema) for each in change]
            if isinstance(change, list | tuple)
            else hidden(change, schema)
        )
    return change


def _shown_operation(operation: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """An operation of a patch. One that replaces all arguments shows none of them."""
    if "value" not in operation:
        return operation
    steps = _steps(operation["path"])
    if not steps:
        return {**operation, "value": hidden(operation["value"], schema)}
    return {**operation, "value": HIDDEN} if is_secret(schema, steps, operation["value"]) else operation


def refuses(operation: Mapping[str, Any], task: str, before: Any, registry: Registry) -> str | None:
    """Which member of a patch's operation would tell of a secret: it copies one to where it would be shown, or guesses at it."""
    if task not in registry or not registry[task].signature.secrets:
        return None
    schema = registry[task].signature.schema
    member = "path" if operation.get("op") == "test" else "from"
    if member not in operation:
        return None
    steps, there = _steps(operation[member]), before
    for step in steps:
        if isinstance(there, dict):
            there = there.get(step)
        elif isinstance(there, list) and step.isdecimal() and int(step) < len(there):
            there = there[int(step)]
        else:
            break
    return member if is_secret(schema, steps, there) else None


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
