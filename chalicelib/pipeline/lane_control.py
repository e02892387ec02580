"""Pausing a lane and letting it go on: what is wished is recorded first, and whatever feeds the lane's consumer follows the record.

The record is an item, `lane#control` / lane, with an appointment until the cloud is seen to have followed: so a pause survives whoever
asked for it. Nothing is lost or used up meanwhile: messages stay in their queue, unreceived, and the tick sends none after them.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import MachineryError, NotFound, Unavailable
from chalicelib.domain.lean import dataclass
from chalicelib.lanes import LANES
from chalicelib.pipeline.items import Edit, Fields, Items, Kept, Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Feed

log = logging.getLogger(__name__)

ROUNDS = 20
"""How often others may wish something else of the lane under our hands."""

SHELF = "lane#control"

LOOK_AGAIN = timedelta(minutes=1)
"""How long the cloud is given to do what it was asked; it takes seconds, up to about this."""

SETTLED = timedelta(minutes=5)
"""After so long the cloud is not looked at any more: an order that came late, against a newer one, has arrived and was put right."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """What is wished of a lane, since when and by whom. `turn` grows with each wish; 0: there never was one."""

    lane: str
    paused: bool = False
    since: datetime | None = None
    by: str = ""
    turn: int = 0


def controls(items: Items) -> Mapping[str, Control]:
    """What is wished of each lane of which anything ever was. One read."""
    return {lane: _control(lane, fields) for lane, fields in items.listed(SHELF, limit=100)}


def paused_lanes(parts: Parts) -> frozenset[str]:
    """The lanes that are paused, as far as can be known: who cannot read the record does as if there were none."""
    try:
        found = controls(parts.items)
    except MachineryError as error:
        log.warning(
            "which lanes are paused is unknown; none is taken to be: %s",
            error,
            extra={"action": "pauses_unknown"},
        )
        return frozenset()
    return frozenset(lane for lane, control in found.items() if control.paused)


def pause(lane: str, *, by: str, parts: Parts) -> Control:
    """Let the lane's jobs wait, from within a minute. Those that run end as they will. A lane that is paused stays as it is.

    Raises `NotFound`, `Unavailable`: then ask again.
    """
    return _wish(lane, paused=True, by=by, parts=parts)


def resume(lane: str, *, by: str, parts: Parts) -> Control:
    """Let them run. Raises `NotFound`, `Unavailable`: then ask again."""
    return _wish(lane, paused=False, by=by, parts=parts)


def _wish(lane: str, *, paused: bool, by: str, parts: Parts) -> Control:
    if lane not in LANES:
        raise NotFound(f"there is no lane {lane}")
    spot, keep_trying = Spot(SHELF, lane), patience(parts)
    for _ in range(ROUNDS):
        before = _control(lane, keep_trying(parts.items.read, spot))
        if before.paused is paused:  # also by our own write, if its reply was lost
            return before
        now = parts.world.now()
        # Only on the turn that was read: a wish that lands late must not undo one that came after it.
        edit = Edit(
            where=((_still(before.turn),),),
            set={"paused": int(paused), "since": _ms(now), "by": by, "turn": before.turn + 1},
            due=now,
        )
        answer = keep_trying(parts.items.write, spot, edit)
        if isinstance(answer, Kept):
            _say(_control(lane, answer.fields))
            _follow_now(spot, parts)
            return _control(lane, answer.fields)
    raise Unavailable(f"what is wished of lane {lane} changed {ROUNDS} times meanwhile")


def _follow_now(spot: Spot, parts: Parts) -> None:
    """Without waiting for the tick, if the cloud lets us. The appointment is made in any case."""
    try:
        follow(spot, parts.world.now() + parts.limits.patience, parts)
    except MachineryError as error:
        log.warning("lane %s follows with the next tick: %s", spot.key, error, extra={"action": "feed_later"})


def follow(spot: Spot, until: datetime, parts: Parts) -> None:
    """Bring what feeds the lane to what is recorded, and look again until it has stayed so."""
    keep_trying = patience(parts, until)
    control = _control(spot.key, keep_trying(parts.items.read, spot))
    feed = keep_trying(parts.feeds.look, spot.key)
    now = parts.world.now()
    wanted = Feed.OFF if control.paused else Feed.ON
    if feed is Feed.ABSENT:  # nobody feeds it here; who does otherwise reads the record
        edit = Edit(undue=True)
    elif feed is not wanted:
        if feed is not Feed.CHANGING:
            keep_trying(parts.feeds.turn, spot.key, on=not control.paused)
        edit = Edit(due=now + LOOK_AGAIN)
    elif control.since is not None and now - control.since < SETTLED:
        edit = Edit(due=control.since + SETTLED)
    else:
        edit = Edit(undue=True)
    # A refusal: there is a newer wish, which has its own appointment.
    keep_trying(
        parts.items.write, spot, Edit(where=((_still(control.turn),),), due=edit.due, undue=edit.undue)
    )


def _still(turn: int) -> Equals | Missing:
    return Equals("turn", turn) if turn else Missing("turn")


def _control(lane: str, fields: Fields) -> Control:
    since = fields.get("since")
    return Control(
        lane=lane,
        paused=fields.get("paused") == 1,
        since=datetime.fromtimestamp(since / 1000, tz=UTC) if isinstance(since, int) else None,
        by=str(fields.get("by", "")),
        turn=int(str(fields.get("turn", 0))),
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _say(control: Control) -> None:
    done = "paused" if control.paused else "resumed"
    log.warning(
        "lane %s: %s by %s",
        control.lane,
        done,
        control.by,
        extra={"action": f"lane_{done}", "by": control.by},
    )
