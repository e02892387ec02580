"""All lives that a workflow can go on from: its own, and those of the one in whose stead it was made when what is around that was retried."""

from typing import Any

from chalicelib.domain.errors import InvalidInput, PayloadMissing
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import args_of
from chalicelib.pipeline.workflows.places import Life, lives

MOST = 100
"""How many of its predecessors a workflow knows. What succeeded before those is done again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """The life that a workflow is in, and those before it, the newest first."""

    life: Life
    earlier: tuple[Life, ...] = ()

    @property
    def all(self) -> tuple[Life, ...]:
        """This one, and those before it."""
        return (self.life, *self.earlier)


def lineage(job: Job, args: dict[str, Any], *, parts: Parts) -> Lineage:
    """Its lives, and its predecessors'. One that is gone, or was another workflow, ends the line. Raises `Unavailable`."""
    life, *earlier = lives(job)
    since, wanted = args.get("since"), args.get("workflow")
    for _ in range(MOST):
        if since is None:
            break
        row = patience(parts)(parts.store.read, since)
        if row is None or row.tenant != job.tenant or row.task != WORKFLOW.name:
            break
        before = _args(row, parts)
        if before is None or before.get("workflow") != wanted:
            break
        earlier += lives(row)
        since = before.get("since")
    return Lineage(life=life, earlier=tuple(earlier))


def _args(row: Job, parts: Parts) -> dict[str, Any] | None:
    try:
        found = patience(parts)(load, row.args, whose=args_of(row), parts=parts)
    except (PayloadMissing, InvalidInput):
        return None
    return found if isinstance(found, dict) else None
