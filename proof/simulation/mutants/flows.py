"""Broken workflows: who joins when, which children there are, and what comes of them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.change import Equals
from chalicelib.domain.events import Joined, Waited
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import execute, settle
from chalicelib.pipeline.workflows import chain, children, gather, group, join, look_after, pages, places
from proof.simulation.mutants.registry import Patch, mutant, write
from proof.simulation.profile import ALL_FAULTS

CRASHES = {"crash_before": 0.04, "crash_after": 0.04}
PURGES = tuple(range(10_000, 120_000, 10_000))
SOUND = dict.fromkeys(ALL_FAULTS, 0.0)


def _leaf(script: str = "ok", *, fed: bool = False, **how: Any) -> dict[str, Any]:
    return {"task": "leaf", "args": {"script": script}, **({"into": "given"} if fed else {}), **how}


GROUP = json.dumps({"group": [_leaf() for _ in range(5)]})
EMPTY = json.dumps({"group": []})
HALF = json.dumps({"group": [_leaf(), _leaf("stop"), _leaf()], "on_error": "collect", "min_success": 3})
CHAIN = json.dumps({"chain": [_leaf(), _leaf("stop", fed=True)]})


@mutant("a child that is told of lets its workflow go on, whatever that waits for", flows=True)
def join_without_awaits() -> Sequence[Patch]:
    def anyhow(parent: str, awaited: str, *, parts: Any) -> None:  # noqa: ARG001
        row = parts.store.read(parent)
        if row is not None and row.state is State.WAITING:
            guard = Seen(state=row.state, epoch=row.epoch)
            event = Joined(at=parts.world.now(), guard=guard, awaits=row.awaits, check=parts.world.now())
            parts.store.write(parent, change(event))

    told = join.told

    def every(child: Any, state: Any, *, parts: Any) -> None:
        told(child, state, parts=parts)
        anyhow(child.parent, child.awaited, parts=parts)

    return [(join, "told", every)]


@mutant("the join is written without its condition", flows=True)
def join_unconditional() -> Sequence[Patch]:
    old = join.join

    def twice(parent: str, awaited: str, *, parts: Any) -> None:
        row = parts.store.read(parent)
        old(parent, awaited, parts=parts)
        if row is not None and row.awaits == awaited:
            guard = Seen(state=State.WAITING, epoch=row.epoch)
            event = Joined(at=parts.world.now(), guard=guard, awaits=awaited, check=parts.world.now())
            loose = tuple(c for c in change(event).where if not isinstance(c, Equals))
            parts.store.write(parent, replace(change(event), where=loose))

    return [(join, "join", twice)]


@mutant(
    "who closes the book does not look whether it is complete", flows=(EMPTY,), rates=SOUND, modes=frozenset()
)
def close_without_look() -> Sequence[Patch]:
    def closed(row: Any, *, hasty: bool, parts: Any) -> None:  # noqa: ARG001
        pages.close_book(row.id, 0, -(-(row.children or 0) // places.PAGE), parts=parts)

    return [(group, "close", closed)]


@mutant("a child's id has the time of the attempt that makes it", flows=True, fan=2, rates=CRASHES)
def ids_of_the_attempt() -> Sequence[Patch]:
    old = pages.put_page

    def own(parent: str, life: int, page: Any, *, parts: Any) -> Any:
        return replace(old(parent, life, page, parts=parts), at=page.at)

    return [(group, "put_page", own)]


@mutant(
    "a fan-out goes on after the last page that is there, whether its children are or not",
    flows=True,
    fan=2,
    rates=CRASHES,
)
def last_page_taken_as_whole() -> Sequence[Patch]:
    old = group._begun  # noqa: SLF001

    def after(job: Any, life: int, parts: Any) -> Any:
        number, start = old(job, life, parts)
        there = pages.read_page(job.id, life, number, parts=parts)
        return (number, start) if there is None else (number + 1, start + there.count)

    return [(group, "_begun", after)]


@mutant("a claim does not ask whether anybody waits for the child", flows=True, cancelling=True)
def in_vain_never() -> Sequence[Patch]:
    return [(execute, "in_vain", lambda *_, **__: False)]


@mutant("a child looks at its own workflow alone, not at what is around that", flows=True, cancelling=True)
def in_vain_one_level() -> Sequence[Patch]:
    old = children.in_vain

    def near(child: Any, *, parts: Any) -> bool:
        place = places.position(child)
        parent = None if place is None else parts.store.read(place.parent)
        return old(child, parts=parts) and (parent is None or parent.state is not State.WAITING)

    return [(execute, "in_vain", near)]


@mutant("a retried group makes all its children again", flows=(HALF,), redriving=True)
def kept_ignored() -> Sequence[Patch]:
    return [(group, "_kept", lambda *_: frozenset())]


@mutant("a retried chain begins with its first step", flows=(CHAIN,), redriving=True)
def steps_done_again() -> Sequence[Patch]:
    return [(chain, "_succeeded", lambda *_: None)]


@mutant(
    "the workflow's appointment does not look for ends that nobody told",
    flows=(GROUP,),
    rates={"crash_after": 0.1},
    purges=PURGES,
)
def look_without_children() -> Sequence[Patch]:
    return [(look_after, "_look_at", lambda *_: None)]


@mutant("a workflow waits, though somebody wanted it cancelled", flows=True, cancelling=True)
def wait_ignores_the_wish() -> Sequence[Patch]:
    def loose(where: Any, _: Any) -> Any:
        return tuple(c for c in where if c.field != "cancel_requested")

    old = change

    def unwished(event: Any) -> Any:
        made = old(event)
        return replace(made, where=loose(made.where, event)) if isinstance(event, Waited) else made

    return [(settle, "change", unwished)]


@mutant("each wait uses up an attempt", flows=True)
def waiting_uses_attempts() -> Sequence[Patch]:
    return [
        write(Waited, set=lambda old, _: {name: value for name, value in old.items() if name != "attempts"})
    ]


@mutant("a bad end is marked as a good one", flows=True)
def bad_marked_as_good() -> Sequence[Patch]:
    old = pages.mark
    return [(join, "mark", lambda child, _, *, parts: old(child, State.SUCCEEDED, parts=parts))]


@mutant("a page counts as full with one child to come", flows=True)
def full_too_soon() -> Sequence[Patch]:
    return [(pages.Page, "full", property(lambda page: len(page.done) >= page.count - 1))]


@mutant("a chain goes on when its step is there", flows=True)
def step_counts_as_over() -> Sequence[Patch]:
    return [(chain, "is_over", lambda _: True)]


@mutant("results stand in another order", flows=True)
def results_out_of_order() -> Sequence[Patch]:
    old = gather._texts  # noqa: SLF001
    return [(gather, "_texts", lambda *args: iter(list(old(*args))[::-1]))]


@mutant("a step does not get what came before it", flows=True)
def nothing_passed_on() -> Sequence[Patch]:
    return [(chain, "result", lambda *_, **__: children.Given(None))]
