"""The loads: ten million jobs, bursts, one hot tenant, one slow task, ten minutes without a dependency; each with what helps."""

from collections.abc import Sequence
from dataclasses import replace

from bench.scaling.limits import Settings
from bench.scaling.load import Flow, Scenario, steady

MINUTE = 60


def ten_million() -> Sequence[Scenario]:
    """Everything at once, from a client that submits a thousand at a time."""
    jobs, minutes = 10_000_000, 10
    flow = Flow(name="all", rate=steady(jobs / (minutes * MINUTE), until=minutes * MINUTE))
    base = Scenario(
        name="ten-million",
        words=f"{jobs:,} jobs of 0.1 s within {minutes} minutes, a thousand a request, on a new table",
        flows=[flow],
        until=minutes * MINUTE,
        settings=Settings(jobs_a_request=1000),
    )
    return (
        base,
        _but(base, "warm", "warm throughput of 64,000 write units", warm_partitions=64),
        _but(
            base,
            "1024-keys",
            "1,024 partition keys a day, 128,000 units warm",
            warm_partitions=128,
            key_characters=2,
        ),
    )


def burst() -> Sequence[Scenario]:
    """A shop that opens its sale."""
    rate = steady(500, until=30 * MINUTE)
    peak = steady(12_000, since=10 * MINUTE, until=11 * MINUTE)
    flow = Flow(name="all", rate=lambda second: rate(second) + peak(second))
    base = Scenario(
        name="burst",
        words="500 jobs a second, one a request, and 12,000 a second more for one minute, on a new table",
        flows=[flow],
        until=30 * MINUTE,
    )
    return (
        base,
        _but(base, "warm", "warm throughput of 40,000 write units", warm_partitions=40),
        _but(base, "batches", "ten jobs a request, and warm", warm_partitions=40, jobs_a_request=10),
    )


def hot_tenant() -> Sequence[Scenario]:
    """One tenant sends a hundred times what each of the others does, and more than there are consumers for."""
    consumers = 50  # of ten jobs of a second each: 454 jobs a second
    flows = [
        Flow(name="hot", rate=steady(1000, until=20 * MINUTE), task_seconds=1.0),
        *(Flow(name=f"quiet-{n}", rate=steady(10, until=20 * MINUTE), task_seconds=1.0) for n in range(9)),
    ]
    base = Scenario(
        name="hot-tenant",
        words=f"one tenant 1,000 jobs a second, nine others 10 each, tasks of a second, {consumers} consumers",
        flows=flows,
        until=20 * MINUTE,
        settings=Settings(consumers=consumers, warm_partitions=16),
    )
    return (base, _but(base, "unfair", "messages without their tenant: first come, first served", fair=False))


def slow_task() -> Sequence[Scenario]:
    """One job in a hundred takes a minute, among others of a tenth of a second."""
    flows = [
        Flow(name="quick", rate=steady(990, until=20 * MINUTE)),
        Flow(name="slow", rate=steady(10, until=20 * MINUTE), task_seconds=60.0, slow=True),
    ]
    base = Scenario(
        name="slow-task",
        words="990 jobs a second of 0.1 s and 10 of 60 s in one lane, 300 consumers",
        flows=flows,
        until=20 * MINUTE,
        settings=Settings(consumers=300, warm_partitions=16),
    )
    return (base, _but(base, "own-lane", "what is slow in a lane of its own", lanes=2))


def outage() -> Sequence[Scenario]:
    """What all tasks call is away for ten minutes; attempts fail at once."""
    down = steady(1.0, since=10 * MINUTE, until=20 * MINUTE)
    flow = Flow(name="all", rate=steady(500, until=25 * MINUTE), failing=down)
    base = Scenario(
        name="outage",
        words="500 jobs a second for 25 minutes; from the 10th to the 20th every attempt fails; five attempts",
        flows=[flow],
        until=25 * MINUTE,
        settings=Settings(warm_partitions=16),
    )
    return (
        base,
        _but(base, "12-attempts", "twelve attempts", max_attempts=12),
        _but(base, "15-attempts", "fifteen attempts", max_attempts=15),
    )


def everything() -> Sequence[Scenario]:
    """All of them."""
    return [one for many in (ten_million, burst, hot_tenant, slow_task, outage) for one in many()]


def _but(base: Scenario, name: str, words: str, **settings: object) -> Scenario:
    """The same load under other settings."""
    changed = replace(base.settings, **settings)  # type: ignore[arg-type]  # their names are checked by replace
    return replace(base, name=f"{base.name}/{name}", words=words, settings=changed)
