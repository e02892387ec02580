"""Breadth-first search with a visited set, shortest traces, and the question whether every state can still finish."""

import time
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

State = tuple[Any, ...]
Label = tuple[Any, ...]


class Step(NamedTuple):
    """One step out of a state. `fault`: the world misbehaves. `broken`: the invariant that the step itself breaks."""

    label: Label
    state: State
    fault: bool = False
    broken: str | None = None


class Model(Protocol):
    """What is searched. States are canonical: equal when nothing can ever tell them apart."""

    name: str

    def starts(self) -> Iterable[State]:
        """Where it begins."""

    def steps(self, state: State) -> Iterator[Step]:
        """All that can happen next."""

    def broken(self, state: State) -> str | None:
        """The invariant that does not hold in this state."""

    def finished(self, state: State) -> bool:
        """Whether all work is done."""

    def tell(self, label: Label) -> str:
        """A step in words."""

    def show(self, state: State) -> str:
        """A state in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A violation, with the shortest way to it."""

    invariant: str
    trace: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a search saw. `complete`: the whole space; otherwise all of it down to `depth` - 1 steps."""

    model: str
    states: int
    transitions: int
    depth: int
    seconds: float
    complete: bool
    found: Found | None


class Search:
    """One search of one model."""

    def __init__(self, model: Model, *, budget: float, liveness: bool = True) -> None:
        self.model = model
        self.budget = budget
        self.liveness = liveness
        self.number: dict[State, int] = {}
        self.states: list[State] = []
        self.parent = array("q")
        self.depth = array("l")
        self.sources = array("l")
        self.targets = array("l")
        self.transitions = 0

    def run(self) -> Result:
        """Search until a violation, the end of the space or of the budget (seconds)."""
        begun = time.process_time()
        found, expanded = self._explore(begun + self.budget)
        if found is None and self.liveness:
            found = self._stuck(expanded)
        return Result(
            model=self.model.name,
            states=len(self.states),
            transitions=self.transitions,
            depth=self.depth[expanded - 1] if expanded else 0,
            seconds=time.process_time() - begun,
            complete=expanded == len(self.states),
            found=found,
        )

    def _add(self, state: State, parent: int) -> bool:
        self.number[state] = len(self.states)
        self.states.append(state)
        self.parent.append(parent)
        self.depth.append(0 if parent < 0 else self.depth[parent] + 1)
        return True

    def _explore(self, until: float) -> tuple[Found | None, int]:
        model, number, states = self.model, self.number, self.states
        for state in model.starts():
            if state not in number:
                self._add(state, -1)
                broken = model.broken(state)
                if broken is not None:
                    return self._found(broken, len(states) - 1), 0
        here = 0
        while here < len(states):
            if here & 1023 == 0 and time.process_time() > until:
                break
            for step in model.steps(states[here]):
                self.transitions += 1
                if step.broken is not None:
                    return self._found(step.broken, here, step), here
                there = number.get(step.state)
                if there is None:
                    there = len(states)
                    self._add(step.state, here)
                    broken = model.broken(step.state)
                    if broken is not None:
                        return self._found(broken, there), here
                if not step.fault and there != here:
                    self.sources.append(here)
                    self.targets.append(there)
            here += 1
        return None, here

    def _stuck(self, expanded: int) -> Found | None:
        """The first state from which no way leads to the end, even if no more faults happen. What was not expanded may well end."""
        able = bytearray(len(self.states))
        begin = [n for n, s in enumerate(self.states) if n >= expanded or self.model.finished(s)]
        for n in begin:
            able[n] = 1
        first = array("l", [-1]) * len(self.states)
        following = array("l", [-1]) * len(self.targets)
        for edge, there in enumerate(self.targets):
            following[edge] = first[there]
            first[there] = edge
        stack = begin
        while stack:
            edge = first[stack.pop()]
            while edge >= 0:
                source = self.sources[edge]
                if not able[source]:
                    able[source] = 1
                    stack.append(source)
                edge = following[edge]
        stuck = able.find(0)
        return None if stuck < 0 else self._found("LIVE: this state can never finish", stuck)

    def _found(self, invariant: str, last: int, step: Step | None = None) -> Found:
        """The violation with its trace: parents are kept, labels are found again."""
        path = [last]
        while self.parent[path[-1]] >= 0:
            path.append(self.parent[path[-1]])
        path.reverse()
        trace = [f"begin: {self.model.show(self.states[path[0]])}"]
        for here, there in pairwise(path):
            target = self.states[there]
            taken = next(s for s in self.model.steps(self.states[here]) if s.state == target)
            trace.append(f"{self.model.tell(taken.label)}  =>  {self.model.show(target)}")
        if step is not None:
            trace.append(f"{self.model.tell(step.label)}  =>  {self.model.show(step.state)}")
        return Found(invariant=invariant, trace=tuple(trace))
