"""Schedules that code declares: told to the table, once by each process, and only when the table does not know them yet.

A digest of all declarations lies in one item. The first tick of a process reads it; if it is another one, the process takes the next
generation and writes what differs. So the code that started last wins: a deploy and a rollback both do, and a process of older code that
is still warm has had its say and does not fight. Each schedule carries the generation that wrote it and refuses an older one.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from weakref import WeakKeyDictionary

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import JoblineError, Unavailable
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Edit, Items, Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.schedule_change import change, fresh, make, make_over, removed
from chalicelib.pipeline.schedule_item import DECLARED, Schedule, from_fields, spot_of
from chalicelib.pipeline.schedule_query import declared_of
from chalicelib.pipeline.task import Registry
from chalicelib.pipeline.timetable import Rule, declared_rule

log = logging.getLogger(__name__)

TENANT = "default"
SPOT = Spot("declared#schedules", TENANT)

_TOLD: WeakKeyDictionary[Items, str] = WeakKeyDictionary()
"""What this process has told each table that it works with, which is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """A task that is to run by itself."""

    task: str
    rule: Rule

    @property
    def id(self) -> str:
        """The id of its schedule."""
        return f"{DECLARED}{self.task}"


def declarations(registry: Registry) -> Iterator[Declaration]:
    """What the code declares."""
    for task in registry:
        options = task.options
        if options.schedule is not None:
            rule = declared_rule(options.schedule, options.timezone, options.catch_up)
            yield Declaration(task=task.name, rule=rule)


def tell_declared(*, until: datetime, parts: Parts) -> None:
    """Let the table know what this code declares. Whoever dies in here leaves it to the next tick. Raises `Unavailable`."""
    wanted = {one.id: one for one in declarations(parts.registry)}
    digest = _digest(wanted)
    if _TOLD.get(parts.items) == digest:
        return
    known = patience(parts, until)(parts.items.read, SPOT)
    if known.get("digest", _digest({})) != digest:
        generation = _take_turn(known.get("generation", 0), until, parts)
        if generation is None:
            return
        _tell(wanted, generation, parts)
        done = Edit(where=((Equals("generation", generation),),), set={"digest": digest})
        fields = patience(parts, until)(parts.items.write, SPOT, done).fields
        if fields.get("generation") != generation:
            _take_back(generation, parts)
    _TOLD[parts.items] = digest


def _digest(wanted: Mapping[str, Declaration]) -> str:
    said = [
        [one.task, one.rule.cron, str(one.rule.every), one.rule.timezone, one.rule.catch_up]
        for _, one in sorted(wanted.items())
    ]
    return sha256(json.dumps(said).encode()).hexdigest()[:32]


def _take_turn(seen: object, until: datetime, parts: Parts) -> int | None:
    """The next generation, for this process alone; None: another one was faster, and the next tick looks again."""
    token = parts.world.token()
    same = Equals("generation", seen) if seen else Missing("generation")
    turn = Edit(where=((same,),), set={"by": token}, add={"generation": 1}, remove=("digest",))
    fields = patience(parts, until)(parts.items.write, SPOT, turn).fields
    generation = fields.get("generation")
    return generation if fields.get("by") == token and isinstance(generation, int) else None


def _take_back(generation: int, parts: Parts) -> None:
    """Newer code told of its own meanwhile, and refused what it knew; what it did not know of was made all the same."""
    for one in declared_of(TENANT, parts=parts):
        if one.generation == generation:
            change(
                one.id,
                lambda seen, at: removed(seen, at) if seen.generation == generation else seen,
                tenant=TENANT,
                parts=parts,
            )


def _tell(wanted: Mapping[str, Declaration], generation: int, parts: Parts) -> None:
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
