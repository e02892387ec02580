"""Driving a pipeline on twins, as Lambda and EventBridge would: polls, batches, partial failures, deletions, the minute's tick."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

from chalicelib.adapters.memory import MemoryItems, MemoryQueue, MemoryStore
from chalicelib.adapters.memory.queue import DEAD_LETTERS
from chalicelib.domain.job import Job
from chalicelib.lanes import LANES
from chalicelib.pipeline import tick as ticking
from chalicelib.pipeline.consume import Record, WholeBatchFailed, consume
from chalicelib.pipeline.dead_letters import hand_back
from chalicelib.pipeline.declared import SPOT, declarations
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import Feed
from chalicelib.pipeline.together import hands
from jobline.testing.crash import Killed

MINUTE = timedelta(minutes=1)
INVOCATION = timedelta(seconds=60)
ROUNDS = 1000
"""How many rounds of few messages, at one moment, are too many."""

FEW = 10
"""A task that submits itself has one message a round; a large fan-out has full batches, and comes to its end."""

MOST_ROUNDS = 100 * ROUNDS
STEPS = 20_000


class NotQuiet(AssertionError):
    """There is still something to do after all the time that was allowed: a task that submits itself for ever, for one."""


def twins(parts: Parts) -> tuple[MemoryStore, MemoryQueue]:
    """The store and the queue, which here are twins: one can look inside them. Raises TypeError if they are not."""
    if not hasattr(parts.store, "rows") or not hasattr(parts.queue, "messages"):
        raise TypeError("only a pipeline on the in-memory twins can be driven")
    return cast("MemoryStore", parts.store), cast("MemoryQueue", parts.queue)


def deliver(parts: Parts, lane: str, *, left: timedelta = INVOCATION) -> int:
    """One invocation for one batch of a lane; how many messages it got. A killed one, like a failed batch, deletes nothing."""
    _, queue = twins(parts)
    if parts.feeds.look(lane) is Feed.OFF:
        return 0
    messages = queue.receive(lane)
    if not messages:
        return 0
    records = [Record(message_id=m.id, receipt=m.receipt, body=m.body, trace=m.trace) for m in messages]
    again = invoke(parts, lane, records, left=left)
    for record in records:
        if record.message_id not in again:
            queue.delete(record.receipt)
    return len(messages)


def invoke(parts: Parts, lane: str, records: list[Record], *, left: timedelta = INVOCATION) -> list[str]:
    """Hand the records to a consumer; the ids of the messages that are not done with."""
    ends = parts.world.now() + left
    try:
        if lane == DEAD_LETTERS:
            return consume(records, lambda wakeup, _: hand_back(wakeup, parts=parts), lane=lane, parts=parts)
        handle, finish = hands(ends=ends, lane=lane, parts=parts)
        return consume(records, handle, lane=lane, parts=parts, finish=finish)
    except (WholeBatchFailed, Killed):
        return [record.message_id for record in records]


def drain(
    parts: Parts,
    *,
    left: timedelta = INVOCATION,
    until: datetime | None = None,
    look: Callable[[], None] = lambda: None,
) -> int:
    """Deliver all that is visible in all lanes, or until then; how many deliveries that took. Raises `NotQuiet`.

    `look` is called after each round: tasks may take their time, of this clock.
    """
    total = idle = rounds = 0
    while idle < ROUNDS and rounds < MOST_ROUNDS:
        now = parts.world.now()
        got = sum(deliver(parts, lane, left=left) for lane in (*LANES, DEAD_LETTERS))
        total += got
        if not got or (until is not None and parts.world.now() >= until):
            return total
        stands = parts.world.now() == now
        idle, rounds = (idle + (got < FEW), rounds + 1) if stands else (0, 0)
        look()
    raise NotQuiet(f"messages still come after {max(idle, rounds)} rounds: does a task submit itself?")


def tick(parts: Parts) -> ticking.Ticked | None:
    """The minute's run; None if its process was killed."""
    try:
        return ticking.tick(ends=parts.world.now() + INVOCATION, parts=parts)
    except Killed:
        return None


def quiet(parts: Parts) -> bool:
    """Nothing is under way, and nobody owes anything."""
    store, queue = twins(parts)
    return not queue.messages and all(row.finished for row in store.rows.values())


def play(parts: Parts, *, until: datetime, left: timedelta = INVOCATION) -> Iterator[None]:
    """Let virtual time pass until then, with a tick each minute that has anything to tick for; a stop after each step."""
    ticked = [parts.world.now()]

    def tick_each_minute() -> None:
        """While tasks take their time, too."""
        if parts.world.now() - ticked[0] >= MINUTE:
            ticked[0] = parts.world.now()
            tick(parts)

    for _ in range(STEPS):
        drain(parts, left=left, until=until, look=tick_each_minute)
        yield
        now = parts.world.now()
        at = min(next_event(parts, now) or until, until)
        if now >= until:
            return
        parts.world.pause(at - now)
        if at == _minute(at):
            tick(parts)
    raise NotQuiet(f"not done after {STEPS} steps, at {parts.world.now()}")


def run_until_quiet(
    parts: Parts,
    *,
    within: timedelta,
    left: timedelta = INVOCATION,
    look: Callable[[], None] = lambda: None,
) -> None:
    """Let virtual time pass until all is over; `look` is called after each step. Raises `NotQuiet`."""
    for _ in play(parts, until=parts.world.now() + within, left=left):
        look()
        if quiet(parts):
            return
    raise NotQuiet(f"not over within {within}: {', '.join(_unquiet(parts))}")


def next_event(parts: Parts, now: datetime) -> datetime | None:
    """When anything can happen next: a message is seen again, or a tick has work. None: nothing ever will by itself."""
    store, queue = twins(parts)
    messages = [message.visible for message in queue.messages if message.visible > now]
    soon = now + timedelta(microseconds=1)
    checks = [_minute(max(row.next_check or soon, soon)) for row in store.rows.values() if not row.finished]
    items = [_minute(max(due, soon)) for due in _appointments(parts)]
    untold = [_minute(soon)] if any(declarations(parts.registry)) and not parts.items.read(SPOT) else []
    return min([*messages, *checks, *items, *untold], default=None)


def _appointments(parts: Parts) -> list[datetime]:
    """Those of items: of schedules, say."""
    shelves = parts.items.shelves if isinstance(parts.items, MemoryItems) else {}
    return [item.due for item in shelves.values() if item.due is not None]


def _minute(at: datetime) -> datetime:
    """The first whole minute from then on."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch - (epoch - at) // MINUTE * MINUTE


def _unquiet(parts: Parts) -> list[str]:
    store, queue = twins(parts)
    rows: list[Job] = [row for row in store.rows.values() if not row.finished]
    return [*(f"{row.label()} is {row.state}" for row in rows), f"{len(queue.messages)} messages"]
