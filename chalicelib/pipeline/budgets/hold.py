"""That a budget is spent, and submissions wait until its day or month is over: as the item says it, and as a door remembers it."""

from datetime import datetime

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Fields, from_ms

PREFIX = "budget#"
"""What the keys of budgets begin with. They lie among tenants' limits, which each process lists once a minute; no tenant is called so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A spent budget that stops submissions."""

    whose: str  #: `tenant acme`, `task send_letter`, `stage`
    period: str  #: `2026-11-21`, `2026-11`
    dollars: float
    until: datetime


def read_hold(key: str, fields: Fields) -> Hold | None:
    """The hold of a budget's item, if it has one."""
    until = fields.get("held_until")
    if not isinstance(until, int):
        return None
    return Hold(
        whose=whose(key),
        period=str(fields.get("held_for", "")),
        dollars=int(str(fields.get("held_nano", 0))) / 1_000_000_000,
        until=from_ms(until),
    )


def whose(key: str) -> str:
    """The subject of a budget's key, in words."""
    _, kind, name = key.split("#", 2)
    return "stage" if kind == "stage" else f"{kind} {name}"
