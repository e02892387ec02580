"""Dead jobs, redriven. See docs/redrive.md."""

from datetime import timedelta

from bench.ground import Ground, feature
from bench.uses import MANY, Begin, numbers
from chalicelib.pipeline.redrive import DeadFilter, redrive
from chalicelib.pipeline.release_change import find_release, make_release

BAD = [True]


def mended(number: int) -> int:
    """Fails until somebody mends it."""
    if BAD[0]:
        raise ValueError(number)
    return number


def _dead(ground: Ground, tenant: str) -> list[str]:
    BAD[0] = True
    task = ground.task(mended, max_attempts=1)
    jobs = ground.submit(task, *numbers(), tenant=tenant)
    ground.drain()
    BAD[0] = False
    ground.world.advance(timedelta(seconds=1))
    return [job.id for job in jobs]


@feature("a dead job, retried by hand")
def retried_by_hand(ground: Ground, begin: Begin) -> int:
    ids = _dead(ground, "hand")
    begin()
    for job_id in ids:
        redrive(job_id, tenant="hand", parts=ground.parts)
    ground.drain()
    return MANY


@feature("a dead job, by a release of ten")
def released(ground: Ground, begin: Begin) -> int:
    _dead(ground, "release")
    begin()
    wanted = DeadFilter(tenant="release")
    made = make_release(wanted, None, rate=60, stop_at=20, by="bench", parts=ground.parts)
    ground.later(timedelta(minutes=4))
    assert find_release(made.id, tenant="release", parts=ground.parts).succeeded == MANY, "it is done"
    return MANY
