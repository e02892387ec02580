"""The features, each used as people use it. The words of a row are what its page in docs/ calls it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.ground import FEATURES, Ground, feature
from chalicelib.domain.errors import Retry
from chalicelib.domain.flow import Concurrency, Ordered, Rate, Throttle
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.tenant_limits import TenantLimits, set_limits

__all__ = ["FEATURES"]

MANY = 10
"""Uses of each: a batch, so that a figure of one is its share."""

Begin = Callable[[], Any]
HOUR = timedelta(hours=1)


def work(number: int) -> int:
    """A plain job."""
    return number


def numbers(count: int = MANY) -> list[dict[str, int]]:
    """Arguments for so many jobs."""
    return [{"number": number} for number in range(count)]


@feature("a plain job")
def plain(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("with an idempotency key")
def keyed(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    begin()
    jobs = [job for one in numbers() for job in ground.submit(task, one, key=f"key {one['number']}")]
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("delayed by ten minutes")
def delayed(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    begin()
    jobs = ground.submit(task, *numbers(), delay=timedelta(minutes=10))
    ground.world.advance(timedelta(minutes=11))
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("due in an hour: the tick sends it")
def scheduled(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    begin()
    jobs = ground.submit(task, *numbers(), delay=HOUR)
    ground.world.advance(HOUR - timedelta(minutes=3))
    ground.later(timedelta(minutes=4))
    ground.check(jobs)
    return MANY


@feature("retried once")
def retried(ground: Ground, begin: Begin) -> int:
    def flaky(number: int) -> int:
        if current_job().attempt == 1:
            raise Retry(after=1)
        return number

    task = ground.task(flaky)
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.world.advance(timedelta(seconds=2))
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("with a follower: two jobs")
def followed(ground: Ground, begin: Begin) -> int:
    def after(job: dict[str, Any]) -> None:
        """What follows."""

    task = ground.task(work, on_success=ground.task(after))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("with 4 KB of arguments")
def large(ground: Ground, begin: Begin) -> int:
    def long(text: str) -> int:
        return len(text)

    task = ground.task(long)
    begin()
    jobs = ground.submit(task, *[{"text": "x" * 4000}] * MANY)
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("rate-limited, in time")
def rated(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, rate=Rate(1, HOUR, key=("number",)))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("of a tenant with a rate and slots")
def of_limited_tenant(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    limits = TenantLimits(tenant="ann", rate=Rate(MANY, HOUR, burst=MANY), concurrency=Concurrency(MANY))
    set_limits(limits, by="", parts=ground.parts)
    ground.world.advance(timedelta(minutes=1))
    begin()
    jobs = ground.submit(task, *numbers(), tenant="ann")
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("of a tenant with a quota")
def of_tenant_with_quota(ground: Ground, begin: Begin) -> int:
    return _limited(ground, begin, TenantLimits(tenant="bob", accepted=Throttle(MANY, HOUR)))


@feature("of a tenant with a quota of bytes")
def of_tenant_with_quota_of_bytes(ground: Ground, begin: Begin) -> int:
    return _limited(ground, begin, TenantLimits(tenant="bob", bytes=Throttle(1000, HOUR)))


@feature("of a tenant with a quota of unfinished jobs")
def of_tenant_with_quota_of_unfinished(ground: Ground, begin: Begin) -> int:
    return _limited(ground, begin, TenantLimits(tenant="bob", unfinished=3 * MANY))


def _limited(ground: Ground, begin: Begin, limits: TenantLimits) -> int:
    task = ground.task(work)
    set_limits(limits, by="", parts=ground.parts)
    ground.world.advance(timedelta(minutes=1))
    begin()
    jobs = [job for one in numbers() for job in ground.submit(task, one, tenant="bob")]
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("rate-limited, has to wait")
def held(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, rate=Rate(1, timedelta(minutes=1)))
    ground.submit(task, *numbers(1))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.later(timedelta(minutes=MANY + 1))
    ground.check(jobs)
    return MANY


@feature("with a slot, free")
def slotted(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, concurrency=Concurrency(MANY))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("with a slot, has to wait")
def queued_up(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, concurrency=Concurrency(1))
    blocker = ground.hold(task, numbers(1)[0])
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.world.advance(timedelta(seconds=10))
    blocker()
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("ordered, alone in its group")
def alone(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, ordered=Ordered(key=("number",)))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("ordered, in line")
def in_line(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, ordered=Ordered())
    blocker = ground.hold(task, numbers(1)[0])
    begin()
    jobs = ground.submit(task, *numbers())
    ground.world.advance(timedelta(seconds=10))
    blocker()
    ground.drain()
    ground.check(jobs)
    return MANY
