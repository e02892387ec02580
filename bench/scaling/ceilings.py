"""How many jobs a second each part can carry for good, by itself: the lowest is the stage's ceiling."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.scaling.limits import BATCH, Limits, Settings
from bench.scaling.stage import ACCEPT, CLAIM, SETTLE
from chalicelib.adapters.aws.keys import SHARDS

REMEDIES: Mapping[str, str] = {
    "door": "submit in batches of up to 1,000; or ask AWS for more requests a second",
    "the table's warmth": "set the table's warm throughput before a known peak (docs/operations.md, Capacity)",
    "partition keys": "more characters of the id in the partition key, in a new stage; or a second stage",
    "growth of consumers": "nothing to set for SQS; keep some load on the lane, or let the first jobs wait",
    "consumers": "the lane's `concurrency` (chalicelib/lanes.py), then the account's; or shorter tasks",
    "tick": "more memory for the tick; jobs that wait long are only looked after later",
    "delays": "it is the index of appointments: delays over 15 minutes, deaths, redrives; more shards in a new stage",
}
"""What moves each limit. `bound` of an outcome names them by these words."""


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """One limit."""

    what: str
    how: str
    jobs: float
    """A second."""


def ceilings(limits: Limits, settings: Settings, *, task_seconds: float) -> list[Ceiling]:
    """Of a stage that has been warm for long, the lowest first."""
    keys, writes = settings.partition_keys, limits.partition_writes
    consumers = min(settings.consumers or limits.account_concurrency, limits.mapping_consumers)
    batch = task_seconds + limits.batch_seconds
    found = [
        Ceiling(
            what="door",
            how=f"{limits.door_requests:,.0f} requests × {settings.jobs_a_request} jobs",
            jobs=limits.door_requests * settings.jobs_a_request,
        ),
        Ceiling(
            what="partition keys",
            how=f"{keys} × {writes:,.0f} write units ÷ {ACCEPT + CLAIM + SETTLE:.0f}",
            jobs=keys * writes / (ACCEPT + CLAIM + SETTLE),
        ),
        Ceiling(
            what="consumers",
            how=f"{consumers:,.0f} × {BATCH} jobs ÷ {batch:g} s",
            jobs=consumers * BATCH / batch,
        ),
        Ceiling(
            what="delays",
            how=f"{SHARDS} shards × {writes:,.0f} ÷ 2, of jobs with an appointment",
            jobs=SHARDS * writes / 2,
        ),
    ]
    return sorted(found, key=lambda one: one.jobs)
