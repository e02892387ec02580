"""Quotas: at most so many jobs of a tenant are accepted in any period. One item counts them by slices of the period.

Coarser than a throttle: a place is free again when its whole slice is over. So never more than the limit are accepted in any period, and
whoever is refused may have to wait a tenth of the period longer than a finer count would say.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import JoblineError, Throttled, Unavailable
from chalicelib.domain.flow import Throttle
from chalicelib.pipeline.asked import Asked
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test, from_ms, to_ms
from chalicelib.pipeline.keyed import known
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import PACE, patience
from chalicelib.pipeline.tenants import limits_at_the_door
from chalicelib.pipeline.throttle import CLOCKS

SLICES = 10
"""Into how many slices a period is cut; the item holds one more."""

ROUNDS = 30
"""How often others may count between our reading and our counting."""

Counts = dict[int, int]
"""How many were accepted in each slice, by the number of the slice since 1970."""


def within_quotas(asked: Sequence[Asked | Exception], parts: Parts) -> list[Asked | Exception]:
    """The requests, in their order; those beyond their tenant's quota, which are the later ones, are now `Throttled`.

    A request whose idempotency key stands for a job already takes no place. One read and one write for all requests of a tenant.
    """
    answers = list(asked)
    limited = [
        (place, one, quota)
        for place, one in enumerate(asked)
        if isinstance(one, Asked) and (quota := _quota(one.how.tenant, parts)) is not None
    ]
    wanted: dict[tuple[str, Throttle], list[int]] = defaultdict(list)
    there = parts.crew.each(lambda each: known(each[1], parts), limited)
    for (place, one, quota), job in zip(limited, there, strict=True):
        if isinstance(job, JoblineError):
            answers[place] = job
        elif isinstance(job, Exception):
            raise job
        elif job is None:
            wanted[one.how.tenant, quota].append(place)
    for (tenant, quota), places in wanted.items():
        for place, refusal in _refused(tenant, quota, places, parts).items():
            answers[place] = refusal
    return answers


def _quota(tenant: str, parts: Parts) -> Throttle | None:
    limits = limits_at_the_door(tenant, parts)
    return None if limits is None else limits.accepted


def _refused(tenant: str, policy: Throttle, places: list[int], parts: Parts) -> dict[int, Exception]:
    """Those for which there is no place, each with its error."""
    try:
        got, after = take(Spot(f"quota#{tenant}", "accepted"), policy, len(places), parts)
    except JoblineError as error:
        return dict.fromkeys(places, error)
    return {
        place: Throttled(policy.limit, policy.per, after, who=f"tenant {tenant} accepts {{}} jobs")
        for place in places[got:]
    }


def take(spot: Spot, policy: Throttle, wanted: int, parts: Parts) -> tuple[int, timedelta]:
    """Take up to so many places of those that are counted there: how many there were, and how long until there is one more. Raises `Unavailable`.

    Whoever takes a place and dies before its row leaves one place less for the period.
    """
    mark = parts.world.token()
    width = -(-to_ms(from_ms(0) + policy.per) // SLICES)
    fields = patience(parts)(parts.items.read, spot)
    for attempt in range(1, ROUNDS + 1):
        now = to_ms(parts.world.now())
        counts = _counts(fields, width)
        current = max([now // width, *counts])  # never back, whatever the clocks say
        counts = {number: count for number, count in counts.items() if number >= current - SLICES}
        got = max(0, min(wanted, policy.limit - sum(counts.values())))
        after = _until_free(counts, current, policy, width, now)
        if not got:
            return 0, after
        counts[current] = counts.get(current, 0) + got
        answer = patience(parts)(parts.items.write, spot, _edit(fields, counts, width, mark, policy, now))
        if isinstance(answer, Kept) or answer.fields.get("mark") == mark:
            return got, _until_free(counts, current, policy, width, now)
        fields = answer.fields
        parts.world.pause(PACE.wait(attempt, parts.world.luck()))
    raise Unavailable(f"too many take of {spot.shelf} at once")


def _until_free(counts: Counts, current: int, policy: Throttle, width: int, now: int) -> timedelta:
    """How long until slices enough are over that there is a place."""
    left = sum(counts.values())
    for number in sorted(counts):
        left -= counts[number]
        if left < policy.limit:
            over = (number + SLICES + 1) * width
            return timedelta(milliseconds=max(1, over - now))
    return timedelta(milliseconds=max(1, (current + SLICES + 1) * width - now))


def _counts(fields: Fields, width: int) -> Counts:
    """What the item holds. A slice of another width counts as of its end, or of the last count."""
    lines = fields.get("counts", ())
    assert isinstance(lines, tuple), "counts are lines"
    before, last = int(str(fields.get("width", width))), int(str(fields.get("at", 0)))
    counts: Counts = {}
    for line in lines:
        number, _, count = line.partition(" ")
        end = (int(number) + 1) * before - 1
        same = int(number) if before == width else min(end, last) // width
        counts[same] = counts.get(same, 0) + int(count)
    return counts


def _edit(fields: Fields, counts: Counts, width: int, mark: str, policy: Throttle, now: int) -> Edit:
    seen = fields.get("mark")
    unchanged: Test = Missing("mark") if seen is None else Equals("mark", seen)
    lines = tuple(f"{number} {count}" for number, count in sorted(counts.items()))
    until = from_ms((max(counts) + 1) * width) + policy.per + CLOCKS
    at = max(now, int(str(fields.get("at", 0))))
    wanted: Fields = {"counts": lines, "width": width, "at": at, "mark": mark}
    return Edit(where=((unchanged,),), set=wanted, until=until)
