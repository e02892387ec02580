"""The items of a map, page by page, wherever they lie: nothing holds more of them than a page, if they lie outside the workflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job
from chalicelib.domain.workflow import Group, Map, Node, Source, Step
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.checking import arguments
from chalicelib.pipeline.workflows.children import Given
from chalicelib.pipeline.workflows.manifest import is_manifest, results_page
from chalicelib.pipeline.workflows.places import PAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Lot:
    """The nodes of one page, what each is given, and where the next page begins; `after` None: there is none."""

    nodes: Sequence[tuple[Node, Given | None]]
    after: int | None


def lot(workflow: Job, node: Group | Map, given: Given | None, start: int, *, parts: Parts) -> Lot:
    """The children from there on, up to a page of them. Raises `InvalidInput`, `PayloadMissing`, `Unavailable`."""
    if isinstance(node, Group):
        nodes = [(one, given) for one in node.nodes[start : start + PAGE]]
        return Lot(nodes=nodes, after=_next(start + PAGE, len(node.nodes)))
    most = PAGE * (node.size or 1)
    items, after = _items(workflow, node, given, start, most, parts)
    if node.size is not None:
        items = [list(items[at : at + node.size]) for at in range(0, len(items), node.size)]
    return Lot(nodes=[_applied(node, item, parts) for item in items], after=after)


def _items(
    workflow: Job, node: Map, given: Given | None, start: int, most: int, parts: Parts
) -> tuple[Sequence[Any], int | None]:
    found: object = node.items
    if node.source is Source.BEFORE:
        found = None if given is None else given.value
        if is_manifest(found):
            return results_page(found, start, most, tenant=workflow.tenant, parts=parts)
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise InvalidInput("workflow.map.from", f"what came before is no list: {type(found).__name__}")
    return found[start : start + most], _next(start + most, len(found))


def _next(start: int, end: int) -> int | None:
    return start if start < end else None


def _applied(node: Map, item: object, parts: Parts) -> tuple[Node, Given | None]:
    """The step for one item. Raises `InvalidInput` for one that cannot be spread, `UnknownTask`."""
    step = node.step
    if not node.spread:
        return step, Given(item)
    spread = arguments(step, item, parts.registry[step.task])
    return Step(task=step.task, args={**step.args, **spread}, how=step.how), None
