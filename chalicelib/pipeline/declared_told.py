"""What code declares, written: each schedule that differs from what the table knows, by the generation whose turn it is."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import JoblineError, Unavailable
from chalicelib.pipeline.declared import TENANT, Declaration
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.schedule_change import change, fresh, make, make_over, removed
from chalicelib.pipeline.schedule_item import Schedule, from_fields, spot_of
from chalicelib.pipeline.schedule_query import declared_of

log = logging.getLogger(__name__)


def take_back(generation: int, parts: Parts) -> None:
    """Newer code told of its own meanwhile, and refused what it knew; what it did not know of was made all the same."""
    for one in declared_of(TENANT, parts=parts):
        if one.generation == generation:
            change(
                one.id,
                lambda seen, at: removed(seen, at) if seen.generation == generation else seen,
                tenant=TENANT,
                parts=parts,
            )


def tell(wanted: Mapping[str, Declaration], generation: int, parts: Parts) -> None:
    """Write what differs. One that fails does not keep the others; it is told of when all are done."""
    there = {one.id: one for one in declared_of(TENANT, parts=parts)}
    trouble: JoblineError | None = None
    for schedule_id in sorted({*there, *wanted}):
        try:
            _write(schedule_id, wanted.get(schedule_id), generation, parts)
        except JoblineError as error:  # a Conflict or NotFound is another process that tells of its own
            trouble = error
    if trouble is not None:
        raise Unavailable(f"not all declared schedules could be written: {trouble}") from trouble


def _write(schedule_id: str, one: Declaration | None, generation: int, parts: Parts) -> None:
    spot = spot_of(TENANT, schedule_id)
    there = from_fields(spot, patience(parts)(parts.items.read, spot))
    now = parts.world.now()
    if one is not None and (there is None or there.gone):
        made = _made(one, generation, now, parts)
        if there is None:
            make(made, parts=parts)
        elif there.generation < generation:
            make_over(there, made, parts=parts)
        return
    if there is not None and not there.gone:
        change(
            schedule_id, lambda seen, at: _as_declared(seen, one, generation, at), tenant=TENANT, parts=parts
        )


def _made(one: Declaration, generation: int, now: datetime, parts: Parts) -> Schedule:
    made = Schedule(
        tenant=TENANT,
        id=one.id,
        task=one.task,
        args="{}",
        rule=one.rule,
        seed=parts.world.token(),
        created=now,
        by=parts.world.token(),
        generation=generation,
    )
    log.info("schedule %s: declared", one.id, extra={"action": "schedule_declared", "task": one.task})
    return fresh(made, now)


def _as_declared(seen: Schedule, one: Declaration | None, generation: int, now: datetime) -> Schedule:
    """What the code says of it. That somebody has paused it stays, and so does what a newer generation wrote."""
    if seen.generation >= generation:
        return seen
    seen = replace(seen, generation=generation)
    if one is None:
        return removed(seen, now)
    return replace(seen, rule=one.rule)
