"""What is looked after before a workflow is accepted: each step's task, its arguments, and how its job is to be submitted."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import InvalidInput, OverQuota, UnknownTask
from chalicelib.domain.workflow import Chain, Group, Map, Node, Source, Step
from chalicelib.pipeline.check_how import check_how
from chalicelib.pipeline.flow_key import flow_key
from chalicelib.pipeline.gates import keyed_by
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Task
from chalicelib.pipeline.tenants import children_of
from chalicelib.pipeline.workflows.branches import Branch
from chalicelib.pipeline.workflows.children import step_submission
from chalicelib.pipeline.workflows.count import planned_total
from chalicelib.pipeline.workflows.lines import check_key
from chalicelib.pipeline.workflows.reading import read_node
from chalicelib.pipeline.workflows.typed import ANYTHING, check_types

MOST_SECONDS = 10**10
"""Beyond this a number of seconds is no time span; what a delay may be is a lot less."""


def check_workflow(args: Mapping[str, Any], *, tenant: str, parts: Parts) -> Node:
    """The workflow that a caller sends. Raises `InvalidInput` that names the place: `workflow.chain[1].args.width`."""
    node = read_node(args["workflow"])
    whole, fed = Branch(node=node, said=args["workflow"], path="workflow"), "input" in args
    _check(whole, fed=fed, tenant=tenant, parts=parts)
    check_types(whole, ANYTHING if fed else None, parts.registry)
    return node


def _check(branch: Branch, *, fed: bool, tenant: str, parts: Parts) -> None:
    """`fed`: something comes before the node."""
    node, path = branch.node, branch.path
    if isinstance(node, Group | Map):
        _check_number(node, path, tenant, parts)
    match node:
        case Step():
            _check_step(node, path, fed=fed, tenant=tenant, parts=parts)
        case Chain():
            for number, one in enumerate(branch):
                _check(one, fed=fed or number > 0, tenant=tenant, parts=parts)
        case Group():
            for one in branch:
                _check(one, fed=fed, tenant=tenant, parts=parts)
        case Map():
            if node.source is Source.BEFORE and not fed:
                raise InvalidInput(f"{path}.from", "nothing comes before")
            if node.source is Source.OBJECT:
                check_key(node.object, tenant, f"{path}.object")
            if node.spread:
                _check_spread(node, path, tenant, parts)
            else:
                _check_step(node.step, f"{path}.map", fed=True, tenant=tenant, parts=parts)
                _check_items(node, path, parts)


def _check_number(node: Group | Map, path: str, tenant: str, parts: Parts) -> None:
    """What can be known of the number of its children now. What a task gives later is looked at when the children are made."""
    total, most = planned_total(node), children_of(tenant, parts)
    if total is not None and total > most:
        raise OverQuota("children", f"{path}: tenant {tenant} may have {most:,} children of one group")


def _check_step(step: Step, path: str, *, fed: bool, tenant: str, parts: Parts) -> None:
    task = _task(step, path, parts)
    if step.into is not None and not fed:
        raise InvalidInput(f"{path}.into", "nothing comes before")
    if step.into is not None and task.signature.names and step.into not in task.signature.names:
        raise InvalidInput(f"{path}.into", f"{step.task!r} has no argument {step.into!r}")
    try:
        if step.into is None:
            task.signature.check(step.args)
        else:
            task.signature.check_all_but(step.args, step.into)
        _check_keys(task, step.args)
        _check_how(step, task, tenant, parts)
    except InvalidInput as error:
        raise InvalidInput(f"{path}.{error.argument}", error.why) from error


def _check_keys(task: Task[Any, Any], values: Mapping[str, Any]) -> None:
    """Refuse what can be no part of a key, as the door does for a job alone."""
    for name in values:
        if keyed_by(task, name):
            flow_key(task.name, (name,), values)


def _task(step: Step, path: str, parts: Parts) -> Task[Any, Any]:
    try:
        return parts.registry[step.task]
    except UnknownTask as error:
        raise InvalidInput(f"{path}.task", error.why) from error


def _check_how(step: Step, task: Task[Any, Any], tenant: str, parts: Parts) -> None:
    for name in ("delay", "expires"):
        seconds = step.how.get(name, 0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise InvalidInput(name, "not a number of seconds")
        if not abs(seconds) <= MOST_SECONDS:
            raise InvalidInput(name, f"{seconds} seconds are more than anything may take")
    for name in ("lane", "on_success", "on_failure"):
        if not isinstance(step.how.get(name, ""), str):
            raise InvalidInput(name, "not a text")
    most = step.how.get("max_attempts", 1)
    if isinstance(most, bool) or not isinstance(most, int):
        raise InvalidInput("max_attempts", "not a number")
    tags = step.how.get("tags", [])
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) for tag in tags):
        raise InvalidInput("tags", "not a list of texts")
    check_how(step_submission(step, tenant=tenant), task, parts)


def _check_spread(node: Map, path: str, tenant: str, parts: Parts) -> None:
    """Each item is the arguments that the step does not give."""
    task = _task(node.step, f"{path}.map", parts)
    try:
        _check_how(node.step, task, tenant, parts)
    except InvalidInput as error:
        raise InvalidInput(f"{path}.map.{error.argument}", error.why) from error
    for number, item in enumerate(node.items):
        try:
            given = {**node.step.args, **arguments(node.step, item, task)}
            task.signature.check(given)
            _check_keys(task, given)
        except InvalidInput as error:
            raise InvalidInput(f"{path}.items[{number}].{error.argument}", error.why) from error


def _check_items(node: Map, path: str, parts: Parts) -> None:
    """Each item as what the step is given; in lots, each lot."""
    task, into = _task(node.step, f"{path}.map", parts), node.step.into or ""
    size = node.size
    given: list[Any] = (
        list(node.items)
        if size is None
        else [list(node.items[at : at + size]) for at in range(0, len(node.items), size)]
    )
    for number, item in enumerate(given):
        try:
            task.signature.check({**node.step.args, into: item})
            _check_keys(task, {into: item})
        except InvalidInput as error:
            raise InvalidInput(f"{path}.items[{number}].{error.argument}", error.why) from error


def arguments(step: Step, item: object, task: Task[Any, Any]) -> Mapping[str, Any]:
    """An item as named arguments: an object, or a list of them in the order of the task's own. Raises `InvalidInput`."""
    if isinstance(item, Mapping):
        return item
    names = [name for name in task.signature.names if name not in step.args]
    if isinstance(item, list | tuple) and len(item) <= len(names):
        return dict(zip(names, item, strict=False))
    raise InvalidInput("args", f"neither an object nor a list of at most {len(names)} arguments")
