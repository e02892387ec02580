"""A page of one tenant's dead jobs, from an index that holds everybody's."""

from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.redrive import DeadFilter

READS = 25
"""Reads of the index that one page may take. A page that finds few of the tenant's among them is short and carries a cursor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadPage:
    """Some of the dead jobs, and where the next page begins; None: these were the last."""

    jobs: tuple[Job, ...]
    place: str | None


def dead_page(wanted: DeadFilter, *, limit: int, after: str | None, parts: Parts) -> DeadPage:
    """At most `limit` dead jobs that the filter takes. Each read asks for no more than still fit, so none is skipped.

    Raises `Unavailable`.
    """
    found: list[Job] = []
    for _ in range(READS):
        rows, after = patience(parts)(parts.store.dead, after, limit - len(found))
        found += [job for job in rows if wanted.takes(job)]
        if after is None or len(found) >= limit:
            break
    return DeadPage(jobs=tuple(found), place=after)
