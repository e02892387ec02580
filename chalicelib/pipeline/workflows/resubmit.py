"""A chain once more, from one of its steps on: a workflow of its own, whose input is what the step before came to in the old one."""

from chalicelib.domain.errors import InvalidInput, NotPossible, PayloadMissing
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.domain.workflow import Chain
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.enqueue import JobRequest
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.workflows.children import Given, read_child, result
from chalicelib.pipeline.workflows.found import arguments_of
from chalicelib.pipeline.workflows.lineage import Lineage, lineage
from chalicelib.pipeline.workflows.places import Position, lives
from chalicelib.pipeline.workflows.reading import read_node, to_json


def from_step(old: Job, first: int, *, key: str | None, parts: Parts) -> JobRequest:
    """What is to be submitted. It is told to the same as the old one was, under the same tags; the old one stays as it is.

    Raises `NotPossible`, `InvalidInput` for a step that it has not, `Unavailable`.
    """
    if old.task != WORKFLOW.name:
        raise NotPossible(f"{old.label()} became a workflow while it ran: submit it anew")
    if old.state not in TERMINAL:
        raise NotPossible(f"workflow {old.id} is {old.state}: wait for its end, or cancel it first")
    try:
        args = arguments_of(old, parts=parts)
        node = read_node(args.get("workflow"))
        if not isinstance(node, Chain):
            raise NotPossible(f"workflow {old.id} is no chain: it has no steps")
        if first >= len(node.nodes):
            raise InvalidInput("from", f"{first}, and its steps are 0 to {len(node.nodes) - 1}")
        given = _before(old, args, first, parts)
    except PayloadMissing as error:
        raise NotPossible(f"what workflow {old.id} had is gone: {error}") from error
    rest = to_json(Chain(nodes=node.nodes[first:]))
    how = Submission(
        tenant=old.tenant,
        lane=old.lane,
        tags=old.tags,
        key=key,
        on_success=old.on_success,
        on_failure=old.on_failure,
        webhook=old.webhook,
        events=old.events,
    )
    return JobRequest(
        task=WORKFLOW.name,
        args={"workflow": rest, **({} if given is None else {"input": given.value})},
        how=how,
    )


def _before(old: Job, args: dict[str, object], first: int, parts: Parts) -> Given | None:
    """What the first step gets. Raises `NotPossible`, `PayloadMissing`, `Unavailable`."""
    if first == 0:
        return Given(args["input"]) if "input" in args else None
    row = _succeeded(lineage(old, args, parts=parts) if lives(old) else None, first - 1, parts)
    if row is None:
        raise NotPossible(f"step {first - 1} of workflow {old.id} has not succeeded, or is forgotten")
    return result(row, parts=parts)


def _succeeded(line: Lineage | None, number: int, parts: Parts) -> Job | None:
    """The row by which that step succeeded, in whichever life."""
    for life in () if line is None else line.all:
        spot = Position(parent=life.workflow, life=life.number, number=number, step=True)
        row = read_child(spot, life.began, parts=parts)
        if row is not None and row.state is State.SUCCEEDED:
            return row
    return None
