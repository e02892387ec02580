"""Which jobs a release takes next: of those that were dead when it was made, page by page through the list of the dead."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.domain.lifecycle import marked
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.release import Release, other_args

PAGE = 100
READS = 50
"""Pages of the list that one step may read. What it has not come to is left to the next minute."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a page holds for the release."""

    good: Sequence[Job]
    bad: Sequence[tuple[Job, InvalidInput]]  #: the new arguments do not fit


def choose(release: Release, room: int, *, until: datetime, parts: Parts) -> Release:
    """The release with up to `room` jobs as its wave, and the place where the next ones are to be looked for.

    What there was no room for is found in another pass. The list lags behind what happens, so what ends the release is a whole pass that
    finds nothing.
    """
    wave: tuple[str, ...] = ()
    for _ in range(READS):
        rows, after = patience(parts, until)(parts.store.dead, release.place or None, PAGE)
        page = look(release, [row for row in rows if row.id not in wave], parts)
        some = [job.id for job in page.good[: room - len(wave)]]
        wave += tuple(some)
        # Those that were found count, taken or not: both have to be looked for again.
        release = replace(release, wave=wave, fruit=release.fruit + len(page.good))
        release = replace(_past(release, page, parts), place=after or "")
        if after is None and release.fruit == 0:
            return replace(release, over=1)
        if after is None:
            release = replace(release, fruit=0, passes=release.passes + 1)
        if len(wave) == room:
            return release
    return release


def look(release: Release, rows: Sequence[Job], parts: Parts) -> Looked:
    """Those of a page that the release takes: read again, for the list lags, and with arguments that fit."""
    wanted = [row.id for row in rows if takes(release, row)]
    good: list[Job] = []
    bad: list[tuple[Job, InvalidInput]] = []
    for answer in parts.crew.each(lambda job_id: _checked(release, job_id, parts), wanted):
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Job):
            good.append(answer)
        elif answer is not None:
            bad.append(answer)
    return Looked(good, bad)


def takes(release: Release, row: Job) -> bool:
    """Whether the job died before the release was made, is what it wants, and was not redriven by it before."""
    return (
        row.state is State.DEAD
        and not row.outbox
        and release.wanted.takes(row)
        and row.history[-1].at < release.made
        and not marked(row, release.id)
    )


def _checked(release: Release, job_id: str, parts: Parts) -> Job | tuple[Job, InvalidInput] | None:
    row = patience(parts)(parts.store.read, job_id)
    if row is None or not takes(release, row):
        return None
    try:
        other = other_args(release, parts)
        if other is not None:
            other.of(row, parts)
    except InvalidInput as error:
        return row, error
    return row


def _past(release: Release, page: Looked, parts: Parts) -> Release:
    """A page is done with. Those whose arguments do not fit are counted in the first pass only: they stay where they are."""
    if not page.bad or release.passes:
        return release
    job, error = page.bad[-1]
    why = error.argument if parts.sealer.on else error  # which may repeat what it was given
    return replace(release, refused=release.refused + len(page.bad), refusal=f"{job.id}: {why}"[:300])
