"""Another life for all dead jobs that a filter names: bounded in number and in time, each answered for itself."""

from datetime import timedelta

from chalicelib.domain.errors import JoblineError
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.redrive import DeadFilter, matching, redrive

SCAN = 5000
"""Dead jobs of all tenants that one request looks through."""

TIME = timedelta(seconds=20)
"""After this no further jobs are begun: API Gateway ends a request after 29 s."""

AT_ONCE = 50
"""Jobs between two looks at the clock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Redriving:
    """What was done, or with a dry run would be. `more`: there may be further jobs; ask again, from `place` on."""

    redriven: tuple[Job, ...]
    refused: tuple[tuple[Job, JoblineError], ...]
    more: bool
    place: str | None = None


def redrive_many(
    wanted: DeadFilter, *, limit: int, dry_run: bool, parts: Parts, after: str | None = None, who: str = ""
) -> Redriving:
    """Redrive at most `limit` of the jobs. One that is refused, or that a service fails for, stops no other.

    Raises `Unavailable` when the jobs cannot be listed.
    """
    began = parts.world.now()
    found = matching(wanted, limit=limit, scan=SCAN, parts=parts, after=after)
    chosen, more, place = found.jobs, found.more, found.place
    if dry_run:
        return Redriving(redriven=chosen, refused=(), more=more, place=place)
    done: list[Job] = []
    refused: list[tuple[Job, JoblineError]] = []
    for start in range(0, len(chosen), AT_ONCE):
        if parts.world.now() - began >= TIME:
            more, place = True, after  # what was chosen and not begun lies before
            break
        some = chosen[start : start + AT_ONCE]
        answers = parts.crew.each(
            lambda job: redrive(job.id, tenant=wanted.tenant, parts=parts, who=who), some
        )
        for job, answer in zip(some, answers, strict=True):
            if isinstance(answer, Job):
                done.append(answer)
            elif isinstance(answer, JoblineError):
                refused.append((job, answer))
            else:
                raise answer
    return Redriving(redriven=tuple(done), refused=tuple(refused), more=more, place=place)
