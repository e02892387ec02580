"""What a picture of a workflow needs: boxes, and arrows from what comes before to what gets its result."""

from dataclasses import field
from itertools import pairwise
from typing import Literal

from chalicelib.domain.job import State
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Chain, Group, Map, Node, Source, Step
from chalicelib.pipeline.workflows.count import Counts
from chalicelib.pipeline.workflows.seen import Seen, planned

Kind = Literal["step", "map", "group", "join"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A step, a map, a group that is too large to be shown child by child, or the place where a group's children come together."""

    id: str
    kind: Kind
    label: str
    path: str
    job: str | None = None
    state: State | None = None
    looked: bool = True
    counts: Counts | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrow:
    """`becomes`: the step's task returned that; otherwise the one's result goes on to the other."""

    start: str
    end: str
    becomes: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """All of it, the boxes in the order of the tree."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture(tree: Seen | Node) -> Picture:
    """Of a workflow as it is, or of one that nobody has submitted."""
    drawing = _Drawing()
    drawing.put(tree if isinstance(tree, Seen) else planned(tree))
    return Picture(boxes=tuple(drawing.boxes), arrows=tuple(drawing.arrows))


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where arrows to a part go, and where those from it start. An empty one has no beginnings of its own."""

    first: tuple[str, ...]
    last: str


@dataclass(kw_only=True)
class _Drawing:
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)

    def put(self, one: Seen) -> _Ends:
        if isinstance(one.node, Chain):
            return self._chain(one)
        if isinstance(one.node, Group) and (one.nodes or not one.node.nodes):
            return self._group(one)
        alone = self._box(one, *_told(one.node))
        if one.became is None:
            return _Ends((alone,), alone)
        inner = self.put(one.became)
        self.arrows += [Arrow(start=alone, end=end, becomes=True) for end in inner.first]
        return _Ends((alone,), inner.last)

    def _chain(self, one: Seen) -> _Ends:
        ends = [self.put(node) for node in one.nodes]
        for before, after in pairwise(ends):
            self.arrows += [Arrow(start=before.last, end=end) for end in after.first]
        return _Ends(ends[0].first, ends[-1].last)

    def _group(self, one: Seen) -> _Ends:
        inner = [self.put(node) for node in one.nodes]
        join = self._box(one, "join", "all of them" if inner else "none")
        self.arrows += [Arrow(start=ends.last, end=join) for ends in inner]
        return _Ends(tuple(end for ends in inner for end in ends.first) or (join,), join)

    def _box(self, one: Seen, kind: Kind, label: str) -> str:
        found = Box(
            id=f"n{len(self.boxes)}",
            kind=kind,
            label=label,
            path=one.path,
            job=None if one.job is None else one.job.id,
            state=one.state,
            looked=one.looked,
            counts=one.counts,
        )
        self.boxes.append(found)
        return found.id


def _told(node: Node) -> tuple[Kind, str]:
    """A box's kind, and its words."""
    if isinstance(node, Step):
        return "step", node.task
    if isinstance(node, Map):
        size = "" if node.size is None else f", {node.size} at a time"
        source = {Source.BEFORE: " of what comes before", Source.OBJECT: " line"}.get(node.source, "")
        return "map", f"{node.step.task} for each{source}{size}"
    names = sorted({one.task for one in getattr(node, "nodes", ()) if isinstance(one, Step)})
    return "group", f"group of {', '.join(names[:3]) or 'workflows'}"
