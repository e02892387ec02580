"""The minute's run: sweep what was accepted since the last one, then look after all that is due."""

import logging
from datetime import datetime

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.appointments import Kept, keep_appointments
from chalicelib.pipeline.declared import tell_declared
from chalicelib.pipeline.duties import Done, do_duties
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.statistics.bind import bind
from chalicelib.pipeline.sweep import Swept, passes, sweep

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticked:
    """What one tick did. A pass that failed is None; the next tick does it again."""

    swept: dict[str, Swept | None]
    kept: Kept
    done: Done | None


def tick(*, ends: datetime, parts: Parts) -> Ticked:
    """Sweep and keep appointments, at most until `ends`. Safe to run twice, side by side, or killed at any point."""
    until = ends - parts.limits.reserve
    swept: dict[str, Swept | None] = {}
    for one in passes(parts):
        try:
            swept[one.name] = sweep(one, until=_half_way(until, parts), parts=parts)
        except MachineryError as error:
            swept[one.name] = None
            log.warning(
                "the %s sweep stopped, the next tick goes on: %s",
                one.name,
                error,
                extra={"action": "sweep_failed"},
            )
    done: Done | None = None
    try:
        tell_declared(until=_half_way(until, parts), parts=parts)
        done = do_duties(until=_half_way(until, parts), parts=parts)
    except MachineryError as error:
        log.warning(
            "no item was looked after, the next tick goes on: %s", error, extra={"action": "duties_failed"}
        )
    kept = keep_appointments(until=until, parts=parts)
    _bind_statistics(until, parts)
    fast = swept["fast"]
    lag = None if fast is None else fast.behind.total_seconds()
    if lag is not None:
        parts.metrics.add(Measure.SWEEP_LAG, lag)
    log.info(
        "tick: %s due looked after, %s woken, %s ended",
        kept.visited,
        kept.woken,
        kept.ended,
        extra={
            "action": "tick",
            "visited": kept.visited,
            "woken": kept.woken,
            "failed": kept.failed,
            "lag_s": lag,
        },
    )
    return Ticked(swept=swept, kept=kept, done=done)


def _bind_statistics(until: datetime, parts: Parts) -> None:
    """Last, and no trouble of the tick's: jobs do not wait for their statistics."""
    try:
        bind(until=_half_way(until, parts), parts=parts)
    except MachineryError as error:
        log.warning(
            "statistics were not bound, the next tick goes on: %s", error, extra={"action": "not_bound"}
        )


def _half_way(until: datetime, parts: Parts) -> datetime:
    """Half of the time left: a pass that has much to catch up with must not keep the others, or the jobs that are due, waiting."""
    now = parts.world.now()
    return now + (until - now) / 2
