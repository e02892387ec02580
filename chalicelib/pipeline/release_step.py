"""The minute's step of a release: redrive the wave that was chosen, see what became of those before, choose the next one, or stop.

A wave is written down before the first of it is redriven, and each redrive carries the release's id into the job's history. So whoever
goes on after a crash knows what was chosen, and the row says whether it was done: no job is redriven twice for one release.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.errors import CallerError, PayloadMissing
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.domain.lifecycle import marked
from chalicelib.pipeline.items import Spot, to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.release import WAVES, Phase, Release, other_args, read, save
from chalicelib.pipeline.release_choice import choose

STEP = timedelta(seconds=50)
"""A release is looked after by every tick; a little less than a minute, for ticks are not on the second."""

SLACK = timedelta(seconds=5)
MOST_OPEN = 1000
"""Jobs of a release that have not ended: with more, it waits. Their ids lie in its item, and are looked at each minute."""

CHUNK = 50
"""Jobs between two looks at whether a person has paused or stopped it."""

ENOUGH = 10
"""Jobs that have ended before a share of them means anything, once the first waves are over."""


def advance(spot: Spot, until: datetime, parts: Parts) -> None:
    """Do one step. Whatever is not done when this stops is done by the next one. Raises `Unavailable`."""
    release = read(spot, patience(parts, until)(parts.items.read, spot))
    if release is None:
        return
    if release.phase != Phase.RUNNING:
        _settled(release, until, parts)
        return
    for act in (_redriven, _watched, _chosen, _redriven):
        after = act(release, until, parts)
        if after is None:
            return  # somebody else has changed it, or there is no time left: the appointment stays
        release = after
        if release.phase != Phase.RUNNING:
            return


def _settled(release: Release, until: datetime, parts: Parts) -> None:
    """Somebody has paused or stopped it: it is looked after no more. What of a wave was done before that is counted when it is stopped."""
    after = release
    if release.phase == Phase.STOPPED and release.wave:
        rows = parts.crew.each(lambda job_id: patience(parts, until)(parts.store.read, job_id), release.wave)
        done = tuple(row.id for row in rows if isinstance(row, Job) and marked(row, release.id))
        after = replace(release, wave=(), open=(*release.open, *done), taken=release.taken + len(done))
    save(release, after, due=None, until=until, parts=parts)


def _saved(before: Release, after: Release, until: datetime, parts: Parts) -> Release | None:
    running = after.phase == Phase.RUNNING
    due = parts.world.now() + STEP if running else None
    return save(before, after, due=due, until=until, parts=parts)


def _redriven(release: Release, until: datetime, parts: Parts) -> Release | None:
    """Redrive the wave, and then take it among those that are watched."""
    if not release.wave:
        return release
    done: list[str] = []
    for start in range(0, len(release.wave), CHUNK):
        if parts.world.now() >= until or (start and not _still(release, until, parts)):
            return None
        some = release.wave[start : start + CHUNK]
        answers = parts.crew.each(lambda job_id: _redrive(release, job_id, parts), some)
        for job_id, answer in zip(some, answers, strict=True):
            if isinstance(answer, Exception):
                raise answer
            done += [job_id] if answer else []
    after = replace(
        release,
        wave=(),
        open=(*release.open, *done),
        taken=release.taken + len(done),
        skipped=release.skipped + len(release.wave) - len(done),
        stage_size=release.stage_size + len(done),
    )
    return _saved(release, after, until, parts)


def _redrive(release: Release, job_id: str, parts: Parts) -> bool:
    """Redrive one. False: it could not be, and is left as it is."""
    try:
        redrive(
            job_id,
            tenant=release.tenant,
            parts=parts,
            other=other_args(release, parts),
            by=release.id,
            who=release.by,
        )
    except (CallerError, PayloadMissing):
        return False
    return True


def _still(release: Release, until: datetime, parts: Parts) -> bool:
    """Whether nobody has changed it meanwhile."""
    return patience(parts, until)(parts.items.read, release.spot).get("turn") == release.turn


def _watched(release: Release, until: datetime, parts: Parts) -> Release | None:
    """See which of the watched ones have ended, and how; stop when too many have died again, end when there is nothing left."""
    rows = parts.crew.each(lambda job_id: patience(parts, until)(parts.store.read, job_id), release.open)
    open_, succeeded, died = [], 0, 0
    for job_id, row in zip(release.open, rows, strict=True):
        if isinstance(row, Exception):
            raise row
        if row is not None and row.state not in TERMINAL:
            open_.append(job_id)
        succeeded += row is not None and row.state is State.SUCCEEDED
        died += row is not None and row.state is State.DEAD
    ended = len(release.open) - len(open_)
    after = replace(
        release,
        open=tuple(open_),
        succeeded=release.succeeded + succeeded,
        died=release.died + died,
        other=release.other + ended - succeeded - died,
        stage_ended=release.stage_ended + ended,
        stage_died=release.stage_died + died,
    )
    after = judged(after)
    return release if after == release else _saved(release, after, until, parts)


def judged(release: Release) -> Release:
    """The release, stopped if too many of its jobs died again, or done if all have ended and no others are left."""
    base = release.stage_size if release.canary else max(ENOUGH, release.stage_ended)
    if release.stage_died * 100 > release.stop_at * base:
        why = f"{release.stage_died} of {base} jobs died again, more than {release.stop_at} %"
        return replace(release, phase=Phase.STOPPED, why=why)
    if release.over and not release.open and not release.wave:
        return replace(release, phase=Phase.DONE, why="no dead job is left that it takes")
    return release


def _chosen(release: Release, until: datetime, parts: Parts) -> Release | None:
    """Choose the next wave: at once after a first one that went well, then at the rate."""
    room = 0 if release.over else room_for(release, parts.world.now())
    if room <= 0:
        return _saved(release, judged(release), until, parts)
    after = choose(release, room, until=until, parts=parts)
    if after.wave:
        after = replace(after, begun=to_ms(parts.world.now()), stage=min(release.stage + 1, len(WAVES) + 1))
    if (
        after.stage != release.stage
    ):  # each of the first waves is judged by itself, all that come after them together
        after = replace(after, stage_size=0, stage_ended=0, stage_died=0)
    return _saved(release, judged(after), until, parts)


def room_for(release: Release, now: datetime) -> int:
    """How many may be redriven now."""
    if release.stage < len(WAVES):
        return 0 if release.open else WAVES[release.stage]
    if release.stage == len(WAVES) and release.open:
        return 0
    since = timedelta(milliseconds=to_ms(now) - release.begun) + SLACK
    earned = int(release.rate * (since / timedelta(minutes=1)))
    return min(release.rate, earned, MOST_OPEN - len(release.open))
