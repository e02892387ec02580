"""What items ask of the tick: each shelf's kind has one verb that looks after an item whose appointment is due."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import lane_control
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience

log = logging.getLogger(__name__)

Duty = Callable[[Spot, datetime, Parts], None]
"""Look after the item that lies there, before a time. It moves or takes away the item's appointment, or the next tick does it again."""


# Few minutes have an item of each kind due, and an idle one has none: each verb is imported by its first item.


def _budgets(spot: Spot, until: datetime, parts: Parts) -> None:
    from chalicelib.pipeline.budgets.watch import look_after_budgets

    look_after_budgets(spot, until, parts)


def _release(spot: Spot, until: datetime, parts: Parts) -> None:
    from chalicelib.pipeline.release_step import advance

    advance(spot, until, parts)


def _schedule(spot: Spot, until: datetime, parts: Parts) -> None:
    from chalicelib.pipeline.fire import fire

    fire(spot, until, parts)


def _unfinished(spot: Spot, until: datetime, parts: Parts) -> None:
    from chalicelib.pipeline.unfinished import recount

    recount(spot, until, parts)


def _watch(spot: Spot, until: datetime, parts: Parts) -> None:
    from chalicelib.pipeline.watching import look_after

    look_after(spot, until, parts)


DUTIES: Mapping[str, Duty] = {
    "budget": _budgets,
    "lane": lane_control.follow,
    "release": _release,
    "schedule": _schedule,
    "unfinished": _unfinished,
    "watch": _watch,
}
"""The verbs by the first word of the shelf."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What became of the items that were due."""

    visited: int = 0
    failed: int = 0


def do_duties(*, until: datetime, parts: Parts) -> Done:
    """Look after all items that are due. One item's trouble does not stop the others."""
    due = patience(parts, until)(parts.items.due, parts.world.now(), parts.limits.visits_per_tick)
    answers = parts.crew.each(lambda spot: _do(spot, until, parts), due)
    for spot, answer in zip(due, answers, strict=True):
        if isinstance(answer, Exception):
            _note(spot, answer)
    return Done(visited=len(due), failed=sum(1 for answer in answers if answer is not True))


def _do(spot: Spot, until: datetime, parts: Parts) -> bool:
    """True: done. An item of a kind that only newer code knows is left alone, and so is one that there is no time left for."""
    duty = DUTIES.get(spot.kind)
    if duty is None or parts.world.now() >= until:
        return False
    duty(spot, until, parts)
    return True


def _note(spot: Spot, error: Exception) -> None:
    """Trouble with one item is left for the next tick. So is a bug of ours."""
    if isinstance(error, MachineryError):
        log.warning(
            "%s %s is left to the next tick: %s", spot.shelf, spot.key, error, extra={"action": "duty_failed"}
        )
    else:
        log.error(
            "%s %s was not looked after for an error of ours",
            spot.shelf,
            spot.key,
            exc_info=error,
            extra={"action": "duty_bug"},
        )
