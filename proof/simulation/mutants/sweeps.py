"""Broken sweeps: rows that fall behind the watermark. Among them the control, which breaks nothing."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.domain import lifecycle
from chalicelib.domain.change import Change
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Appointed
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import Job
from chalicelib.pipeline import accept, sweep, tick
from chalicelib.pipeline.appointments import Kept
from chalicelib.pipeline.patience import patience
from proof.simulation.cloud import Cloud
from proof.simulation.mutants.registry import Patch, mutant


def _no_sweep() -> Sequence[Patch]:
    return [
        (tick, "sweep", lambda *_, **__: None),
        (tick, "keep_appointments", lambda **_: Kept()),
        (tick, "passes", lambda _: ()),
        (tick, "tick", lambda **_: None),
    ]


@mutant("no sweep")
def no_sweep() -> Sequence[Patch]:
    return _no_sweep()


@mutant("messages are acknowledged before they are handled, and the sweep is there: harmless", harmless=True)
def early_ack() -> Sequence[Patch]:
    return [(Cloud, "early_ack", True)]


@mutant("messages are acknowledged before they are handled, and there is no sweep")
def early_ack_without_sweep() -> Sequence[Patch]:
    return [(Cloud, "early_ack", True), *_no_sweep()]


def _sweep_with(pages: Callable[..., Any]) -> Sequence[Patch]:
    def broken(one: Any, *, until: Any, parts: Any) -> Any:
        store = parts.store
        seen = patience(parts, until)(store.watermark, one.name)
        goal = parts.world.now() - one.grace
        low = seen or goal - sweep.FIRST_LOOK
        if goal - low >= one.stride:
            pages(one, seen, low, goal, until, parts)
        return sweep.Swept(rows=0, appointed=0, behind=timedelta(0))

    return [(tick, "sweep", broken)]


@mutant("the watermark is moved before the appointments are made", rates={"crash_after": 0.08, "drop": 0.08})
def watermark_first() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, until: Any, parts: Any) -> None:
        listed = parts.store.unattended(low, goal)
        if parts.store.move_watermark(one.name, seen, listed.reached):
            sweep._appoint(listed.rows, until, parts)  # noqa: SLF001

    return _sweep_with(pages)


@mutant("a listing that fails counts as an empty one", rates={"error": 0.08})
def failed_listing_is_empty() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, until: Any, parts: Any) -> None:
        try:
            listed = parts.store.unattended(low, goal)
            sweep._appoint(listed.rows, until, parts)  # noqa: SLF001
            reached = listed.reached
        except Unavailable:
            reached = goal
        parts.store.move_watermark(one.name, seen, reached)

    return _sweep_with(pages)


@mutant("an appointment that fails is skipped", rates={"error": 0.08})
def failed_appointment_is_skipped() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, _until: Any, parts: Any) -> None:
        listed = parts.store.unattended(low, goal)
        parts.crew.each(lambda job: parts.store.write(job.id, _appointed(job, parts)), listed.rows)
        parts.store.move_watermark(one.name, seen, listed.reached)

    return _sweep_with(pages)


def _appointed(job: Job, parts: Any) -> Change:
    now = parts.world.now()
    guard = Seen(state=job.state, epoch=job.epoch)
    return lifecycle.change(Appointed(at=now, guard=guard, check=now))


@mutant("only the first page of a listing is looked at, and the mark moves past all", page=1, latency=20)
def first_page_only() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, until: Any, parts: Any) -> None:
        listed = parts.store.unattended(low, goal)
        sweep._appoint(listed.rows, until, parts)  # noqa: SLF001
        parts.store.move_watermark(one.name, seen, goal)

    return _sweep_with(pages)


@mutant(
    "nobody looks at the clock before and after the put",
    rates={"pause_before": 0.08, "error": 0.08},
    keyed=True,
    skew=0,
)
def no_second_look() -> Sequence[Patch]:
    def put(job: Job, parts: Any) -> Job:
        return patience(parts)(parts.store.create, job) or job

    return [(accept, "_put", put)]


@mutant(
    "the sweep lists up to now, and leaves no time for rows that are under way", rates={"pause_before": 0.08}
)
def no_grace() -> Sequence[Patch]:
    def passes(parts: Any) -> Any:
        return sweep.Pass(name="fast", grace=timedelta(0)), sweep.passes(parts)[1]

    return [(tick, "passes", passes)]
