"""What so many jobs of a task will take: calls and time, worked out from what its jobs took so far. Pure arithmetic; docs/costs.md has it in words.

It is a model: each limit is looked at by itself, as if it were the only one, and the slowest says how long all of it takes. What it takes
for granted is told with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from math import ceil

from chalicelib.domain.flow import Concurrency, GateKind, Ordered, Rate, Throttle
from chalicelib.domain.job import INLINE_BYTES
from chalicelib.domain.lane import Lane
from chalicelib.domain.lean import dataclass
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.pipeline.statistics.spread import Spread, middle

MOST_JOBS = 1_000_000_000

FIRST_CONSUMERS, MORE_A_SECOND, MOST_CONSUMERS, ACCOUNT = 5, 5, 1250, 1000
"""How a mapping of a queue grows, and to how many: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""

NEW_TABLE, MOST_UNITS = 4_000, 32_000
"""Write units a second of a new table, and of a warm one: 32 partitions of a day take 1,000 each."""

BATCH_MS = 100
"""What a batch takes besides its tasks, where no history says it: claims, settles, acknowledgements."""

SEND_BATCH = 10
"""Messages that one request sends, where more than one job is submitted by one."""

SWEEP_READ_UNITS = 0.4
"""The two sweeps' look at a job's row."""

ITEM_BYTES, ITEM_MORE = 8 * 1024, 150
"""The largest payload that lies in an item of its own, and what that item has besides. What is larger lies in S3."""

KIB = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What is to be forecast."""

    count: int
    a_request: int = 1000  #: jobs that one request submits
    args_bytes: int = 0  #: of JSON, each job's
    result_bytes: int = 0
    run_ms: float | None = None  #: how long an attempt runs; None: as history says
    table_units: int = NEW_TABLE  #: write units a second that the table takes


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of the task and of where it runs."""

    past: Figures
    lane: Lane
    waiting: int = 0  #: messages in the lane, of whatever task
    max_attempts: int = 5
    backoff: Backoff = Backoff()
    policies: Mapping[GateKind, Rate | Concurrency | Ordered] = field(default_factory=dict)  #: the task's own
    tenant_rate: Rate | None = None
    tenant_slots: Concurrency | None = None
    quota: Throttle | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """One thing that takes its time, and how long all would take if it were the only one."""

    what: str
    seconds: float
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What so many jobs take."""

    jobs: Figures  #: as the statistics would count them
    batch_ms: float  #: one invocation, full
    write_units: float
    read_units: float
    sqs_requests: float
    s3_puts: float
    s3_gets: float
    api_requests: float
    limits: Sequence[Limit]
    seconds: float
    assumed: Sequence[str]

    @property
    def slowest(self) -> Limit:
        """The limit that says how long it takes."""
        return max(self.limits, key=lambda limit: limit.seconds)


def forecast(ask: Ask, known: Known) -> Forecast:
    """The forecast. `known.past` has an attempt that ran, or `ask.run_ms` says how long one runs."""
    past, lane = known.past, known.lane
    run = past.run if ask.run_ms is None else Spread()
    mean_ms = ask.run_ms if ask.run_ms is not None else float(run.mean or 0)
    each = attempts_a_job(past)
    attempts = ask.count * each
    slowest_ms = ask.run_ms if ask.run_ms is not None else worst_of(run, lane.batch_size)
    beside = BATCH_MS if ask.run_ms is not None else beside_ms(past)
    batch_ms = slowest_ms + beside
    batches = ceil(attempts / lane.batch_size)
    jobs = Figures(
        started=round(attempts),
        retried=round(attempts) - ask.count,
        succeeded=ask.count,
        billed_ms=round(batches * batch_ms),
        megabyte_ms=round(batches * batch_ms * lane.memory),
        calls=batches * 1000,
    )
    payloads = [_payload(ask.args_bytes), _payload(ask.result_bytes)]
    extra, puts = (ask.count * sum(one[place] for one in payloads) for place in (0, 1))
    writes = jobs.started + jobs.retried + 2 * jobs.ended + extra
    sends = ask.count / min(ask.a_request, SEND_BATCH) + jobs.retried
    limits = [
        _consumers(attempts + known.waiting, batch_ms, lane),
        _table(writes, ask.table_units),
        *_policies(attempts, mean_ms / 1000, known),
        *_quota(ask.count, known.quota),
    ]
    tail = _retries(ask.count, each, known)
    return Forecast(
        jobs=jobs,
        batch_ms=batch_ms,
        write_units=writes,
        read_units=ask.count * (SWEEP_READ_UNITS + each * _read(ask.args_bytes)),
        sqs_requests=sends + 2 * batches,
        s3_puts=puts,
        s3_gets=attempts * _payload(ask.args_bytes)[1],
        api_requests=ceil(ask.count / ask.a_request),
        limits=limits,
        seconds=max(limit.seconds + (0 if limit.what == "consumers" else mean_ms / 1000) for limit in limits)
        + tail,
        assumed=_assumed(ask, known, beside, tail),
    )


def attempts_a_job(past: Figures) -> float:
    """Attempts for each job that was run to its end; 1 where none was."""
    ran = past.succeeded + past.dead
    return 1 + past.retried / ran if ran else 1.0


def worst_of(run: Spread, jobs: int) -> float:
    """How long the slowest of so many takes, on average, in milliseconds: those of a batch run side by side."""
    count, mean = run.count, run.mean
    if not count or mean is None:
        return 0.0
    below, worst, middles = 0, 0.0, 0.0
    for number, there in sorted(run.counts.items()):
        worst += middle(number) * (((below + there) / count) ** jobs - (below / count) ** jobs)
        middles += middle(number) * there / count
        below += there
    return worst * mean / middles  # a bucket's middle is a few percent off, the mean is exact


def beside_ms(past: Figures) -> float:
    """What an invocation took besides its slowest task, by what was billed; BATCH_MS where nothing was."""
    if not past.calls or not past.billed_ms:
        return float(BATCH_MS)
    billed, filled = past.billed_ms * 1000 / past.calls, max(1, round(past.run.count * 1000 / past.calls))
    return max(0.0, billed - worst_of(past.run, filled))


def _payload(size: int) -> tuple[int, int]:
    """Write units and S3 puts of one payload of that size."""
    if size <= INLINE_BYTES:
        return 0, 0
    return (ceil((size + ITEM_MORE) / KIB), 0) if size <= ITEM_BYTES else (0, 1)


def _read(size: int) -> int:
    """Read units of an attempt that fetches its arguments."""
    return ceil((size + ITEM_MORE) / (4 * KIB)) if INLINE_BYTES < size <= ITEM_BYTES else 0


def _consumers(attempts: float, batch_ms: float, lane: Lane) -> Limit:
    """As many invocations as there may be, which begin as few and grow."""
    most = min(lane.concurrency or ACCOUNT, MOST_CONSUMERS, ACCOUNT)
    work = attempts / lane.batch_size * batch_ms / 1000  # seconds of one consumer
    first = min(FIRST_CONSUMERS, most)
    growing = (most - first) / MORE_A_SECOND
    by_then = first * growing + MORE_A_SECOND * growing**2 / 2
    if work <= by_then:  # first * t + MORE * t² / 2 = work
        seconds = (-first + (first**2 + 2 * MORE_A_SECOND * work) ** 0.5) / MORE_A_SECOND
    else:
        seconds = growing + (work - by_then) / most
    seconds = max(seconds, batch_ms / 1000)
    how = f"{most} invocations at once in lane {lane.name}, {lane.batch_size} jobs each, {batch_ms:.0f} ms a batch; it begins with {first} and grows by 300 a minute"
    return Limit(what="consumers", seconds=seconds, how=how)


def _table(writes: float, units: int) -> Limit:
    return Limit(what="table", seconds=writes / units, how=f"{writes:,.0f} write units, {units:,} a second")


def _policies(attempts: float, run_seconds: float, known: Known) -> list[Limit]:
    """The limits that all of these jobs share. Those by a key of their arguments are not known here."""
    found: list[Limit] = []
    own = [policy for policy in known.policies.values() if not policy.key]
    for whose, policy in (
        *(("task", one) for one in own),
        ("tenant", known.tenant_rate),
        ("tenant", known.tenant_slots),
    ):
        match policy:
            case Rate():
                found.append(
                    Limit(
                        what=f"{whose}'s rate",
                        seconds=max(0.0, attempts - policy.burst) * policy.interval.total_seconds(),
                        how=f"{policy.limit:,} attempts start in {policy.per.total_seconds():g} s",
                    )
                )
            case Concurrency():
                found.append(
                    Limit(
                        what=f"{whose}'s slots",
                        seconds=attempts * run_seconds / policy.limit,
                        how=f"{policy.limit:,} run at once, {run_seconds * 1000:.0f} ms each",
                    )
                )
            case Ordered():
                found.append(
                    Limit(
                        what="order",
                        seconds=attempts * run_seconds,
                        how=f"one after the other, {run_seconds * 1000:.0f} ms each",
                    )
                )
            case None:
                pass
    return found


def _quota(count: int, quota: Throttle | None) -> list[Limit]:
    if quota is None:
        return []
    seconds = (ceil(count / quota.limit) - 1) * quota.per.total_seconds()
    how = f"{quota.limit:,} jobs are accepted in {quota.per.total_seconds():g} s"
    return [Limit(what="tenant's quota", seconds=seconds, how=how)]


def _retries(count: int, each: float, known: Known) -> float:
    """How long the last job waits between its attempts, when each fails as often as they did so far; half of each longest wait."""
    failing = 1 - 1 / each
    left, wait = float(count), timedelta(0)
    for attempt in range(1, known.max_attempts):
        left *= failing
        if left < 1:
            break
        wait += known.backoff.ceiling(attempt) / 2
    return wait.total_seconds()


def _assumed(ask: Ask, known: Known, beside: float, tail: float) -> list[str]:
    """What the forecast takes for granted, in sentences."""
    past = known.past
    lines = [
        f"an attempt runs as the {past.run.count:,} of the history did, {past.run.mean or 0:.0f} ms on average"
        if ask.run_ms is None
        else f"an attempt runs {ask.run_ms:g} ms, as the question says",
        f"jobs are tried {attempts_a_job(past):.2f} times: {past.retried:,} of {past.succeeded + past.dead + past.retried:,} attempts failed with another to come",
        f"batches are full, {known.lane.batch_size} jobs side by side, and take {beside:.0f} ms besides the slowest of them",
        f"{known.waiting:,} messages wait in the lane before these, and take as long as these",
        f"{ask.args_bytes:,} bytes of arguments and {ask.result_bytes:,} of result a job: {3 + _payload(ask.args_bytes)[0] + _payload(ask.result_bytes)[0]} write units without a retry",
        f"{ask.a_request:,} jobs a request, and submitting them is not what takes long",
        f"the table takes {ask.table_units:,} write units a second; a new one takes {NEW_TABLE:,}, a warm one up to {MOST_UNITS:,}",
        f"no other lane and no other function needs the account's {ACCOUNT:,} invocations",
        f"the last job waits {tail:.0f} s between its attempts",
    ]
    keyed = sorted(kind.value for kind, policy in known.policies.items() if policy.key)
    if keyed:
        lines.append(f"the task's limits by a key of its arguments ({', '.join(keyed)}) hold nobody up")
    return lines
