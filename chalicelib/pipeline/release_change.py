"""What people do with releases: make one, look at it, pause, resume and stop it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.errors import InvalidInput, JoblineError, NotFound, NotPossible, Unavailable
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.dead_list import dead_jobs
from chalicelib.pipeline.ids import is_id
from chalicelib.pipeline.items import Spot, to_ms
from chalicelib.pipeline.other_args import OtherArgs
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.redrive import DeadFilter
from chalicelib.pipeline.release import SHELF, Phase, Release, read, save, whose_change
from chalicelib.pipeline.sealed_text import sealed_text

SCAN = 5000
"""Dead jobs of all tenants that a look ahead goes through."""

SAMPLE = 10
"""Jobs whose new arguments are shown, and tried, beforehand."""

MOST_RATE = 500
LONGEST_CHANGE = 16_000
LISTED = 100
"""Releases that one read of the list asks for."""

Shown = tuple[Job, dict[str, Any] | JoblineError | None]
"""A job, and its new arguments, or why they do not fit; None: they stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What a release would do. `more`: there may be further jobs than were counted."""

    jobs: int
    more: bool
    sample: Sequence[Shown]


def preview(wanted: DeadFilter, other: OtherArgs | None, *, parts: Parts) -> Preview:
    """Look ahead. Nothing is written. Raises `InvalidInput`, `Unavailable`."""
    _check_change(wanted, other)
    looked = list(dead_jobs(limit=SCAN, parts=parts))
    found = [job for job in looked if wanted.takes(job)]
    sample = [(job, _changed(job, other, parts)) for job in found[:SAMPLE]]
    return Preview(jobs=len(found), more=len(looked) == SCAN, sample=sample)


def _check_change(wanted: DeadFilter, other: OtherArgs | None) -> None:
    if other is None:
        return
    other.check()
    if wanted.task is None:
        raise InvalidInput(
            "task", "has to be given with other arguments: they are checked against its schema"
        )


def _changed(job: Job, other: OtherArgs | None, parts: Parts) -> dict[str, Any] | JoblineError | None:
    try:
        return None if other is None else other.of(job, parts)
    except InvalidInput as error:
        return error


def make_release(
    wanted: DeadFilter, other: OtherArgs | None, *, rate: int, stop_at: int, by: str, parts: Parts
) -> Release:
    """A release, running. Raises `InvalidInput`, also when the new arguments fit none of the first jobs; `NotFound` when there are none."""
    if not 1 <= rate <= MOST_RATE:
        raise InvalidInput("rate", f"{rate} is not between 1 and {MOST_RATE}")
    if not 0 <= stop_at <= 100:
        raise InvalidInput("stop_at", f"{stop_at} is not between 0 and 100")
    ahead = preview(wanted, other, parts=parts)
    if not ahead.sample and not ahead.more:  # behind many of others' there may be some
        raise NotFound("there is no dead job that the filter takes")
    errors = [why for _, why in ahead.sample if isinstance(why, InvalidInput)]
    if errors and len(errors) == len(ahead.sample):
        raise errors[0]
    now, release_id = parts.world.now(), parts.world.job_id()
    release = Release(
        id=release_id,
        tenant=wanted.tenant,
        created=to_ms(now),
        rate=rate,
        stop_at=stop_at,
        by=by,
        task=wanted.task or "",
        fingerprint=wanted.fingerprint or "",
        reason="" if wanted.reason is None else wanted.reason.value,
        change=sealed_text(_told(other), whose_change(wanted.tenant, release_id), parts) if other else "",
    )
    made = save(None, release, due=now, parts=parts)
    if made is None:
        raise Unavailable(f"release {release.id} could not be made")  # nobody else has that id
    return made


def _told(other: OtherArgs) -> str:
    given = {"args": other.args} if other.args is not None else {"patch": other.patch}
    return strict_json.write_readable(given, name=next(iter(given)), limit=LONGEST_CHANGE)


def find_release(release_id: str, *, tenant: str, parts: Parts) -> Release:
    """The release. Raises `NotFound`."""
    spot = Spot(SHELF + tenant, release_id)
    found = read(spot, patience(parts)(parts.items.read, spot)) if is_id(release_id) else None
    if found is None:
        raise NotFound(f"there is no release {release_id[:40]!r}")
    return found


def releases(*, tenant: str, limit: int, parts: Parts) -> list[Release]:
    """The newest ones first, of the last 90 days."""
    shelf, after = SHELF + tenant, ""
    found: list[Release] = []
    while True:  # the oldest come first
        page = patience(parts)(parts.items.listed, shelf, after=after, limit=LISTED)
        known = (read(Spot(shelf, key), fields) for key, fields in page)
        found = [*found, *(one for one in known if one is not None)][-limit:]
        if len(page) < LISTED:
            return found[::-1]
        after = page[-1][0]


ROUNDS = 20

_FROM = {
    Phase.PAUSED: (Phase.RUNNING,),
    Phase.RUNNING: (Phase.PAUSED,),
    Phase.STOPPED: (Phase.RUNNING, Phase.PAUSED),
}


def turn_release(release_id: str, to: Phase, *, why: str, tenant: str, parts: Parts) -> Release:
    """Pause, resume or stop it; once more is no change. What was redriven goes on. Raises `NotFound`, `NotPossible`, `Unavailable`."""
    for _ in range(ROUNDS):
        release = find_release(release_id, tenant=tenant, parts=parts)
        if release.phase == to:
            return release
        if release.phase not in _FROM[to]:
            raise NotPossible(f"the release is {release.phase}: {release.why or 'so it cannot be ' + to}")
        due = None if to is Phase.PAUSED else parts.world.now()
        after = save(release, replace(release, phase=to.value, why=why), due=due, parts=parts)
        if after is not None:
            return after
    raise Unavailable(f"release {release_id} changed {ROUNDS} times meanwhile")
