"""One history from its seed: the world goes wrong, then it is well, then everything must end; at last every message comes once more."""

import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

from chalicelib.adapters.memory.courier import MemoryCourier
from chalicelib.adapters.memory.inputs import MemoryInputs
from chalicelib.adapters.memory.items import MemoryItems
from chalicelib.adapters.memory.outlet import MemoryOutlet
from chalicelib.adapters.memory.payloads import MemoryPayloads
from chalicelib.adapters.memory.queue import DEAD_LETTERS, MemoryQueue, Unkindness
from chalicelib.adapters.memory.side_tables import MemoryApiKeys, MemoryKeys, MemoryQuarantine
from chalicelib.adapters.memory.store import MemoryStore
from chalicelib.domain.job import Job
from chalicelib.domain.lifecycle import PENDING
from chalicelib.lanes import LANES
from chalicelib.pipeline.ids import make_id
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Kind
from proof.pages import paged
from proof.simulation.clockwork import Clockwork
from proof.simulation.cloud import Cloud
from proof.simulation.fate import Fate
from proof.simulation.lanes import NEWER, VISIBILITY, SimQueue
from proof.simulation.law import Violation
from proof.simulation.ledger import reckon
from proof.simulation.monitor import Monitor
from proof.simulation.people import People
from proof.simulation.ports import (
    FOREIGN,
    MS,
    SimCrew,
    SimItems,
    SimKeys,
    SimPayloads,
    SimQuarantine,
    SimStore,
    SimWorld,
    TrueWorld,
)
from proof.simulation.profile import HOUR, MINUTE, SECOND, TENANTS, Profile, profile
from proof.simulation.seam import Seam, Still
from proof.simulation.tasks import REGISTRY, SimRunner

LIMITS = Limits(listen_every=timedelta(seconds=3), look_every=timedelta(seconds=6))
"""The pipeline's own, but for how often a running attempt is looked at: nearly every look is like the one before."""

BOUND = 5 * HOUR
"""I9: once the faults are over, everything ends within this: an appointment postponed by up to an hour, then three attempts
with their leases, waits and appointments, then a follower with as much."""

SETTLED = 8 * MINUTE
"""After the last fault: what stood still goes on, and what was under way has landed."""

LONG = 40 * 24 * HOUR
"""Longer than any task of the simulation keeps its jobs."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one history showed."""

    seed: int
    violation: Violation | None
    ledger: Counter[str]
    hits: Counter[str]
    steps: int
    quiet: int  #: how long after the last fault everything was over, in milliseconds
    struck: tuple[tuple[int, str], ...]
    trace: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Variation:
    """A history made shorter: only these faults strike, only these requests are made."""

    faults: frozenset[int] | None = None
    requests: frozenset[int] | None = None
    without: frozenset[str] = frozenset()  #: parts of the profile that are left out


def shortened(found: Profile, variation: Variation) -> Profile:
    """The profile with what the variation leaves out."""
    changes: dict[str, object] = {}
    if variation.requests is not None:
        kept = tuple(each for each in found.requests if each.number in variation.requests)
        changes["requests"] = kept
    for name in sorted(variation.without):
        changes[name] = _NOTHING[name]
    return replace(found, **changes)  # type: ignore[arg-type]


_NOTHING: dict[str, object] = {
    "ticks_off": None,
    "throttled": None,
    "denied": None,
    "refused": None,
    "plans": (),
    "purges": (),
    "cancels": (),
    "redrives": (),
    "strays": (),
    "losing": (),
    "intrusions": (),
    "newer": (),
    "modes": frozenset(),
    "skew": 0,
    "forgets": False,
    "zombies": False,
    "side_by_side": False,
    "tickers": 1,
    "batched": False,
}
LEAVABLE = tuple(_NOTHING)


class History:
    """The parts of one history, put together."""

    def __init__(self, found: Profile, variation: Variation, *, traced: bool) -> None:
        self.profile = found
        self.clock = clock = Clockwork()
        self.fate = Fate(found, variation.faults)
        store, payloads, items = MemoryStore(page=found.page), MemoryPayloads(), MemoryItems()
        self.payloads, self.items = payloads, items
        self.monitor = Monitor(found, clock, self.fate, store, payloads, LIMITS)
        self.monitor.flows.items = items
        self.seam = Seam(found, clock, self.fate, self.monitor, traced=traced)
        truth = TrueWorld(clock)
        self.monitor.world = truth
        unkind = Unkindness(shuffles="shuffle" in found.modes, chance=self.seam.pace)
        twin = MemoryQueue(truth, visibility=VISIBILITY * MS, max_receives=found.receives, unkindness=unkind)  # type: ignore[arg-type]
        self.queue = SimQueue(twin, self.seam, self.monitor, clock)
        self.cloud = Cloud(found, clock, self.seam, self.monitor, self.queue)
        self.parts = Parts(
            store=SimStore(store, self.seam, self.monitor),
            keys=SimKeys(MemoryKeys(), self.seam),
            items=SimItems(items, self.seam),
            payloads=SimPayloads(payloads, self.seam),
            inputs=MemoryInputs(),
            queue=self.queue,
            api_keys=MemoryApiKeys(),
            quarantine=SimQuarantine(MemoryQuarantine(), self.seam),
            outlet=MemoryOutlet(),
            courier=MemoryCourier(),
            world=SimWorld(clock, found.seed),
            crew=SimCrew(clock, self.monitor, side_by_side=found.side_by_side),
            runners={kind: SimRunner(kind, clock, self.monitor) for kind in Kind},
            registry=REGISTRY,
            limits=LIMITS,
        )
        clock.parts = self.parts
        still = Still(found, clock, self.fate, self.monitor, traced=False)
        quiet = SimStore(store, still, self.monitor), SimItems(items, still)
        clock.still = replace(self.parts, store=quiet[0], items=quiet[1], world=truth)  # type: ignore[arg-type]
        clock.fate = self.fate
        clock.monitor = self.monitor
        self.people = People(self.cloud, self.parts)
        self.foreign: dict[str, Job] = {}  #: rows as they were before newer code took them
        self.ticking = True
        self.next_tick = self.seam.pace.randrange(MINUTE)

    def run(self) -> Report:
        """The whole of it."""
        self.people.come()
        self._meddle()
        self.clock.at(self.next_tick, self._tick)
        quiet = 0
        try:
            self._until(self.profile.calm)
            self.fate.off = True
            self.seam.note("the faults are over")
            self._newer_code_comes()
            quiet = self._settle()
            if self.monitor.violation is None:
                self._replay()
            if self.monitor.violation is None and self.profile.forgets:
                self._long_after()
            if self.monitor.violation is None:
                self.monitor.control.over()
            ledger = Counter[str]() if self.monitor.violation else reckon(self.monitor, self.people)
        finally:
            self.clock.close()
        return self._report(ledger, quiet)

    def _report(self, ledger: Counter[str], quiet: int) -> Report:
        if len({name for _, name in self.fate.struck}) > 1:
            self.fate.hit("F74")
        return Report(
            seed=self.profile.seed,
            violation=self.monitor.violation,
            ledger=ledger,
            hits=self.fate.hits,
            steps=self.seam.steps,
            quiet=quiet,
            struck=tuple(self.fate.struck),
            trace=tuple(self.seam.trace or ()),
        )

    # ----------------------------------------------------------------------------------------------------- the phases

    def _until(self, moment: int) -> None:
        if self.monitor.violation is None:
            self.clock.run(moment)

    def _settle(self) -> int:
        """Run until everything is over, or too late. Returns how long that took."""
        horizon = max((each.at + each.delay for each in self.profile.requests), default=0)
        off = self.profile.ticks_off[1] if self.profile.ticks_off else 0
        start = max(self.clock.now, horizon, off)
        end = start + BOUND
        while self.monitor.violation is None and not self._quiet():
            if self.clock.now >= end:
                self._too_late()
                break
            self._until(min(end, self.clock.now + 10 * SECOND))
        return max(0, self.clock.now - start)

    def _quiet(self) -> bool:
        """Nobody is at work or will be, no message waits, and every job that somebody has to look after is finished."""
        if self.cloud.busy or self.people.pending:
            return False
        monitor = self.monitor
        if self.items.due(monitor.true_time, 1):
            return False
        if any(not row.finished and self._looked_after(job_id) for job_id, row in monitor.rows.items()):
            return False
        return not self.queue.twin.messages

    def _looked_after(self, job_id: str) -> bool:
        """Not so a row that nobody was told of and that was put too late for the sweep: its client may still ask again."""
        monitor = self.monitor
        return (
            job_id in monitor.accepted
            or not monitor.behind.get(job_id)
            or monitor.rows[job_id].attention is not None
        )

    def _too_late(self) -> None:
        open_rows = [
            f"{row.task}[{row.id[-6:]}] {row.state} epoch {row.epoch} check {row.next_check}"
            for row in self.monitor.rows.values()
            if not row.finished and self._looked_after(row.id)
        ]
        words = "; ".join(open_rows) or f"messages or workers without end: {self.queue.twin.messages[:3]}"
        self.monitor.fail("I9", f"not over {BOUND // HOUR} h after the last fault: {words}")

    def _replay(self) -> None:
        """I14: every message there ever was comes once more, to everybody's indifference."""
        before = dict(self.monitor.rows)
        starts = {job_id: list(epochs) for job_id, epochs in self.monitor.starts.items()}
        for lane, body in [sent for sent in self.queue.sent if sent[1] != NEWER]:
            self.queue.put(lane if lane != DEAD_LETTERS else "default", body)
        end = self.clock.now + HOUR
        while self.monitor.violation is None and self.clock.now < end:
            self._until(self.clock.now + 5 * SECOND)
            if not self.queue.twin.messages and not self.cloud.busy:
                break
        forgotten = self.monitor.forgotten
        changed = [
            key[-6:]
            for key, row in before.items()
            if row.finished and self.monitor.rows.get(key) != row and key not in forgotten
        ]
        if self.queue.twin.messages:
            self.monitor.fail("I14", "a replayed message is never acknowledged")
        again = [
            key[-6:]
            for key, row in before.items()
            if row.finished and starts.get(key) != self.monitor.starts.get(key)
        ]
        if changed or again:
            self.monitor.fail("I14", f"replayed messages changed {changed} and started {again}")

    def _long_after(self) -> None:
        """Every row is forgotten, and still the messages come once more: nothing may come of it."""
        self.ticking = False
        self._until(self.clock.now + 10 * MINUTE)  # what is still under way lands before
        self.clock.now += LONG
        self.cloud.forget()
        if any(row.finished for row in self.monitor.rows.values()):
            self.monitor.fail("FORGET", f"a finished row is still there after {LONG // (24 * HOUR)} days")
        self._replay()

    # ------------------------------------------------------------------------------------------------- what else happens

    def _tick(self) -> None:
        if not self.ticking:
            return
        self.cloud.tick()
        if self.fate.off and self.clock.now > self.profile.calm + SETTLED:
            self.monitor.control.looked_at()
        if self.profile.forgets:
            self.cloud.forget()
        self.clock.at(self.clock.now + MINUTE, self._tick)

    def _meddle(self) -> None:
        found, clock = self.profile, self.clock
        for when in found.purges:
            clock.at(when, lambda: self.queue.purge() if self.fate.strikes("purge", always=True) else None)
        for when in found.strays:
            clock.at(when, self._stray)
        for when in found.losing:
            clock.at(when, self._lose_payload)
        for when in found.newer:
            clock.at(when, self._newer_code_takes)

    def _stray(self) -> None:
        """A message that nobody sent, or one that came back too often."""
        pace = self.seam.pace
        if self.queue.sent and pace.random() < 0.5:
            self.queue.put(DEAD_LETTERS, pace.choice(list(self.queue.sent))[1])
            return
        unknown = make_id(self.monitor.world.now() - timedelta(minutes=3), pace.randbytes(10))
        bodies = (
            "{",
            '{"v":1}',
            NEWER,
            f'{{"v":1,"tenant":"{TENANTS[0]}","job":"{unknown}","epoch":0}}',
        )
        self.queue.put(pace.choice((*LANES, DEAD_LETTERS)), pace.choice(bodies))

    def _newer_code_takes(self) -> None:
        """Newer code, deployed beside ours, brings a job into a state of its own."""
        rows = [row for row in self.monitor.rows.values() if row.state in PENDING]
        if rows and self.fate.strikes("newer", always=True):
            row = self.seam.pace.choice(rows)
            self.foreign[row.id] = row
            self.monitor.rows[row.id] = replace(row, state=FOREIGN, ready=None)
            self.seam.note(f"newer code takes {row.id[-6:]}")

    def _newer_code_comes(self) -> None:
        """What was meant for newer code finds it at last, and it gives the jobs back, with an appointment."""
        messages = self.queue.twin.messages
        messages[:] = [message for message in messages if message.body != NEWER]
        check = {"attention": "due", "attention_at": self.monitor.world.now()}
        for job_id, row in self.foreign.items():
            self.monitor.rows[job_id] = replace(row, **check)
            self.seam.note(f"newer code gives back {job_id[-6:]}")

    def _lose_payload(self) -> None:
        """A stored payload is gone."""
        for job_id, digest in list(self.payloads.bodies):
            if self.fate.strikes("lose", always=True):
                del self.payloads.bodies[job_id, digest]
                del self.payloads.keep_until[job_id, digest]
                self.monitor.lost_payloads.add(job_id)
                self.fate.hit("F65")
                return


def run(seed: int, variation: Variation | None = None, *, traced: bool = False) -> Report:
    """One history. The same seed and variation give the same report, whatever else there was."""
    variation = variation or Variation()
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        found = shortened(profile(seed), variation)
        with paged(found.fan):
            return History(found, variation, traced=traced).run()
    finally:
        logging.disable(disabled)
