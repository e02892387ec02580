"""Outboxes: what a terminal write owes is done once, whoever does it, through crashes, late writes and a redrive.

No clock. Anybody may find the outbox (a tick by its appointment, a consumer by a late message, the worker that wrote it) and performs it: puts the
follower's row under an id made of (job, epoch, slot), then clears the outbox. EFFECT: never more followers than outcomes that owe one, never
fewer once the outbox is gone. Live: the job ends, and owes nothing, by appointments alone.
"""

from collections.abc import Iterator
from typing import Any

from proof.spec import words
from proof.spec.canon import IDLE, hopeless, less, put
from proof.spec.invariants import judge
from proof.spec.law import CLAIMABLE, MAX_ATTEMPTS, Law, Row, Write
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

FAULTS, REDRIVES = 0, 1
NOW, LATER = 1, 9
Actor = tuple[Any, ...]
Id = tuple[str, int, int]


class Effects:
    """State: (row, behind the watermark, followers' ids, outcomes that owed one, workers, air, budgets).

    Worker: idle | run, epoch | settle, write | put, state, epoch, ids left, ids done | clear, state, epoch, ids left.
    """

    FIELDS = ("row", "behind", "followers", "owed", "workers", "air", "left")

    def __init__(self, rules: Rules, *, workers: int = 2, faults: int = 1, redrives: int = 1) -> None:
        self.rules, self.law = rules, Law(rules.edit)
        self.workers, self.left = workers, (faults, redrives)
        self.name = f"effects: {workers} workers, {faults} faults, {redrives} redrives"

    def starts(self) -> Iterator[State]:
        yield (Row(attempts=1, life=-1), False, (), 0, (IDLE,) * self.workers, (), self.left)

    def finished(self, state: State) -> bool:
        return bool(state[0].finished)

    def broken(self, state: State) -> str | None:
        row, behind, followers, owed = state[:4]
        if len(followers) > owed:
            return f"EFFECT: {len(followers)} followers of {owed} outcomes"
        if not row.outbox and len(followers) < owed:
            return f"EFFECT: the outbox is empty, and only {len(followers)} of {owed} followers were ever put"
        if behind and not row.finished and row.check < 0:
            return "I6: unfinished, behind the watermark and without an appointment"
        return None

    def steps(self, state: State) -> Iterator[Step]:
        row, behind, _, _, workers, air, left = state
        if not behind and self.rules.sweeps:
            yield self._visit(state)
        for n, worker in enumerate(workers):
            if n and worker == IDLE == workers[n - 1]:
                continue
            yield from self._worker(state, n, worker)
            if worker != IDLE and left[FAULTS]:
                gone = {"workers": put(workers, n, IDLE), "left": less(left, FAULTS)}
                yield self._step(state, (f"worker {n + 1}", "crashes"), gone, fault=True)
        if left[REDRIVES] and row.state == "DEAD" and (not row.outbox or not self.rules.outbox_first):
            yield from self._land(
                state,
                ("a person redrives it",),
                ("redriven", row.epoch, 0, NOW, NOW),
                {"left": less(left, REDRIVES)},
            )
        for n, write in enumerate(air):
            rest = {"air": (*air[:n], *air[n + 1 :])}
            yield from self._land(state, ("in the air:", words.of(write), "lands"), write, rest)

    def _visit(self, state: State) -> Step:
        row = state[0]
        if row.finished or row.check >= 0:
            return self._step(state, ("the watermark", "passes the job"), {"behind": True})
        new = self.law.write(row, ("appointed", row.state, row.epoch, NOW)) or row
        return self._step(state, ("the sweep", "appoints the job"), {"row": new, "behind": True})

    def _land(self, state: State, label: Label, write: Write, more: dict[str, Any]) -> Iterator[Step]:
        """A write takes effect, if the law lets it."""
        row, _, followers, owed = state[:4]
        if write[0] == "put":
            yield self._step(state, label, {**more, "followers": tuple(sorted({*followers, write[1]}))})
            return
        new = self.law.write(row, write)
        if new is None:
            return
        after = {"row": new, "owed": owed + bool(new.outbox and not row.outbox), **more}
        yield self._step(state, label, after, judge(row, new, write, shapes=self.rules.shapes))

    # ---------------------------------------------------------------------------------------------------------- workers

    def _worker(self, state: State, n: int, worker: Actor) -> Iterator[Step]:
        row, _, _, _, workers = state[:5]
        who = f"worker {n + 1}"
        if worker == IDLE:
            if row.outbox and row.check >= 0:
                yield self._step(
                    state,
                    (who, "keeps the appointment: reads the outbox"),
                    {"workers": put(workers, n, self._performs(row, n))},
                )
            elif row.outbox:  # luck: some message came
                yield self._step(
                    state,
                    (who, "finds the outbox"),
                    {"workers": put(workers, n, self._performs(row, n))},
                    fault=True,
                )
            yield from self._claims(state, n, who)
        elif worker[0] == "run":
            epoch = worker[1]
            for kind, slot in (("succeeded", "on_success"), ("died", "on_failure")):
                yield from self._writes(state, n, who, (kind, epoch, n, NOW, ((slot, epoch, 0),)))
            if row.attempts < MAX_ATTEMPTS:
                yield from self._writes(
                    state, n, who, ("retried", epoch, n, NOW, NOW, NOW if row.check >= 0 else -1)
                )
        elif worker[0] == "settle":
            yield from self._writes(state, n, who, worker[1])
        elif worker[0] == "put":
            _, _, _, ids = worker
            then = self._following(worker)
            label = (who, f"puts the follower {ids[0][0]}-{ids[0][1]}")
            yield from self._land(state, label, ("put", ids[0]), {"workers": put(workers, n, then)})
            yield from self._unanswered(state, n, label, ("put", ids[0]), worker)
        else:
            write = ("cleared", worker[1], worker[2])
            then = ("put", *worker[1:]) if worker[3] else IDLE
            label = (who, "clears the outbox")
            landed = list(self._land(state, label, write, {"workers": put(workers, n, then)}))
            yield from landed or [
                self._step(state, (*label, ": refused"), {"workers": put(workers, n, then)})
            ]
            yield from self._unanswered(state, n, label, write, worker)

    def _claims(self, state: State, n: int, who: str) -> Iterator[Step]:
        row, workers = state[0], state[4]
        write: Write | None = None
        if row.state in CLAIMABLE:
            write = ("claimed", row.ready, n, NOW, LATER - 1)
        elif row.state == "RUNNING" and row.attempts < MAX_ATTEMPTS:
            write = ("reclaimed", row.epoch, n, LATER, LATER - 1)
        if write is not None:
            yield from self._land(
                state, (who, write[0]), write, {"workers": put(workers, n, ("run", row.epoch + 1))}
            )
        elif row.state == "RUNNING":
            lost = ("lost", row.epoch, LATER, (("on_failure", row.epoch, 0),))
            for step in self._land(state, (who, "ends it: its worker was lost"), lost, {}):
                yield self._step(
                    step.state,
                    step.label,
                    {"workers": put(step.state[4], n, self._performs(step.state[0], n))},
                    step.broken,
                )

    def _writes(self, state: State, n: int, who: str, write: Write) -> Iterator[Step]:
        """A settlement, its answer, and the outbox that it owes."""
        row, workers = state[0], state[4]
        label = (who, f"writes {write[0]}")
        new = self.law.write(row, write)
        if new is None:
            landed = (
                (write[1], n) in row.marks
                and row.epoch == write[1]
                and bool(row.outbox)
                and self.rules.mark_known
            )
            then = self._performs(row, n) if landed else IDLE
            yield self._step(state, (*label, ": refused"), {"workers": put(workers, n, then)})
        else:
            then = self._performs(new, n) if new.outbox else IDLE
            yield from self._land(state, label, write, {"workers": put(workers, n, then)})
        yield from self._unanswered(state, n, label, write, ("settle", write))

    def _performs(self, row: Row, n: int) -> Actor:
        ids = (
            row.outbox
            if self.rules.fixed_ids
            else tuple((slot, epoch, n + 1) for slot, epoch, _ in row.outbox)
        )
        return ("put" if self.rules.perform_first else "clear", row.state, row.epoch, ids)

    def _following(self, worker: Actor) -> Actor:
        _, state, epoch, ids = worker
        if len(ids) > 1:
            return ("put", state, epoch, ids[1:])
        return ("clear", state, epoch, ()) if self.rules.perform_first else IDLE

    def _unanswered(self, state: State, n: int, label: Label, write: Write, waits: Actor) -> Iterator[Step]:
        workers, air, left = state[4:]
        if left[FAULTS]:
            flying = {"air": (*air, write), "left": less(left, FAULTS)}
            yield self._step(
                state,
                (*label, ": no reply, asks again"),
                {**flying, "workers": put(workers, n, waits)},
                fault=True,
            )
            yield self._step(
                state,
                (*label, ": no reply, gives up"),
                {**flying, "workers": put(workers, n, IDLE)},
                fault=True,
            )

    def _step(
        self,
        state: State,
        label: Label,
        new: dict[str, Any],
        broken: str | None = None,
        *,
        fault: bool = False,
    ) -> Step:
        after = tuple(new.get(name, old) for name, old in zip(self.FIELDS, state, strict=True))
        air = after[5]
        if air:
            useful = (w for w in air if self.law.edit is not None or not self._hopeless(w, after))
            air = tuple(sorted(useful, key=repr))
        return Step(label, (*after[:5], air, after[6]), fault, broken)

    def _hopeless(self, write: Write, state: State) -> bool:
        return write[1] in state[2] if write[0] == "put" else hopeless(write, state[0], self.law)

    def tell(self, label: Label) -> str:
        return words.tell(label)

    def show(self, state: State) -> str:
        row, behind, followers, owed, workers, air, _ = state
        parts = [
            words.show_row("job", row) + (" behind the watermark" if behind else ""),
            f"{len(followers)} of {owed} followers",
        ]
        parts += [f"worker {n + 1} is at {worker[0]}" for n, worker in enumerate(workers) if worker != IDLE]
        parts += [f"in the air: {words.of(write)}" for write in air]
        return "; ".join(parts)
