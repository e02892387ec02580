"""A workflow's tree as it is: for each node its job, how many of its children have ended, and how. Read level by level, as far as the reads go."""

from collections import deque
from collections.abc import Iterator
from dataclasses import field

from chalicelib.domain.errors import InvalidInput, PayloadMissing
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Chain, Group, Map, Node, Step
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.workflows.count import Counts, count, planned_total
from chalicelib.pipeline.workflows.found import arguments_of
from chalicelib.pipeline.workflows.lineage import Lineage, lineage
from chalicelib.pipeline.workflows.members import group_member, step_member
from chalicelib.pipeline.workflows.places import Position, lives
from chalicelib.pipeline.workflows.reading import read_node
from chalicelib.pipeline.workflows.reads import OutOfReads, Reads

LISTED = 20
"""The most children of a group that are shown one by one. Larger ones, and maps, are counted; their children are asked for page by page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A node, and what is known of it. `path` is the node's place in the tree, as `walk` has it."""

    path: str
    node: Node
    job: Job | None = None
    state: State | None = None  #: None: its job has not been made yet, or not been looked at
    looked: bool = True  #: False: the reads were used up before
    counts: Counts | None = None
    nodes: tuple["Seen", ...] = ()
    became: "Seen | None" = None  #: of a step whose task returned a workflow: that

    @property
    def size(self) -> int | None:
        """How many children it has, if that is known."""
        return None if self.counts is None else self.counts.total

    def walk(self) -> Iterator["Seen"]:
        """It, and all below it."""
        yield self
        for one in (*self.nodes, *([self.became] if self.became else [])):
            yield from one.walk()


@dataclass(kw_only=True)
class _Fact:
    job: Job | None = None
    state: State | None = None
    looked: bool = True
    counts: Counts | None = None
    became: Node | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Visit:
    """A node that is a workflow of its own, and its row. `given`: its arguments, where something hangs on them."""

    path: str
    node: Node
    row: Job
    line: Lineage | None


@dataclass(kw_only=True)
class _Look:
    reads: Reads
    facts: dict[str, _Fact] = field(default_factory=dict)
    ahead: deque[_Visit] = field(default_factory=deque)


def planned(node: Node) -> Seen:
    """The tree of a workflow that nobody has submitted."""
    return _assembled("workflow", node, {})


def seen(row: Job, *, reads: Reads) -> Seen:
    """The tree of this workflow. Raises `PayloadMissing` when nobody knows any more what it was to do, `Unavailable`."""
    look = _Look(reads=reads)
    if row.task != WORKFLOW.name:  # a task that returned one
        node: Node = Step(task=row.task)
        look.facts["workflow"] = _Fact(job=row, state=row.state)
        _step_in(look, "workflow", row)
    else:
        args = arguments_of(row, parts=reads.parts)
        node = rooted(read_node(args.get("workflow")))
        line = lineage(row, args, parts=reads.parts) if lives(row) else None
        look.ahead.append(_Visit(path="workflow", node=node, row=row, line=line))
    while look.ahead:
        _visit(look, look.ahead.popleft())
    return _assembled("workflow", node, look.facts)


def rooted(node: Node) -> Node:
    """The node as its workflow goes about it: a step alone is a chain of one."""
    return Chain(nodes=(node,)) if isinstance(node, Step) else node


def _visit(look: _Look, visit: _Visit) -> None:
    fact = look.facts[visit.path] = _Fact(job=visit.row, state=visit.row.state)
    try:
        if isinstance(visit.node, Chain):
            fact.counts = _chain(look, visit, visit.node)
        elif isinstance(visit.node, Group | Map):
            fact.counts = count(visit.row, visit.node, visit.line, reads=look.reads)
            if isinstance(visit.node, Group) and len(visit.node.nodes) <= LISTED and visit.line:
                _group(look, visit, visit.node, visit.line)
    except OutOfReads:
        fact.looked = False


def _chain(look: _Look, visit: _Visit, node: Chain) -> Counts:
    """Its steps, the one that it is at first: those after that one have no jobs, those before have succeeded."""
    last, current = len(node.nodes), -1
    if visit.line is None:
        return Counts(total=last)
    awaited = visit.row.awaits or ""
    if awaited.startswith(f"{visit.line.life.number}."):
        current = int(awaited.partition(".")[2])
    for number in range(current, -1, -1) if current >= 0 else range(last):
        path = f"{visit.path}.chain[{number}]"
        try:
            job = step_member(visit.line, number, parts=look.reads.parts)
        except OutOfReads:
            known = State.SUCCEEDED if number < current else None
            look.facts[path] = _Fact(state=known, looked=known is not None)
            continue
        if job is None and current < 0:
            break
        _met(look, path, node.nodes[number], job, visit.line)
    found = [look.facts.get(f"{visit.path}.chain[{number}]", _Fact()) for number in range(last)]
    ended = [one.state for one in found if one.state in TERMINAL]
    good = ended.count(State.SUCCEEDED)
    return Counts(
        total=last,
        ended=len(ended),
        succeeded=good,
        failed=len(ended) - good,
        exact=all(one.looked for one in found),
    )


def _group(look: _Look, visit: _Visit, node: Group, line: Lineage) -> None:
    """Its children, since they are few."""
    parts = look.reads.parts
    found = parts.crew.each(lambda number: group_member(line, number, parts=parts), range(len(node.nodes)))
    for number, job in enumerate(found):
        path = f"{visit.path}.group[{number}]"
        if isinstance(job, OutOfReads):
            look.facts[path] = _Fact(looked=False)
        elif isinstance(job, Exception):
            raise job
        else:
            _met(look, path, node.nodes[number], job, line)


def _met(look: _Look, path: str, node: Node, job: Job | None, around: Lineage) -> None:
    """A child's row was found, or is not there."""
    look.facts[path] = _Fact(job=job, state=None if job is None else job.state)
    if job is None:
        return
    if isinstance(node, Step):
        _step_in(look, path, job)
        return
    line = Lineage(life=lives(job)[0], earlier=tuple(lives(job)[1:])) if lives(job) else None
    if line is not None and around.earlier:  # it may stand for one that was there before it
        try:
            args = arguments_of(job, parts=look.reads.parts)
            line = lineage(job, args, parts=look.reads.parts)
        except (OutOfReads, PayloadMissing):
            look.facts[path].looked = False
    look.ahead.append(_Visit(path=path, node=node, row=job, line=line))


def _step_in(look: _Look, path: str, job: Job) -> None:
    """What the task of a step has returned, if that was a workflow: its one child."""
    if job.awaits is None or not lives(job):
        return
    life = lives(job)[0]
    try:
        spot = Position(parent=job.id, life=life.number, number=0, step=True)
        child = look.reads.parts.store.read(spot.job_id(life.began))
        if child is None:
            return
        if child.task != WORKFLOW.name:  # it returned a single step
            below: Node = Step(task=child.task)
            look.facts[f"{path}.became"] = _Fact(job=child, state=child.state)
            look.facts[path].became = below
            _step_in(look, f"{path}.became", child)
            return
        args = arguments_of(child, parts=look.reads.parts)
        below = rooted(read_node(args.get("workflow")))
        line = lineage(child, args, parts=look.reads.parts) if lives(child) else None
    except OutOfReads:
        look.facts[path].looked = False
        return
    except (PayloadMissing, InvalidInput):
        return
    look.facts[path].became = below
    look.ahead.append(_Visit(path=f"{path}.became", node=below, row=child, line=line))


def _assembled(path: str, node: Node, facts: dict[str, _Fact]) -> Seen:
    fact = facts.get(path, _Fact())
    nodes: tuple[Seen, ...] = ()
    if isinstance(node, Chain | Group) and (isinstance(node, Chain) or len(node.nodes) <= LISTED):
        word = "chain" if isinstance(node, Chain) else "group"
        nodes = tuple(
            _assembled(f"{path}.{word}[{number}]", one, facts) for number, one in enumerate(node.nodes)
        )
    counts = fact.counts
    if counts is None and not isinstance(node, Step):
        counts = Counts(total=planned_total(node))
    return Seen(
        path=path,
        node=node,
        job=fact.job,
        state=fact.state,
        looked=fact.looked,
        counts=counts,
        nodes=nodes,
        became=None if fact.became is None else _assembled(f"{path}.became", fact.became, facts),
    )
