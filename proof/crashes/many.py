"""Many plans on several processes: all of one fault first, then pairs in an order spread over everything, for as long as there is time."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from proof.crashes.account import Account, account
from proof.crashes.plan import Plan
from proof.crashes.run import Run, run
from proof.crashes.scenarios import SCENARIOS
from proof.spread import spread

STRIDE = 8
"""Second faults that are tried at a visit of a first one: few, so that a short run has visited many; then each again."""

CHUNK = 12
FAILURES = 10
"""So many failed plans are enough to look at."""

RARE: Mapping[str, str] = {
    "few_unfinished 7:crash_after": "F79",
    "few_unfinished 38:crash_before": "F80",
    "spent 27:crash_before": "F81",
}
"""Plans that bring about faults which hardly any other does: they go first, so that a run that is over early has them, too."""


@dataclass(kw_only=True)
class CrashSum:
    """What many plans showed."""

    plans: int = 0
    singles: int = 0
    pairs: int = 0
    singles_there: int = 0
    pairs_there: int = 0
    calls: int = 0
    seconds: float = 0.0
    busy: float = 0.0  #: processor seconds
    quiet: int = 0  #: the longest held time that a plan took, in milliseconds
    ledger: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)
    transitions: set[str] = field(default_factory=set)

    def add(self, found: Run) -> None:
        """Count one plan."""
        self.plans += 1
        self.singles += len(found.plan.strikes) == 1
        self.pairs += len(found.plan.strikes) == 2
        self.calls += found.calls
        self.quiet = max(self.quiet, found.quiet)
        self.ledger.update(found.ledger)
        self.hits.update(found.hits)
        self.transitions |= found.transitions
        if found.violation is not None:
            self.failed.append((str(found.plan), str(found.violation)))

    def merge(self, other: "CrashSum") -> None:
        """Count what another process counted."""
        for name in ("plans", "singles", "pairs", "singles_there", "pairs_there", "calls", "busy"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.quiet = max(self.quiet, other.quiet)
        self.ledger.update(other.ledger)
        self.hits.update(other.hits)
        self.failed += other.failed
        self.transitions |= other.transitions


def singles(calm: Run) -> list[Plan]:
    """All plans of one fault in a scenario: every call, every fault that it can have."""
    return [
        calm.plan.then(number, fault)
        for number, faults in enumerate(calm.points, start=1)
        for fault in faults
    ]


def pairs(first: Run) -> list[Plan]:
    """All plans of a second fault after a first one: at every call that the first one has left, those of the recovery too."""
    struck = first.plan.strikes[-1][0]
    return [
        first.plan.then(number, fault)
        for number, faults in enumerate(first.points, start=1)
        if number > struck
        for fault in faults
    ]


_kept: list[tuple[object, Account]] = []
_calm: dict[str, Run] = {}


def here() -> Account:
    """This process's account, stood up once and kept until it ends."""
    if not _kept:
        keeper = account()
        _kept.append((keeper, keeper.__enter__()))
    return _kept[0][1]


def close() -> None:
    """Give the process its boto3 back."""
    while _kept:
        keeper, _ = _kept.pop()
        keeper.__exit__(None, None, None)  # type: ignore[attr-defined]


def calm(scenario: str, found: Account) -> Run:
    """The scenario without faults. Raises the violation if even that has one."""
    if scenario not in _calm:
        one = run(Plan(scenario=scenario), found)
        if one.violation is not None:
            raise one.violation
        _calm[scenario] = one
    return _calm[scenario]


def visit(works: list[tuple[Plan, int]]) -> tuple[CrashSum, list[tuple[Plan, int]]]:
    """Try plans of one fault: at the first visit (0) the plan itself, at the n-th the n-th few of its pairs.

    Returns with the sum how many pairs each has.
    """
    total, there, start = CrashSum(), [], time.process_time()
    found = here()
    for plan, number in works:
        first = run(plan, found, calm=calm(plan.scenario, found))
        seconds = pairs(first) if first.violation is None else []
        if number == 0:
            total.add(first)
            total.pairs_there += len(seconds)
            there.append((plan, len(seconds)))
            continue
        order = list(range(len(seconds)))
        Random(f"{plan}").shuffle(order)
        for index in order[(number - 1) * STRIDE : number * STRIDE]:
            total.add(run(seconds[index], found))
    total.busy = time.process_time() - start
    return total, there


def many(*, minutes: float | None = None, processes: int = 1, plans: int | None = None) -> CrashSum:
    """All singles, then pairs, until the time is over, that many plans are tried, or ten of them failed; without a bound, all that there are.

    `pairs_there` counts the pairs of those singles that were tried: what follows a fault is known only then.
    """
    start = time.monotonic()
    ends = None if minutes is None else start + minutes * 60
    total = CrashSum()
    try:
        _all(total, ends, plans, processes)
    finally:
        close()
    total.seconds = time.monotonic() - start
    return total


def _all(total: CrashSum, ends: float | None, plans: int | None, processes: int) -> None:
    found = here()
    firsts = [plan for one in SCENARIOS for plan in singles(calm(one.name, found))]
    total.singles_there = len(firsts)
    Random(0).shuffle(firsts)
    firsts.sort(key=lambda plan: str(plan) not in RARE)
    tried = min(len(firsts), plans if plans is not None else len(firsts))
    sizes = _round([(plan, 0) for plan in firsts[:tried]], CHUNK, processes, total, ends, plans)
    number = 1
    while number == 1 or any(size > (number - 1) * STRIDE for _, size in sizes):
        works = [(plan, number) for plan, size in sizes if size > (number - 1) * STRIDE]
        if not works or _over(total, ends, plans):
            break
        _round(works, 2, processes, total, ends, plans)
        number += 1


def _over(total: CrashSum, ends: float | None, plans: int | None) -> bool:
    return (
        (ends is not None and time.monotonic() >= ends)
        or (plans is not None and total.plans >= plans)
        or len(total.failed) >= FAILURES
    )


def _round(
    works: list[tuple[Plan, int]],
    size: int,
    processes: int,
    total: CrashSum,
    ends: float | None,
    plans: int | None,
) -> list[tuple[Plan, int]]:
    """Hand out the work, until it is over. Returns the numbers of pairs."""
    sizes: list[tuple[Plan, int]] = []

    def chunks() -> Iterator[list[tuple[Plan, int]]]:
        for low in range(0, len(works), size):
            if _over(total, ends, plans):
                return
            yield works[low : low + size]

    for some, there in spread(visit, chunks(), processes):
        total.merge(some)
        sizes += there
    return sizes


def in_order(total: CrashSum) -> Iterator[str]:
    """The sum in lines, for people."""
    there, rate = total.pairs_there, total.plans / total.busy if total.busy else 0.0
    yield (
        f"plans={total.plans} singles={total.singles}/{total.singles_there} pairs={total.pairs}/{there} "
        f"calls={total.calls} seconds={total.seconds:.0f} per_core_second={rate:.0f} "
        f"longest_quiet_minutes={total.quiet / 60_000:.0f}"
    )
    yield " ".join(f"{name}={total.ledger[name]}" for name in LEDGER)


LEDGER = ("jobs", "accepted", "succeeded", "dead", "cancelled", "expired", "lost", "recorded_twice")
