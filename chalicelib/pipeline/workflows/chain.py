"""What a chain does in an attempt of its own: start the next step with what the last one came to, and wait for it."""

from chalicelib.domain.job import Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Chain, Node, Step
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.children import (
    Given,
    child_job,
    failed,
    is_over,
    put,
    read_child,
    result,
    result_text,
)
from chalicelib.pipeline.workflows.gather import told_of
from chalicelib.pipeline.workflows.join import join
from chalicelib.pipeline.workflows.lineage import Lineage
from chalicelib.pipeline.workflows.places import Life, Position, lives


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """This step has its row now, or has it still: wait for it."""

    position: Position
    steps: int


def step_on(job: Job, chain: Chain, given: Given | None, line: Lineage, *, parts: Parts) -> Begun | str:
    """Start the next step; or the last one's result as JSON, when that has ended.

    Raises `ChildFailed`, `UnknownTask`, `InvalidInput`, `PayloadMissing`, `Unavailable`.
    """
    life = line.life
    last = len(chain.nodes) - 1
    if job.awaits is None:
        number, before, done = _first_to_do(chain, line, given, parts)
        if number > last and done is not None:
            return result_text(done, parts=parts)
    else:
        number = int(job.awaits.partition(".")[2])
        child = read_child(_position(life, number), life.began, parts=parts)
        if child is None or failed(child):
            raise told_of(child, f"step {number}", parts)
        if not is_over(child):
            return Begun(position=_position(life, number), steps=len(chain.nodes))
        if number == last:
            return result_text(child, parts=parts)
        number, before = number + 1, result(child, parts=parts)
    position = _position(life, number)
    since = _in_whose_stead(chain.nodes[number], line, number, parts)
    put(
        [child_job(job, chain.nodes[number], before, position, life.began, since=since, parts=parts)],
        parts=parts,
    )
    return Begun(position=position, steps=len(chain.nodes))


def _position(life: Life, number: int) -> Position:
    return Position(parent=life.workflow, life=life.number, number=number, step=True)


def _first_to_do(
    chain: Chain, line: Lineage, given: Given | None, parts: Parts
) -> tuple[int, Given | None, Job | None]:
    """The first step that has not succeeded in an earlier life, what came before it, and the row of the step before."""
    before, done = given, None
    for number in range(len(chain.nodes)):
        row = _succeeded(line, number, parts)
        if row is None:
            return number, before, done
        before, done = result(row, parts=parts), row
    return len(chain.nodes), before, done


def _succeeded(line: Lineage, number: int, parts: Parts) -> Job | None:
    """The row by which that step succeeded, in the newest life in which it did. Raises `Unavailable`."""
    for life in line.earlier:
        row = read_child(_position(life, number), life.began, parts=parts)
        if row is not None and row.state is State.SUCCEEDED:
            return row
    return None


def _in_whose_stead(node: Node, line: Lineage, number: int, parts: Parts) -> str | None:
    """The workflow that was this step in the life before this one: what has succeeded in it need not be done again."""
    if isinstance(node, Step):
        return None
    for life in line.earlier:
        row = read_child(_position(life, number), life.began, parts=parts)
        if row is not None:
            return row.id
    return None


def look(row: Job, *, parts: Parts) -> None:
    """Go on, if the step that the row waits for has ended meanwhile: nobody may have told it. Raises `Unavailable`."""
    life = lives(row)[0]
    position = _position(life, int((row.awaits or ".0").partition(".")[2]))
    if is_over(read_child(position, life.began, parts=parts)):
        join(row.id, position.awaited, parts=parts)
