"""Claim, settle, give back, cancel, redrive, replace: two consumers, a person and writes that land whenever they like. No clock: a lease may be found over, and
a retry due, at any moment, so safety is shown not to depend on time. Messages are no part of the state: any wake-up may come at any time.

A write without a reply goes into the air: it lands at some later step, or never. That one step stands for "not applied and failed",
"applied and the reply lost" and "late". Whoever waited for the reply asks again or gives up. Anybody may crash between two steps.
"""

from collections.abc import Iterator
from typing import Any

from proof.spec import words
from proof.spec.canon import IDLE, canonical, less, put
from proof.spec.invariants import GIVES as GIVEN
from proof.spec.invariants import judge
from proof.spec.law import CLAIMABLE, MAX_ATTEMPTS, NONE, OVER, Law, Row, Write
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

LEASE, LATER = 1, 9  #: a lease's end, and a time after it
FAULTS, CANCELS, REDRIVES, GIVES, REPLACES = 0, 1, 2, 3, 4
UNWISHED = frozenset({"retried", "died", *GIVEN})  #: writes that a wish to cancel turns into a cancellation
Actor = tuple[Any, ...]
Choice = tuple[Label, int, Write, Actor]
"""What somebody may write: words, the job, the write, and who they are while they wait for the answer."""


class Core:
    """State: (rows, workers, person, writes in the air, budgets left, number of tokens in use).

    Worker: idle | run, job, epoch, token, attempts, wish. After a reply that did not come: claim or settle, job, write, token.
    Person: idle. After a reply that did not come: cancel, job, write | redrive or replace, job, write, token.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        jobs: int = 1,
        faults: int = 2,
        cancels: int = 1,
        redrives: int = 1,
        workers: int = 2,
        gives: int = 0,
        replaces: int = 0,
        checkpoints: bool = False,
    ) -> None:
        self.name = (
            f"core: {jobs} jobs, {workers} workers, {faults} faults, {cancels} cancels, {redrives} redrives"
        )
        if gives or replaces or checkpoints:
            self.name += f", {gives} given back, {replaces} replaced{', checkpoints' * checkpoints}"
        self.rules = rules
        self.law = Law(rules.edit)
        self.checkpoints = checkpoints
        budgets = (faults, cancels, redrives, gives, replaces)
        self._start = ((Row(),) * jobs, (IDLE,) * workers, IDLE, (), budgets, 0)

    def starts(self) -> list[State]:
        return [self._start]

    def finished(self, state: State) -> bool:
        return all(row.state in OVER for row in state[0])

    def broken(self, state: State) -> str | None:
        """I3: two handlers never run in one epoch."""
        running = [(w[1], w[2]) for w in state[1] if w[0] == "run"]
        return "I3: two handlers run in one epoch" if len(set(running)) < len(running) else None

    def tell(self, label: Label) -> str:
        return words.tell(label)

    def show(self, state: State) -> str:
        rows, workers, person, air = state[:4]
        parts = [words.show_row(f"job {n + 1}", row) for n, row in enumerate(rows)]
        parts += [f"worker {n + 1} {words.actor(w)}" for n, w in enumerate(workers) if w != IDLE]
        parts += [f"the person {words.actor(person)}"] if person != IDLE else []
        parts += [f"in the air: {words.of(write)} of job {job + 1}" for job, write in air]
        return "; ".join(parts)

    def steps(self, state: State) -> Iterator[Step]:
        rows, workers, person, air, left, tokens = state
        for n, worker in enumerate(workers):
            if n and worker == IDLE == workers[n - 1]:
                continue  # one idle worker is as good as another
            who = f"worker {n + 1}"
            for label, job, write, waits in self._worker(worker, rows, tokens):
                yield from self._write(state, n, (who, *label), job, write, waits)
            for label, job, write, waits in self._gives(worker, left):
                after = (*state[:4], less(left, GIVES), tokens)
                yield from self._write(after, n, (who, *label), job, write, waits)
            for label, then in self._looks(worker, rows):
                yield self._next((who, *label), rows, put(workers, n, then), person, air, left)
            if worker != IDLE and left[FAULTS]:
                yield self._next(
                    (who, "crashes"), rows, put(workers, n, IDLE), person, air, less(left, FAULTS), fault=True
                )
        for label, job, write, waits, after in self._person(person, rows, left, tokens):
            yield from self._write(
                (rows, workers, person, air, after, tokens), -1, ("the person", *label), job, write, waits
            )
        for n, (job, write) in enumerate(air):
            new = self.law.write(rows[job], write)
            if new is not None:
                rest = (*air[:n], *air[n + 1 :])
                label = ("in the air:", f"{words.of(write)} of job", job, "lands")
                broken = judge(rows[job], new, write, shapes=self.rules.shapes)
                yield self._next(label, put(rows, job, new), workers, person, rest, left, broken=broken)

    # -------------------------------------------------------------------------------------------------------- workers

    def _worker(self, worker: Actor, rows: Any, tokens: int) -> Iterator[Choice]:
        if worker == IDLE:
            token = tokens if self.rules.token_per_claim else 0
            for job, row in enumerate(rows):
                for label, write in self._rights(row, token):
                    yield (label, job), job, write, ("claim", job, write, token)
        elif worker[0] == "run":
            _, job, epoch, token, attempts, wish = worker
            for label, write in self._outcomes(epoch, token, attempts, wish):
                yield (label, job), job, write, ("settle", job, write, token)
            if self.checkpoints:
                write = ("checkpointed", epoch, token, 0, LEASE)
                yield ("writes down how far it is: job", job), job, write, worker
        else:
            yield (f"asks again: {words.of(worker[2])} of job", worker[1]), worker[1], worker[2], worker

    def _rights(self, row: Row, token: int) -> Iterator[tuple[str, Write]]:
        """What a consumer may write: by a plain message, or by what the row says that refused an older one.

        Reading the row and writing are one step here: a write decided by an older reading succeeds only where it is also decided by the
        newest, but for the wish, which an older reading may lack; and writes that land late are in the air.
        """
        if row.state in CLAIMABLE:
            yield "claims job", ("claimed", row.ready, token, 0, LEASE)
        if row.state == "SCHEDULED":
            yield "sees that its turn has come: releases job", ("released", "SCHEDULED", row.epoch, 0, LEASE)
        if row.state == "QUEUED" and row.epoch == 0:
            yield "finds the start's deadline over: ends job", ("expired", "QUEUED", 0, 0)
        if row.state == "RUNNING":
            if row.wish and self.rules.wish_heeded:
                yield "finds a lapsed lease and a wish: ends job", ("lost_wished", row.epoch, LATER)
            if row.attempts < MAX_ATTEMPTS or not self.rules.losses_end:
                yield "finds a lapsed lease: takes over job", ("reclaimed", row.epoch, token, LATER, LEASE)
            else:
                yield "finds a lapsed lease, no attempts left: ends job", ("lost", row.epoch, LATER, ())

    def _outcomes(self, epoch: int, token: int, attempts: int, wish: bool) -> Iterator[tuple[str, Write]]:  # noqa: FBT001
        yield "succeeds: settles job", ("succeeded", epoch, token, 0, ())
        if wish:
            yield "gives in: settles job", ("gave_in", epoch, token, 0)
            return
        if attempts < MAX_ATTEMPTS:
            yield "fails, another attempt follows: settles job", ("retried", epoch, token, 0, LEASE, -1)
        yield "fails for good: settles job", ("died", epoch, token, 0, ())
        if attempts == 1:
            yield "sees that it came too late: settles job", ("came_late", epoch, token, 0)

    def _gives(self, worker: Actor, left: Any) -> Iterator[Choice]:
        """An attempt that has no turn yet, or no time left, gives the job back."""
        if worker[0] == "run" and not worker[5] and left[GIVES]:
            _, job, epoch, token, _, _ = worker
            parked = ("parked", epoch, token, 0, LEASE)
            requeued = ("requeued", epoch, token, 0, LEASE, -1)
            yield ("has no turn yet: parks job", job), job, parked, ("settle", job, parked, token)
            yield ("has no time left: requeues job", job), job, requeued, ("settle", job, requeued, token)

    def _looks(self, worker: Actor, rows: Any) -> Iterator[tuple[Label, Actor]]:
        """The heartbeat: the running attempt learns what its row says."""
        if worker[0] == "run":
            row = rows[worker[1]]
            if row.owner != worker[2:4]:
                yield ("sees that its lease was lost and stops",), IDLE
            elif row.wish and not worker[5]:
                yield ("sees the wish",), (*worker[:5], True)

    def _answered(self, waits: Actor, write: Write, new: Row | None, row: Row) -> Actor:
        """Who they are after the answer: `new` is the row after the write, or None and `row` refused it."""
        if waits[0] == "claim":
            seen = new or row
            if seen.owner == NONE or seen.owner[1] != waits[3]:
                return IDLE  # acknowledged, or another right is tried: any message may come at any time
            if seen.wish and self.rules.wish_heeded:
                return ("settle", waits[1], ("gave_in", *seen.owner, 0), seen.owner[1])
            return ("run", waits[1], *seen.owner, seen.attempts, seen.wish)
        if waits[0] == "run":  # a checkpoint: refused, the attempt learns that its lease was lost
            return IDLE if new is None else waits
        if waits[0] == "settle" and new is None:
            mine = (write[1], waits[3])
            if mine not in row.marks and row.owner == mine and row.wish and write[0] in UNWISHED:
                return ("settle", waits[1], ("gave_in", *mine, 0), waits[3])
        return IDLE

    # --------------------------------------------------------------------------------------------------------- person

    def _person(
        self, person: Actor, rows: Any, left: Any, tokens: int
    ) -> Iterator[tuple[Label, int, Write, Actor, Any]]:
        if person != IDLE:
            yield (f"asks again: {words.of(person[2])} of job", person[1]), person[1], person[2], person, left
            return
        for job, row in enumerate(rows):
            if left[CANCELS] and row.state not in OVER and not row.wish:
                write = ("wished" if row.state == "RUNNING" else "cancelled", row.state, row.epoch, 0)
                yield (
                    (f"cancels ({write[0]}) job", job),
                    job,
                    write,
                    ("cancel", job, write),
                    less(left, CANCELS),
                )
            if left[REDRIVES] and row.state == "DEAD":
                again = ("redriven", row.epoch, tokens, 0, LEASE)
                yield ("redrives job", job), job, again, ("redrive", job, again, tokens), less(left, REDRIVES)
            if left[REPLACES] and row.state == "QUEUED":
                again = ("replaced", row.epoch, tokens, 0, LEASE)
                yield ("replaces job", job), job, again, ("replace", job, again, tokens), less(left, REPLACES)

    def _write(
        self, state: State, n: int, label: Label, job: int, write: Write, waits: Actor
    ) -> Iterator[Step]:
        """A write by worker `n`, or by the person (-1): answered, or without a reply."""
        rows, workers, person, air, left, _ = state

        def become(who: Actor) -> tuple[Any, Actor]:
            return (workers, who) if n < 0 else (put(workers, n, who), person)

        new = self.law.write(rows[job], write)
        then = self._answered(waits, write, new, rows[job])
        if new is not None:
            broken = judge(rows[job], new, write, shapes=self.rules.shapes)
            yield self._next(label, put(rows, job, new), *become(then), air, left, broken=broken)
        else:
            yield self._next((*label, ": refused"), rows, *become(then), air, left)
        if left[FAULTS]:
            flying, after = (*air, (job, write)), less(left, FAULTS)
            yield self._next(
                (*label, ": no reply, asks again"), rows, *become(waits), flying, after, fault=True
            )
            yield self._next((*label, ": no reply, gives up"), rows, *become(IDLE), flying, after, fault=True)

    def _next(
        self,
        label: Label,
        rows: Any,
        workers: Any,
        person: Any,
        air: Any,
        left: Any,
        *,
        fault: bool = False,
        broken: str | None = None,
    ) -> Step:
        return Step(label, canonical(rows, workers, person, air, left, self.law), fault, broken)
