"""Quotas: at most so many jobs of a tenant, and so many bytes of their arguments, are accepted in any period. An item counts each, by slices of
the period. How many may be there that have not ended is counted in `unfinished`.

Coarser than a throttle: a place is free again when its whole slice is over. So never more than the limit are accepted in any period, and
whoever is refused may have to wait a tenth of the period longer than a finer count would say.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import accumulate

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import JoblineError, OverQuota, Throttled, Unavailable
from chalicelib.domain.flow import Throttle
from chalicelib.pipeline.asked import Asked
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test, from_ms, to_ms
from chalicelib.pipeline.keyed import known
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import PACE, patience
from chalicelib.pipeline.tenant_limits import TenantLimits
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

    A request whose idempotency key stands for a job already takes no place. One read and one write for all requests of a tenant, for each of
    its quotas of a period.
    """
    answers = list(asked)
    limited = [
        (place, one, limits)
        for place, one in enumerate(asked)
        if isinstance(one, Asked)
        and (limits := limits_at_the_door(one.how.tenant, parts)) is not None
        and limits.counted
    ]
    wanted: dict[str, dict[int, Asked]] = defaultdict(dict)
    there = parts.crew.each(lambda each: known(each[1], parts), limited)
    for (place, one, limits), job in zip(limited, there, strict=True):
        if isinstance(job, JoblineError):
            answers[place] = job
        elif isinstance(job, Exception):
            raise job
        elif job is None:
            wanted[limits.tenant][place] = one
    limits_by_name = {limits.tenant: limits for _, _, limits in limited}
    for tenant, requests in wanted.items():
        for quota in (_accepted, _bytes, _unfinished):
            for place, refusal in _told(quota, limits_by_name[tenant], requests, parts).items():
                answers[place] = refusal
                del requests[place]
    return answers


Requests = Mapping[int, Asked]
"""One tenant's, by their places in the list."""

Refused = dict[int, Exception]
Quota = Callable[[TenantLimits, Requests, Parts], Refused]
"""Takes the places of those requests for which there are any; the others, each with its error."""


def _told(quota: Quota, limits: TenantLimits, requests: Requests, parts: Parts) -> Refused:
    try:
        return quota(limits, requests, parts) if requests else {}
    except JoblineError as error:
        return dict.fromkeys(requests, error)


def _accepted(limits: TenantLimits, requests: Requests, parts: Parts) -> Refused:
    policy, tenant = limits.accepted, limits.tenant
    if policy is None:
        return {}
    got, after = take(Spot(f"quota#{tenant}", "accepted"), policy, [1] * len(requests), parts)
    who = f"quota accepted: tenant {tenant} accepts {{}} jobs"
    return {place: Throttled(policy.limit, policy.per, after, who=who) for place in [*requests][got:]}


def _bytes(limits: TenantLimits, requests: Requests, parts: Parts) -> Refused:
    policy, tenant = limits.bytes, limits.tenant
    if policy is None:
        return {}
    sizes = {place: len(one.text.encode()) for place, one in requests.items()}
    refused: Refused = {}
    for place, size in sizes.items():
        if size > policy.limit:
            why = f"tenant {tenant} may send {policy.limit:,} bytes of arguments, and these are {size:,}"
            refused[place] = OverQuota("bytes", why)
    left = [place for place in sizes if place not in refused]
    if left:
        spot = Spot(f"quota#{tenant}", "bytes")
        got, after = take(spot, policy, [sizes[place] for place in left], parts)
        who = f"quota bytes: tenant {tenant} accepts {{}} bytes of arguments"
        refused |= {place: Throttled(policy.limit, policy.per, after, who=who) for place in left[got:]}
    return refused


def _unfinished(limits: TenantLimits, requests: Requests, parts: Parts) -> Refused:
    most, tenant = limits.unfinished, limits.tenant
    if most is None:
        return {}
    from chalicelib.pipeline import unfinished  # few tenants have it

    got = unfinished.take_places(tenant, most, [one.job_id for one in requests.values()], parts)
    who = f"quota unfinished: tenant {tenant} may have {{}} jobs that have not ended; they are counted once"
    return {
        place: Throttled(most, unfinished.AGAIN, unfinished.AGAIN, who=who) for place in [*requests][got:]
    }


def take(spot: Spot, policy: Throttle, sizes: Sequence[int], parts: Parts) -> tuple[int, timedelta]:
    """Take places for the first of these, which need so many each: how many of them there were places for, and how long until there are
    some for the next. Raises `Unavailable`.

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
        sums = list(accumulate(sizes))
        got = bisect_right(sums, policy.limit - sum(counts.values()))
        following = sizes[got] if got < len(sizes) else 1
        if not got:
            return 0, _until_free(counts, current, policy.limit - following, width, now)
        counts[current] = counts.get(current, 0) + sums[got - 1]
        answer = patience(parts)(parts.items.write, spot, _edit(fields, counts, width, mark, policy, now))
        if isinstance(answer, Kept) or answer.fields.get("mark") == mark:
            return got, _until_free(counts, current, policy.limit - following, width, now)
        fields = answer.fields
        parts.world.pause(PACE.wait(attempt, parts.world.luck()))
    raise Unavailable(f"too many take of {spot.shelf} at once")


def _until_free(counts: Counts, current: int, most: int, width: int, now: int) -> timedelta:
    """How long until slices enough are over that no more than `most` are taken."""
    left = sum(counts.values())
    for number in sorted(counts):
        left -= counts[number]
        if left <= most:
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
