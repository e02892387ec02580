"""One run: start the stage, let clients and monkey at it, wait until all is quiet, reckon, and send every message once more."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chalicelib.domain.job import Job
from proof.processes import hits
from proof.processes.clients import Clients
from proof.processes.ledger import LASTING, Books, changed, reckon
from proof.processes.mischief import TABLE, Mischief
from proof.processes.monkey import Monkey
from proof.processes.orders import orders
from proof.processes.reading import rows
from proof.processes.report import ProcessReport
from proof.processes.scale import QUIET_WITHIN, STILL
from proof.processes.schedule import Schedule
from proof.processes.stage import Stage
from proof.processes.weather import CALM, Rates
from proof.processes.witness import Start, starts

Say = Callable[[str], None]

FAULTY_SHARE = 0.6  # of the time asked for; the rest is for the start and for the end
RATE = 20.0  # jobs a second of the faulty time
SUBMITTING_SHARE = 0.85  # of the faulty time
LOOK_EVERY = 1.0  # seconds
SAY_EVERY = 5.0
REPLAY_WITHIN = 120.0


def run(
    minutes: float = 3.0,
    jobs: int | None = None,
    seed: int = 0,
    *,
    mutant: str | None = None,
    folder: Path | None = None,
    say: Say = lambda _: None,
) -> ProcessReport:
    """The report of one run. `jobs`: by default as many as the machine takes while there are faults. `folder` keeps the logs; else they are thrown away.

    `mutant`: break the pipeline by that name, to see that it is found out. Clocks worse than the stage allows for are then left out.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="jobline-proof-") as made:
            return run(minutes, jobs, seed, mutant=mutant, folder=Path(made), say=say)
    folder.mkdir(parents=True, exist_ok=True)
    return _Run(minutes, jobs, seed, mutant=mutant, folder=folder, say=say).go()


class _Run:
    """The parts of a run, while it lasts."""

    def __init__(
        self,
        minutes: float,
        jobs: int | None,
        seed: int,
        *,
        mutant: str | None,
        folder: Path,
        say: Say,
    ) -> None:
        self.report = ProcessReport(seed=seed)
        self.say = say
        self.faulty = minutes * 60 * FAULTY_SHARE
        self.all = jobs is not None  # every order is to be placed, however long it takes
        self.count = jobs if jobs is not None else max(40, int(self.faulty * RATE))
        self.mutant = mutant
        self.began = time.monotonic()
        self.said = 0.0
        self.stage = Stage(folder, seed=seed, mutant=mutant, honest=mutant is not None)

    def go(self) -> ProcessReport:
        """Everything, in its order. All processes are ended when this returns or raises."""
        report = self.report
        with self.stage as stage:
            self.say(f"the stage stands: {', '.join(f'{name} {pid}' for name, pid in stage.pids.items())}")
            ordered = orders(self.count, report.seed)
            clients = Clients(stage.api_url, stage.api_key, ordered, seconds=self.faulty * SUBMITTING_SHARE)
            mischief = Mischief(stage, clients, seed=report.seed)
            try:
                self._faulty(clients, mischief)
                self._quiet(clients, mischief)
            finally:
                clients.stop()
            began = list(
                starts(stage.witness)
            )  # before the rows: a start whose claim is not in them is wrong
            found = rows(stage.client("dynamodb"), TABLE, newer=mischief.newer_rows)
            self._reckon(self._books(clients, mischief, found, began), clients)
            self._replay(mischief, found)
            self._count(clients, mischief, found)
        report.seconds = time.monotonic() - self.began
        return report

    def _faulty(self, clients: Clients, mischief: Mischief) -> None:
        """The time of the monkey."""
        stage, report = self.stage, self.report
        monkey = Monkey(stage, seed=report.seed)
        # A mutant acknowledges whatever comes; newer code's messages are not what it is tried for.
        newer = self.mutant is None
        schedule = Schedule(mischief, seconds=self.faulty, clock=time.monotonic, newer=newer)
        stage.weather.rates = Rates()
        ends = time.monotonic() + self.faulty
        clients.start()
        monkey.start()
        try:
            while time.monotonic() < ends:
                schedule.turn()
                self._tell(clients, mischief, "faults")
                time.sleep(min(LOOK_EVERY, max(0.0, ends - time.monotonic())))
            if not self.all:
                clients.enough()
            stage.weather.rates = CALM
            monkey.finish()
        finally:
            monkey.stop()
        report.failed += [f"mischief broke: {words}" for words in schedule.finish()]
        report.kills.update(monkey.kills)
        report.restarts = monkey.restarts
        report.hits["F68"] += monkey.restarts + monkey.resets
        report.failed += [f"the monkey broke: {words}" for words in monkey.broke]

    def _quiet(self, clients: Clients, mischief: Mischief) -> None:
        """Wait until all is answered and ended and the queues are empty, or nothing moves any more: who is left the ledger names."""
        since = moved = time.monotonic()
        client = self.stage.client("dynamodb")
        before: object = None
        while time.monotonic() - since < QUIET_WITHIN and not self.report.rested:
            self._tell(clients, mischief, "quiet")
            looked = time.monotonic()
            began, depth = list(starts(self.stage.witness)), mischief.depth()
            found = rows(client, TABLE, newer=mischief.newer_rows)
            now = (depth, len(began), {(row.id, row.state, row.epoch) for row in found.values()})
            if now != before:
                before, moved = now, time.monotonic()
            empty = clients.finished() and depth == mischief.newer_messages
            ended = empty and all(row.finished for row in found.values())
            self.report.rested = ended or time.monotonic() - moved > STILL
            books = self._books(clients, mischief, found, began)
            if self.mutant is not None and LASTING & (+reckon(books).figures).keys():
                break  # no waiting mends it
            time.sleep(max(LOOK_EVERY, 4 * (time.monotonic() - looked)))  # not to be the load itself
        self.report.quiet_after = time.monotonic() - since

    def _books(
        self, clients: Clients, mischief: Mischief, found: Mapping[str, Job], began: Sequence[Start]
    ) -> Books:
        told = clients.told
        with told.lock:
            return Books(
                orders=dict(told.orders),
                keys={key: frozenset(ids) for key, ids in told.ids.items()},
                rows=found,
                starts=began,
                cancelled=frozenset(told.cancelled),
                depth=mischief.depth() - mischief.newer_messages,
                newer_changed=mischief.newer_rows_changed(),
            )

    def _reckon(self, books: Books, clients: Clients) -> None:
        ledger = reckon(replace(books, unanswered=len(clients.unanswered)))
        self.report.ledger = ledger.figures
        self.report.jobs = len(books.rows)
        self.report.failed += [*ledger.wrong, *clients.told.wrong]

    def _replay(self, mischief: Mischief, before: Mapping[str, Job]) -> None:
        """Every message that was ever sent comes once more: no row may change, no handler may start."""
        report, stage = self.report, self.stage
        if report.failed:
            return  # what is not at rest may change
        began = sum(1 for _ in starts(stage.witness))
        bodies: dict[str, set[str]] = {}
        for event in stage.journal.read():
            for queue, body in event.get("sent", ()):
                bodies.setdefault(queue.removeprefix(f"{TABLE}-"), set()).add(body)
        for lane, some in sorted(bodies.items()):
            mischief.send(lane, sorted(some))
            report.replayed += len(some)
        ends = time.monotonic() + REPLAY_WITHIN
        while mischief.depth() != mischief.newer_messages and time.monotonic() < ends:
            self._say("replay", f"{mischief.depth()} messages left of {report.replayed}")
            time.sleep(LOOK_EVERY)
        if mischief.depth() != mischief.newer_messages:
            report.failed.append(f"messages_left: {mischief.depths()} after the replay")
        after = rows(stage.client("dynamodb"), TABLE, newer=mischief.newer_rows)
        report.failed += [f"replay_changed: {after[job_id].label()}" for job_id in changed(before, after)]
        again = sum(1 for _ in starts(stage.witness)) - began
        if again:
            report.failed.append(
                f"replay_started: {again} handlers were started by messages of finished jobs"
            )

    def _count(self, clients: Clients, mischief: Mischief, found: Mapping[str, Job]) -> None:
        """What happened, by the names of the matrix."""
        report, stage = self.report, self.stage
        report.hits.update(hits.seen(stage.journal.read()))
        report.hits.update(hits.told(found.values()))
        report.hits.update(mischief.hits)
        report.injected = Counter(stage.proxy.fates)
        report.resets = stage.proxy.resets
        report.ledger["redriven"] = clients.told.redriven
        report.hits["F47"] += clients.told.cancels
        report.hits["F64"] += sum(
            number for fate, number in report.injected.items() if fate not in ("passed", "late")
        )
        report.hits["F69"] += sum(report.kills[f"{signal} consumer"] for signal in ("SIGKILL", "SIGTERM"))
        for actor in stage.actors.values():
            report.deaths.update({f"{actor.part}: {how}": n for how, n in actor.deaths.items()})
            report.hits["F61"] += actor.clocks["beyond"]
            report.hits["F21"] += sum(actor.deaths[f"status {status}"] for status in (71, 72))

    def _tell(self, clients: Clients, mischief: Mischief, phase: str) -> None:
        told = clients.told
        with told.lock:
            words = f"{len(told.orders)} of {self.count} accepted, {told.asked_again} asked again"
        self._say(phase, words, lambda: f", queues {mischief.depths()}")

    def _say(self, phase: str, words: str, more: Callable[[], str] = lambda: "") -> None:
        now = time.monotonic()
        if now - self.said >= SAY_EVERY:
            self.said = now
            self.say(f"{now - self.began:5.0f} s  {phase}: {words}{more()}")
