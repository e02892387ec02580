"""Joins, specified ahead of the code: children mark numbered sets, and one write takes the parent from WAITING to JOINED.

Two children on shards of their own, each ended with an outbox that anybody may perform: ADD its number to its shard's set, and if the returned
set is full ADD the shard to the root's set, and if that is full write JOINED, conditional on WAITING; then clear the child's outbox.
Cancelling competes on the same write. I7: the callback fires once at most, and only with every child ended. I2: what is over stays over.
Live: the parent ends and no child owes anything.
"""

from collections.abc import Iterator
from typing import Any

from proof.spec import words
from proof.spec.canon import IDLE, put
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

OPEN, OWES, CLEAR = "open", "owes", "clear"
Actor = tuple[Any, ...]


class Joins:
    """State: (children, shards' sets, root's set, parent, callbacks fired, workers, air, faults left, cancels left).

    Worker: idle | mark, child | root, child | join, child | clear, child.
    """

    FIELDS = ("children", "shards", "root", "parent", "fired", "workers", "air", "left", "cancels")

    def __init__(
        self, rules: Rules, *, shards: tuple[int, ...] = (0, 1), workers: int = 2, faults: int = 2
    ) -> None:
        self.rules, self.shard_of, self.workers, self.faults = rules, shards, workers, faults
        self.shards = max(shards) + 1
        self.name = f"joins: {len(shards)} children on {self.shards} shards, {workers} workers, {faults} faults, 1 cancel"

    def starts(self) -> Iterator[State]:
        empty = ((OPEN,) * len(self.shard_of), ((),) * self.shards, (), "WAITING", 0)
        yield (*empty, (IDLE,) * self.workers, (), self.faults, 1)

    def finished(self, state: State) -> bool:
        return state[3] != "WAITING" and all(child == CLEAR for child in state[0])

    def broken(self, state: State) -> str | None:
        children, _, _, parent, fired = state[:5]
        if fired > 1:
            return "I7: the callback fired twice"
        if fired and OPEN in children:
            return "I7: the callback fired before every child had ended"
        if fired and parent != "JOINED":
            return f"I2: the callback fired, and the parent is {parent}"
        return None

    def steps(self, state: State) -> Iterator[Step]:
        children, _, _, parent, _, workers, air, left, cancels = state
        for n, child in enumerate(children):
            if child == OPEN:
                yield self._step(state, ("child", n, "ends"), {"children": put(children, n, OWES)})
        if cancels and parent == "WAITING":
            # Luck, and so no way to the end: nobody has to cancel anything.
            yield self._step(
                state, ("the parent", "is cancelled"), {"parent": "CANCELLED", "cancels": 0}, fault=True
            )
        for n, worker in enumerate(workers):
            if n and worker == IDLE == workers[n - 1]:
                continue
            yield from self._worker(state, n, worker)
            if worker != IDLE and left:
                gone: dict[str, Any] = {"workers": put(workers, n, IDLE), "left": left - 1}
                yield self._step(state, (f"worker {n + 1}", "crashes"), gone, fault=True)
        for n, write in enumerate(air):
            changes, _ = self._land(state, write)
            label = ("in the air:", f"{write[0]} of child", write[1], "lands")
            yield self._step(state, label, {**changes, "air": (*air[:n], *air[n + 1 :])})

    def _worker(self, state: State, n: int, worker: Actor) -> Iterator[Step]:
        children, workers, air, left = state[0], *state[5:8]
        who = f"worker {n + 1}"
        if worker == IDLE:
            first = "mark" if self.rules.perform_first else "clear"
            for child, owes in enumerate(children):
                if owes == OWES:
                    reads = {"workers": put(workers, n, (first, child))}
                    yield self._step(state, (who, "reads the outbox of child", child), reads)
            return
        changes, then = self._land(state, worker)
        label = (who, f"writes {worker[0]} for child", worker[1])
        yield self._step(state, label, {**changes, "workers": put(workers, n, then)})
        if left:
            flying = {"air": (*air, worker), "left": left - 1}
            yield self._step(state, (*label, ": no reply, asks again"), flying, fault=True)
            gone = {**flying, "workers": put(workers, n, IDLE)}
            yield self._step(state, (*label, ": no reply, gives up"), gone, fault=True)

    def _land(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor]:
        """What a write changes, and what its writer does next by its answer."""
        children, shards, root, parent, fired = state[:5]
        kind, child = write
        shard = self.shard_of[child]
        done: Actor = ("clear", child) if self.rules.perform_first else IDLE
        if kind == "mark":
            marks = self._add(shards[shard], child)
            full = len(marks) >= self.shard_of.count(shard)
            goes = full and (self.rules.returned_set or marks != shards[shard])
            return {"shards": put(shards, shard, marks)}, ("root", child) if goes else done
        if kind == "root":
            marks = self._add(root, shard)
            full = len(marks) >= self.shards
            goes = full and (self.rules.returned_set or marks != root)
            return {"root": marks}, ("join", child) if goes else done
        if kind == "join":
            if parent == "WAITING" or not self.rules.join_conditional:
                return {"parent": "JOINED", "fired": fired + 1}, done
            return {}, done
        return {"children": put(children, child, CLEAR)}, IDLE if self.rules.perform_first else (
            "mark",
            child,
        )

    def _add(self, marks: tuple[int, ...], number: int) -> tuple[int, ...]:
        """The set after the ADD. A mutant counts instead."""
        return tuple(sorted({*marks, number})) if self.rules.numbered else (*marks, 0)

    def _step(self, state: State, label: Label, new: dict[str, Any], *, fault: bool = False) -> Step:
        after = [new.get(name, old) for name, old in zip(self.FIELDS, state, strict=True)]
        after[5] = tuple(sorted(after[5], key=repr))
        after[6] = tuple(sorted(after[6]))
        return Step(label, tuple(after), fault)

    def tell(self, label: Label) -> str:
        return words.tell(label)

    def show(self, state: State) -> str:
        children, shards, root, parent, fired, workers, air = state[:7]
        parts = [
            f"parent {parent}",
            f"children {', '.join(children)}",
            f"shards {shards} root {root}",
            f"fired {fired}",
        ]
        parts += [f"worker {n + 1} is to {w[0]} child {w[1] + 1}" for n, w in enumerate(workers) if w != IDLE]
        parts += [f"in the air: {write[0]} of child {write[1] + 1}" for write in air]
        return "; ".join(parts)
