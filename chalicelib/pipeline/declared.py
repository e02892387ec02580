"""Schedules that code declares: told to the table, once by each process, and only when the table does not know them yet.

A digest of all declarations lies in one item. The first tick of a process reads it; if it is another one, the process takes the next
generation and writes what differs. So the code that started last wins: a deploy and a rollback both do, and a process of older code that
is still warm has had its say and does not fight. Each schedule carries the generation that wrote it and refuses an older one.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Edit, Items, Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.task import Registry

if TYPE_CHECKING:
    from chalicelib.pipeline.timetable import Rule

TENANT = "default"
SPOT = Spot("declared#schedules", TENANT)

_TOLD: WeakKeyDictionary[Items, str] = WeakKeyDictionary()
"""What this process has told each table that it works with, which is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """A task that is to run by itself."""

    task: str
    rule: "Rule"

    @property
    def id(self) -> str:
        """The id of its schedule."""
        from chalicelib.pipeline.schedule_item import (
            DECLARED,  # timetables come with it, which few stages declare
        )

        return f"{DECLARED}{self.task}"


def declarations(registry: Registry) -> Iterator[Declaration]:
    """What the code declares."""
    for task in registry:
        options = task.options
        if options.schedule is not None:
            from chalicelib.pipeline.timetable import declared_rule  # as above

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
        from chalicelib.pipeline import declared_told  # once after a deploy that declares others

        declared_told.tell(wanted, generation, parts)
        done = Edit(where=((Equals("generation", generation),),), set={"digest": digest})
        fields = patience(parts, until)(parts.items.write, SPOT, done).fields
        if fields.get("generation") != generation:
            declared_told.take_back(generation, parts)
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
