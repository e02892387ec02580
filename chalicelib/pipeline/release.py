"""A release: dead jobs given another life step by step, one first, then ten, then all at a rate, as one would release new code.

One item on the shelf `release#<tenant>` says all of it. Every change of it is a write on the condition that nobody has changed it since it
was read (`turn`), so whoever does a step twice, or late, does it once.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.job import Reason
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test, Value, from_ms, to_ms
from chalicelib.pipeline.other_args import OtherArgs
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.redrive import DeadFilter
from chalicelib.pipeline.sealed_text import opened_text
from chalicelib.pipeline.sealer import Field, Whose

SHELF = "release#"
WAVES = (1, 10)
"""Jobs of the first waves. Each waits until all of the one before have ended."""

KEEP = timedelta(days=90)
"""How long a release can be asked about after its last change."""


class Phase(StrEnum):
    """Where a release is."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What was asked for, and how far it is. Every field is one of the item's; a tuple is of jobs' ids."""

    id: str
    tenant: str
    created: int  #: milliseconds; jobs that died later are not its business
    rate: int  #: jobs a minute, once the first waves have ended
    stop_at: int  #: per cent of a wave that may die again
    by: str = ""  #: the API key that asked for it
    task: str = ""
    fingerprint: str = ""
    reason: str = ""
    change: str = ""  #: JSON of what makes the new arguments
    phase: str = Phase.RUNNING
    why: str = ""
    stage: int = 0  #: waves begun; beyond the first ones it stays
    wave: tuple[str, ...] = ()  #: chosen, and perhaps redriven already
    open: tuple[str, ...] = ()  #: redriven, not ended
    begun: int = 0  #: when the last wave was chosen
    place: str = ""  #: where in the list of the dead the next one is looked for
    fruit: int = 0  #: jobs found since the list's beginning
    passes: int = 0  #: through the whole list
    over: int = 0  #: 1: nothing is left in the list
    taken: int = 0
    succeeded: int = 0
    died: int = 0
    other: int = 0  #: cancelled, expired, forgotten
    skipped: int = 0  #: no more dead when their turn came
    refused: int = 0  #: the new arguments do not fit
    refusal: str = ""  #: the last of them, in words
    stage_size: int = 0
    stage_ended: int = 0
    stage_died: int = 0
    turn: int = 0

    @property
    def wanted(self) -> DeadFilter:
        """Which dead jobs."""
        return DeadFilter(
            tenant=self.tenant,
            task=self.task or None,
            fingerprint=self.fingerprint or None,
            reason=Reason(self.reason) if self.reason else None,
        )

    @property
    def made(self) -> datetime:
        """When it was asked for."""
        return from_ms(self.created)

    @property
    def spot(self) -> Spot:
        """Where it lies."""
        return Spot(SHELF + self.tenant, self.id)

    @property
    def canary(self) -> bool:
        """Whether the wave under way is one of the first."""
        return self.stage <= len(WAVES)


def other_args(release: Release, parts: Parts) -> OtherArgs | None:
    """What makes the new arguments; None: they stay. Raises `KeyUnavailable`, `PayloadMissing`."""
    if not release.change:
        return None
    return OtherArgs(
        **json.loads(opened_text(release.change, whose_change(release.tenant, release.id), parts))
    )


def whose_change(tenant: str, release_id: str) -> Whose:
    """Whose the sealed change is."""
    return Whose(tenant=tenant, id=release_id, field=Field.RELEASE)


def written(release: Release) -> dict[str, Value]:
    """The item's fields."""
    found: Mapping[str, Any] = {one.name: getattr(release, one.name) for one in fields(Release)}
    return {name: value for name, value in found.items() if name not in ("id", "tenant", "turn")}


def read(spot: Spot, found: Fields) -> Release | None:
    """The release that the item says; None: there is none. Fields of newer code are left out, and stay."""
    if "phase" not in found:
        return None
    known = {one.name for one in fields(Release)}
    given: dict[str, Any] = {name: value for name, value in found.items() if name in known}
    return Release(**{**given, "id": spot.key, "tenant": spot.shelf.removeprefix(SHELF)})


def save(
    before: Release | None,
    after: Release,
    *,
    due: datetime | None,
    until: datetime | None = None,
    parts: Parts,
) -> Release | None:
    """Write it if nobody else has since it was read. None: somebody has. An own write whose reply was lost is known again by its mark."""
    mark, now = parts.world.token(), parts.world.now()
    unchanged: Test = Missing("turn") if before is None else Equals("turn", before.turn)
    edit = Edit(
        where=((unchanged,), (Equals("mark", mark),)),
        set={**written(after), "mark": mark, "turn": after.turn + 1, "changed": to_ms(now)},
        due=due,
        undue=due is None,
        until=now + KEEP,
    )
    answer = patience(parts, until)(parts.items.write, after.spot, edit)
    if isinstance(answer, Kept) or answer.fields.get("mark") == mark:
        return read(after.spot, answer.fields)
    return None
