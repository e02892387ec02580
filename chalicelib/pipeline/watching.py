"""The tick's look at a gate at which somebody waits: what was forgotten by a process that died is found here."""

from datetime import datetime

from chalicelib.domain.flow import Concurrency, Gate, GateKind
from chalicelib.pipeline import slots, turns, waiting_list
from chalicelib.pipeline.gates import policies
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.tenant_gate import of_tenant
from chalicelib.pipeline.tenants import policies_of
from chalicelib.pipeline.waiting_list import Place, Waiter


def look_after(spot: Spot, until: datetime, parts: Parts) -> None:
    """Give what is free to those who wait, and come again while there are any."""
    kind, _, key = spot.key.partition(" ")
    place = Place(tenant=spot.shelf.partition("#")[2], gate=Gate(kind=GateKind(kind), key=key))
    if place.gate.kind is GateKind.ORDER:
        turns.look_after(place, until=until, parts=parts)
        return
    waiting = waiting_list.waiters(place, until=until, parts=parts)
    known = [waiter for waiter in waiting if waiter.task in parts.registry]
    limit = _limit(place, known[0], parts) if known else None
    ends: list[datetime] = []
    if known and limit is None:
        _let_go(place, known, until, parts)
    elif limit is not None:
        ends = [slot.until for slot in slots.serve(place, limit, known, until=until, parts=parts)]
    waiting_list.look_again(place, ends, left=bool(waiting), until=until, parts=parts)


def _limit(place: Place, waiter: Waiter, parts: Parts) -> int | None:
    if of_tenant(place.gate):
        policy = policies_of(place.tenant, parts).get(GateKind.SLOTS)
    else:
        policy = policies(parts.registry[waiter.task].options).get(GateKind.SLOTS)
    return policy.limit if isinstance(policy, Concurrency) else None


def _let_go(place: Place, waiting: list[Waiter], until: datetime, parts: Parts) -> None:
    """Their task, or their tenant, has no such limit any more."""
    for waiter in waiting:
        row, woken = waiting_list.release(waiter.job_id, waiter.epoch, until=until, parts=parts)
        if woken and row is not None:
            waiting_list.send(row, parts)
        waiting_list.leave(place, waiter, until=until, parts=parts)
