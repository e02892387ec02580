"""The race: everybody runs the same laps in turns, so that what the machine does meanwhile meets all alike."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.prices import Prices
from bench.race.contenders import Contender
from bench.race.proxy import Counting
from bench.race.track import EMULATOR, QUICK, Lap, Runner, track
from bench.race.work import KINDS

COUNTED = 100
"""Jobs whose calls are counted: ten full batches."""

LEAST, FEWEST = 40, 2
"""Jobs of a lap, and jobs alone, of whoever has only a part of them."""


@dataclass(kw_only=True)
class Figures:
    """What was found of one contender. Times are of this machine: only their ratios say anything."""

    about: str
    quick_drain_a_second: dict[str, float] = field(default_factory=dict)
    """Where the cloud does not limit: on the quick one."""
    quick_consumer_cpu_ms: dict[str, float] = field(default_factory=dict)
    quick_latency_p50_ms: float = 0.0
    quick_latency_p99_ms: float = 0.0
    shares: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of a processor, while no-op jobs were drained: by cloud, then the cloud's own, the consumer's, and of the process that measures and feeds."""
    enqueue_a_second: dict[str, float] = field(default_factory=dict)
    enqueue_cpu_ms: dict[str, float] = field(default_factory=dict)
    drain_a_second: dict[str, float] = field(default_factory=dict)
    consumer_cpu_ms: dict[str, float] = field(default_factory=dict)
    latency_p50_ms: float = 0.0
    latency_p99_ms: float = 0.0
    memory_mib: float = 0.0
    cold_start: float | None = None
    """Of its function, by that of a bare handler that makes the same clients; None: not measured, or no function."""
    calls: dict[str, float] = field(default_factory=dict)
    write_units: float = 0.0
    read_units: float = 0.0
    sqs_requests: float = 0.0
    dollars_a_million: float = 0.0


Told = Iterator[tuple[str, dict[str, Figures]]]


def race(
    contenders: Sequence[Contender],
    *,
    jobs: int,
    rounds: int,
    latencies: int,
    quick_jobs: int = 0,
    clouds: Collection[str] = (EMULATOR, QUICK),
) -> Told:
    """Words for whoever watches, and the figures so far. `quick_jobs`: a lap's on the quick cloud."""
    found = {one.name: Figures(about=one.about) for one in contenders}
    if QUICK in clouds:
        yield from _on_the_quick(
            contenders, found, jobs=quick_jobs or jobs, rounds=rounds, latencies=latencies
        )
    if EMULATOR in clouds:
        yield from _on_the_emulator(contenders, found, jobs=jobs, rounds=rounds, latencies=latencies)


def _on_the_quick(
    contenders: Sequence[Contender], found: dict[str, Figures], *, jobs: int, rounds: int, latencies: int
) -> Told:
    """The rate at which a consumer drains, what it takes of a processor, and how long one job takes."""
    with track([one for one in contenders if not one.redis], cloud=QUICK) as (runners, _):
        yield f"{len(runners)} contenders are ready on the quick cloud", found
        for number in range(rounds):
            _round(runners, number, jobs)
            yield f"round {number + 1} of {rounds}, {jobs} jobs, on the quick cloud", found
        for runner in runners:
            figures = found[runner.contender.name]
            for kind, laps in runner.laps.items():
                figures.quick_drain_a_second[kind] = _middle(laps, lambda lap: lap.jobs / lap.drain_wall)
                figures.quick_consumer_cpu_ms[kind] = _middle(laps, _consumer_cpu)
            figures.shares[QUICK] = _shares(runner)
            figures.quick_latency_p50_ms, figures.quick_latency_p99_ms = _latencies(runner, latencies)
        yield "latencies on the quick cloud", found


def _on_the_emulator(
    contenders: Sequence[Contender], found: dict[str, Figures], *, jobs: int, rounds: int, latencies: int
) -> Told:
    """All figures."""
    with track(contenders) as (runners, _):
        yield f"{len(runners)} contenders are ready", found
        for number in range(rounds):
            _round(runners, number, jobs)
            yield f"round {number + 1} of {rounds}", found
        for runner in runners:
            _times(found[runner.contender.name], runner, latencies)
        yield "latencies", found
        there = {runner.contender.name for runner in runners}
    for name in found.keys() - there:
        del found[name]  # there is no Redis server here
    with track([one for one in contenders if not one.redis], counting=True) as (runners, proxy):
        for runner in runners:
            _count(found[runner.contender.name], runner, proxy)
    yield "calls", found


def _round(runners: Sequence[Runner], number: int, jobs: int) -> None:
    """A lap of each kind for each."""
    for kind in KINDS:
        for runner in _turned(runners, number):
            runner.lap(kind, max(min(jobs, LEAST), round(jobs * runner.contender.part)))


def _turned(runners: Sequence[Runner], number: int) -> list[Runner]:
    """Nobody is always the first."""
    turn = number % len(runners)
    return [*runners[turn:], *runners[:turn]]


def _times(figures: Figures, runner: Runner, latencies: int) -> None:
    for kind, laps in runner.laps.items():
        figures.enqueue_a_second[kind] = _middle(laps, lambda lap: lap.jobs / lap.enqueue_wall)
        figures.enqueue_cpu_ms[kind] = _middle(laps, lambda lap: 1000 * lap.enqueue_cpu / lap.jobs)
        figures.drain_a_second[kind] = _middle(laps, lambda lap: lap.jobs / lap.drain_wall)
        figures.consumer_cpu_ms[kind] = _middle(laps, _consumer_cpu)
    figures.shares[EMULATOR] = _shares(runner)
    figures.memory_mib = runner.consumer.memory()
    figures.latency_p50_ms, figures.latency_p99_ms = _latencies(runner, latencies)


def _latencies(runner: Runner, number: int) -> tuple[float, float]:
    """Of jobs alone: the middle, and what one of a hundred takes, in ms; noughts if there are too few."""
    number = max(min(number, FEWEST), round(number * runner.contender.part))
    if number < FEWEST:
        return 0.0, 0.0
    runner.go()
    waits = [1000 * runner.wait_for_one() for _ in range(number)]
    runner.hold()
    return median(waits), quantiles(waits, n=100, method="inclusive")[98]


def _consumer_cpu(lap: Lap) -> float:
    return 1000 * lap.consumer_cpu / lap.jobs


def _shares(runner: Runner) -> dict[str, float]:
    """Who was at work while the no-op jobs were drained."""
    laps = runner.laps["noop"]
    return {
        "cloud": _middle(laps, lambda lap: lap.cloud_cpu / lap.drain_wall),
        "consumer": _middle(laps, lambda lap: lap.consumer_cpu / lap.drain_wall),
        "feeding": _middle(laps, lambda lap: lap.feeding_cpu / lap.drain_wall),
    }


def _middle(laps: Sequence[Lap], figure: Callable[[Lap], float]) -> float:
    return median(figure(lap) for lap in laps)


def _count(figures: Figures, runner: Runner, proxy: Counting) -> None:
    """Its calls and units, through the proxy, while all others are held."""
    proxy.clear()
    runner.lap("noop", COUNTED)
    calls, units = dict(proxy.calls), dict(proxy.units)
    # Three results are read to see that they are there: they are not the contender's.
    reads = sum(number for name, number in calls.items() if name == "dynamodb.GetItem")
    if reads <= READ_BY_US:
        calls.pop("dynamodb.GetItem", None)
        units.pop("read", None)
    figures.calls = {name: number / COUNTED for name, number in sorted(calls.items())}
    figures.write_units = units.get("write", 0) / COUNTED
    figures.read_units = units.get("read", 0) / COUNTED
    figures.sqs_requests = sum(number for name, number in figures.calls.items() if name.startswith("sqs."))
    figures.dollars_a_million = 1_000_000 * Prices.load().dollars(
        write_units=figures.write_units, read_units=figures.read_units, sqs_requests=figures.sqs_requests
    )


READ_BY_US = 12
