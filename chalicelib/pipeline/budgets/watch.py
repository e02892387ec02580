"""The tick's share: look what each budget has spent, record what it has passed, and tell of it.

What is passed is recorded in the budget's item, with the hold, in one conditional write; it is told afterwards, and only then recorded as
told. So whoever dies in between leaves it to the next tick, and the events' ids, made of what is recorded, are the same again.
"""

import logging
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals
from chalicelib.domain.errors import MachineryError
from chalicelib.pipeline.budgets.budget import (
    NANO,
    WARN,
    Budget,
    ends,
    listed_budgets,
    read_budget,
    unchanged,
    words,
)
from chalicelib.pipeline.budgets.spent import PERIODS, Spent, spent
from chalicelib.pipeline.event_jobs import Happening, make_jobs
from chalicelib.pipeline.ids import effect_id
from chalicelib.pipeline.items import Edit, Kept, Spot, Value, from_ms, to_ms
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.tenant_limits import SHELF

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
IDLE = timedelta(minutes=10)
"""For so long after the last was set, it is looked whether there are any: a write may land late."""

KEEP_COUNT = timedelta(minutes=10)
"""How often what is settled is written down; in between it is read again."""

TOPIC = "budget.spent"


def look_after_budgets(spot: Spot, until: datetime, parts: Parts) -> None:
    """Look after all of them; make the next appointment while there are any. Raises `Unavailable`: the next tick does it again."""
    call = patience(parts, until)
    seen = call(parts.items.read, spot)
    budgets = call(lambda: list(listed_budgets(parts.items)))
    for one in spent(budgets, until=until, parts=parts) if budgets else ():
        try:
            _record(one, until, parts)
        except MachineryError as error:
            log.warning(
                "the budget of %s is left to the next tick: %s",
                one.budget.whose,
                error,
                extra={"action": "budget_later"},
            )
    now, since = parts.world.now(), seen.get("since")
    idle = not budgets and isinstance(since, int) and now - from_ms(since) >= IDLE
    # Refused: somebody has set one since it was read, and has made an appointment.
    where = ((Equals("turn", seen["turn"]),),) if "turn" in seen else ((),)
    call(
        parts.items.write, spot, Edit(where=where, undue=True) if idle else Edit(where=where, due=now + EVERY)
    )


def _record(one: Spent, until: datetime, parts: Parts) -> None:
    """Write down what is new, then tell what is untold."""
    budget, now = one.budget, parts.world.now()
    crossed = _crossed(one, now)
    over = [period for period in PERIODS if (one.share(period) or 0) >= 1]
    wanted: dict[str, Value] = {}
    if crossed != budget.crossed:
        wanted["crossed"] = crossed
    if over and budget.pause:
        longest = max(over, key=lambda period: ends(period, now))
        if budget.hold is None or budget.hold.until < ends(longest, now):
            wanted["held_until"] = to_ms(ends(longest, now))
            wanted["held_for"] = words(longest, now)
            wanted["held_nano"] = round((budget.dollars(longest) or 0) * NANO)
    if wanted or budget.closed is None or one.closed - budget.closed >= KEEP_COUNT:
        wanted |= {
            "closed": to_ms(one.closed),
            "spent_day": one.settled["day"],
            "spent_month": one.settled["month"],
        }
        written = _write(budget, wanted, until, parts)
        if written is None:
            return
        budget = written
    if over:
        parts.metrics.add(Measure.BUDGETS_SPENT)
    _tell(budget, one, until, parts)


def _crossed(one: Spent, now: datetime) -> tuple[str, ...]:
    """What it has passed in the day and the month of now: what was known of these before, and what is new."""
    current = {words(period, now) for period in PERIODS}
    lines = [line for line in one.budget.crossed if line.split()[0] in current]
    known = {tuple(line.split()[:2]) for line in lines}
    passed = (
        (words(period, now), str(percent))
        for period in PERIODS
        for percent in (WARN, 100)
        if (share := one.share(period)) is not None and share * 100 >= percent
    )
    lines += [f"{name} {percent} {to_ms(now)}" for name, percent in passed if (name, percent) not in known]
    return tuple(lines)


def _tell(budget: Budget, one: Spent, until: datetime, parts: Parts) -> None:
    """The log, and whoever subscribes to the topic; then that they were told."""
    untold = [line for line in budget.crossed if line not in budget.told]
    if not untold:
        return
    for line in untold:
        name, percent, ms = line.split()
        period = PERIODS[0] if len(name) > len("2026-11") else PERIODS[1]
        dollars = budget.dollars(period)
        log.warning(
            "the budget of %s for %s: %s %% of $%s is spent",
            budget.whose,
            name,
            percent,
            f"{dollars or 0:g}",
            extra={
                "action": "budget_spent",
                "budget": budget.whose,
                "period": name,
                "percent": int(percent),
                "dollars": dollars,
                "spent": one.total[period] / NANO,
                "paused": budget.hold is not None,
            },
        )
        at = from_ms(int(ms))
        base = effect_id(budget.key, 0, line, at)
        payload = {
            "budget": budget.whose,
            "period": name,
            "percent": int(percent),
            "dollars": dollars,
            "paused": budget.pause and percent == "100",
        }
        tenant = budget.owner or "default"
        make_jobs(Happening(id=base, base=base, topic=TOPIC, payload=payload, tenant=tenant), parts=parts)
    _write(budget, {"told": budget.crossed}, until, parts)


def _write(budget: Budget, wanted: dict[str, Value], until: datetime, parts: Parts) -> Budget | None:
    """Only on what was read: None says that somebody else has written meanwhile, and all is as he left it."""
    mark = parts.world.token()
    edit = Edit(where=((unchanged({"mark": budget.mark}),),), set={**wanted, "mark": mark})
    answer = patience(parts, until)(parts.items.write, Spot(SHELF, budget.key), edit)
    if isinstance(answer, Kept) or answer.fields.get("mark") == mark:
        return read_budget(budget.key, answer.fields)
    return None
