"""One plan: play its scenario with its faults, let it come to rest without any, and see whether all that must hold holds."""

from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from chalicelib import wiring
from chalicelib.adapters.memory.world import START
from chalicelib.domain.job import TERMINAL
from chalicelib.pipeline.built_in import WEBHOOK
from chalicelib.pipeline.statistics.read import question, read
from proof.crashes.account import Account
from proof.crashes.bounds import let_in_again, nobody_held
from proof.crashes.clock import MINUTE
from proof.crashes.faults import FLICKERS, Fault
from proof.crashes.plan import Plan
from proof.crashes.scenarios import BY_NAME, Scenario
from proof.crashes.seam import Hits, Seam, through
from proof.crashes.stage import TENANT, Stage
from proof.crashes.watch import Watch
from proof.pages import paged
from proof.simulation.law import CLAIMS, GIVEN, Violation
from proof.simulation.ledger import reckon

MARKS = ("item#page#", "item#book#")
AT_ONCE = 2 * MINUTE
"""A lost reply is noticed within seconds; only what waits for the sweep takes longer."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a plan showed."""

    plan: Plan
    violation: Violation | None
    points: tuple[tuple[Fault, ...], ...]  #: of each call, the faults that it can have
    calls: int
    attempts: int  #: of all jobs
    quiet: int  #: milliseconds of held time that it took
    settled: int  #: when the last write to a job was made
    ledger: Counter[str]
    hits: Counter[str]
    transitions: frozenset[str]
    trace: list[str] = field(default_factory=list)


def run(plan: Plan, account: Account, *, calm: Run | None = None, traced: bool = False) -> Run:
    """Play it. `calm` is the same scenario without faults: what a flicker must not be worse than."""
    scenario = BY_NAME[plan.scenario]
    clock = account.wipe()
    hits = Hits()
    watch = Watch(clock, hits)
    seam = Seam(account, watch, hits, plan, traced=traced)
    ledger: Counter[str] = Counter()
    try:
        with through(seam), paged(scenario.fan):
            watch.begin(account)
            stage = Stage(account, seam)
            for step in scenario.steps:
                step(stage)
            stage.run_on()
            points, quiet, settled = tuple(seam.points), clock.ms, watch.settled
            if watch.monitor.violation is None:
                ledger = _judged(scenario, stage, calm)
    finally:
        wiring.use(None)
    if len(seam.struck) > 1:
        hits.hit("F74")
    return Run(
        plan=plan,
        violation=watch.monitor.violation,
        points=points,
        calls=seam.calls,
        attempts=_attempts(watch),
        quiet=quiet,
        settled=settled,
        ledger=ledger,
        hits=hits.hits,
        transitions=frozenset(watch.arrows),
        trace=seam.trace or [],
    )


def _judged(scenario: Scenario, stage: Stage, calm: Run | None) -> Counter[str]:
    """All is quiet: does it add up, and does it stay so?"""
    monitor = stage.monitor
    ledger = reckon(monitor, cast("Any", SimpleNamespace(operations=stage.operations)))
    for row in stage.watch.rows.values():
        if row.cause is None and row.state not in scenario.ends:
            monitor.fail("END", f"{row.label()} is {row.state}: {row.reason or ''}")
        if row.state not in TERMINAL:
            monitor.fail("I9", f"{row.label()} is {row.state}")
    for key, ids in stage.keyed.items():
        if len(ids) > 1:
            monitor.fail("KEY", f"key {key} was answered with {len(ids)} jobs")
        if row.task == WEBHOOK.name and not stage.receiver.taken[f"msg_{row.id}"]:
            monitor.fail("TOLD", f"{row.label()} is {row.state}, and nobody has its message")
    if stage.counting:
        _counted(stage)
    if calm is not None:
        _no_worse(stage, calm)
    _replay(stage)
    if stage.limits is not None:
        let_in_again(stage, stage.limits)
    if stage.budgeted:
        nobody_held(stage, TENANT)
    return ledger


def _counted(stage: Stage) -> None:
    """Statistics may leave out what a process took with it, and never tell more than there was."""
    stage.advance(minutes=3)
    stage.tick()
    now = stage.clock.now()
    asked = question(since=START, until=now, step=None, task=None, tenant=None, now=now)
    told = read(asked, parts=stage.parts).total
    rows = stage.watch.rows.values()
    there = {
        "started": sum(entry.event in CLAIMS for row in rows for entry in row.history),
        "succeeded": sum(entry.event == "succeeded" for row in rows for entry in row.history),
        "retried": sum(entry.event == "retry_scheduled" for row in rows for entry in row.history),
    }
    for word, most in there.items():
        counted = getattr(told, word)
        if counted > most or (not stage.seam.struck and counted < most):
            stage.monitor.fail("COUNT", f"{counted} are told as {word}, and {most} were")


def _no_worse(stage: Stage, calm: Run) -> None:
    """What a flicker must not cost: an answer, an attempt, or, where the call took effect, the time until a sweep."""
    monitor, struck = stage.monitor, stage.seam.struck
    if stage.seam.keyless or stage.budgeted:
        return  # without its key a job waits, and a client is refused; a budget is looked at a minute later
    if len(struck) > 1 or any(fault not in FLICKERS for _, fault in struck):
        return
    if stage.noticed:
        monitor.fail("FLICKER", "a client was not answered, or a process ended with an error")
    if (attempts := _attempts(stage.watch)) > calm.attempts:
        monitor.fail("FLICKER", f"{attempts} attempts instead of {calm.attempts}")
    took_effect = all(
        fault in {Fault.LOST, Fault.RESENT} and Fault.CRASH_AFTER in stage.seam.points[number - 1]
        for number, fault in struck
    )
    if took_effect and stage.watch.settled > calm.settled + AT_ONCE:
        monitor.fail("FLICKER", f"settled after {stage.watch.settled} ms instead of {calm.settled}")


def _attempts(watch: Watch) -> int:
    """Those that were used up: who gives a job back uses none."""
    return sum(
        entry.event in CLAIMS and (entry.epoch not in {e.epoch for e in row.history if e.event in GIVEN})
        for row in watch.rows.values()
        for entry in row.history
    )


def _replay(stage: Stage) -> None:
    """I14: every message that was ever sent comes once more, and nothing changes."""
    before = _lasting(stage)
    stage.seam.hits.hit("F13")
    stage.seam.note("every message comes again")
    for lane, body in list(stage.watch.ever):
        stage.account.put(lane, body)
    stage.drain()
    if _lasting(stage) != before:
        stage.monitor.fail("I14", "a message that came again changed the table")


def _lasting(stage: Stage) -> dict[tuple[str, str], Any]:
    """All items. A mark that is made again keeps its page for longer, and changes nothing else."""
    return {
        place: {
            name: value for name, value in item.items() if name != "ttl" or not place[0].startswith(MARKS)
        }
        for place, item in stage.account.items().items()
    }
