"""The children of a group or a map, page by page, wherever the items lie: nothing holds more of them than a page, if they lie outside the workflow."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Group, Map, Node, Source, Step
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.checking import arguments
from chalicelib.pipeline.workflows.children import Given
from chalicelib.pipeline.workflows.lines import Lines, check_key
from chalicelib.pipeline.workflows.manifest import Results, is_manifest
from chalicelib.pipeline.workflows.places import PAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Lot:
    """The nodes of one page, what each is given, and where the next page begins; `after` None: there is none.

    `version`: of the object that they were read from.
    """

    nodes: Sequence[tuple[Node, Given | None]]
    after: int | None
    version: str | None = None


class Supply:
    """What a fan-out makes children of. `version`: of the object that the pages before were read from."""

    def __init__(
        self, workflow: Job, node: Group | Map, given: Given | None, version: str | None, *, parts: Parts
    ) -> None:
        """Raises `InvalidInput` for items that are none of this tenant's, or no list; `Unavailable`."""
        self._node = node
        self._given = given
        self._parts = parts
        self._lines: Lines | None = None
        self._results: Results | None = None
        self._list: Sequence[Any] = ()
        if isinstance(node, Group):
            return
        if node.source is Source.OBJECT:
            check_key(node.object, workflow.tenant, "workflow.map.object")
            self._lines = Lines(node.object, version, parts=parts)
            return
        found: object = node.items
        if node.source is Source.BEFORE:
            found = None if given is None else given.value
            if is_manifest(found):
                self._results = Results(found, tenant=workflow.tenant, parts=parts)
                return
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise InvalidInput("workflow.map.from", f"what came before is no list: {type(found).__name__}")
        self._list = found

    def lot(self, start: int) -> Lot:
        """The children from there on, up to a page of them. Raises `InvalidInput`, `PayloadMissing`, `Unavailable`."""
        node = self._node
        if isinstance(node, Group):
            nodes = [(one, self._given) for one in node.nodes[start : start + PAGE]]
            return Lot(nodes=nodes, after=_next(start + PAGE, len(node.nodes)))
        items, after = self._items(start, PAGE * (node.size or 1))
        if node.size is not None:
            items = [list(items[at : at + node.size]) for at in range(0, len(items), node.size)]
        version = None if self._lines is None else self._lines.version
        return Lot(nodes=[_applied(node, item, self._parts) for item in items], after=after, version=version)

    def _items(self, start: int, most: int) -> tuple[Sequence[Any], int | None]:
        if self._lines is not None:
            return self._lines.take(start, most)
        if self._results is not None:
            return self._results.take(start, most)
        return self._list[start : start + most], _next(start + most, len(self._list))


def _next(start: int, end: int) -> int | None:
    return start if start < end else None


def _applied(node: Map, item: object, parts: Parts) -> tuple[Node, Given | None]:
    """The step for one item. Raises `InvalidInput` for one that cannot be spread, `UnknownTask`."""
    step = node.step
    if not node.spread:
        return step, Given(item)
    spread = arguments(step, item, parts.registry[step.task])
    return Step(task=step.task, args={**step.args, **spread}, how=step.how), None
