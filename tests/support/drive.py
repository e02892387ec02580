"""Driving a pipeline on twins, as Lambda and EventBridge would: polls, batches, partial failures, deletions, the minute's tick."""

from datetime import UTC, datetime, timedelta

from chalicelib.adapters.memory.queue import DEAD_LETTERS, MemoryQueue
from chalicelib.domain.job import TERMINAL, State, Wakeup
from chalicelib.pipeline import tick as ticking
from chalicelib.pipeline.consume import Record, WholeBatchFailed, consume
from chalicelib.pipeline.dead_letters import hand_back
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import LANES
from tests.support.faults import Crash
from tests.support.invariants import check_row, check_watermark

MINUTE = timedelta(minutes=1)
INVOCATION = timedelta(seconds=60)
ROUNDS = 200
STEPS = 3000


def deliver(parts: Parts, lane: str, *, left: timedelta = INVOCATION) -> int:
    """One invocation for one batch of a lane; how many messages it got. A crash, like a failed batch, deletes nothing."""
    queue: MemoryQueue = parts.queue  # type: ignore[assignment]  # the twin also has the poller's side
    messages = queue.receive(lane)
    if not messages:
        return 0
    ends = parts.world.now() + left
    records = [Record(message_id=m.id, receipt=m.receipt, body=m.body, trace=m.trace) for m in messages]

    def handle(wakeup: Wakeup, record: Record) -> bool:
        if lane == DEAD_LETTERS:
            return hand_back(wakeup, parts=parts)
        return execute(wakeup, ends=ends, receipt=record.receipt, parts=parts)

    try:
        again = consume(records, handle, lane=lane, parts=parts)
    except (WholeBatchFailed, Crash):
        return len(messages)
    for record in records:
        if record.message_id not in again:
            queue.delete(record.receipt)
    return len(messages)


def drain(parts: Parts, *, left: timedelta = INVOCATION) -> int:
    """Deliver all that is visible in all lanes; how many deliveries that took."""
    total = 0
    for _ in range(ROUNDS):
        got = sum(deliver(parts, lane, left=left) for lane in (*LANES, DEAD_LETTERS))
        total += got
        if not got:
            return total
    raise AssertionError(f"messages still come after {ROUNDS} rounds")


def tick(parts: Parts) -> ticking.Ticked | None:
    """The minute's run; None if it crashed."""
    try:
        return ticking.tick(ends=parts.world.now() + INVOCATION, parts=parts)
    except Crash:
        return None


def quiet(parts: Parts) -> bool:
    """Nothing is under way, and nobody owes anything."""
    rows = parts.store.rows.values()  # type: ignore[attr-defined]  # a twin's look inside
    messages = parts.queue.messages  # type: ignore[attr-defined]
    return not messages and all(row.finished for row in rows)


def run_until_quiet(parts: Parts, *, within: timedelta = timedelta(days=60)) -> None:
    """Let virtual time pass, with a tick each minute in which there is anything to tick for, until all is over."""
    end = parts.world.now() + within
    for _ in range(STEPS):
        drain(parts)
        check_watermark(parts, "fast")
        check_watermark(parts, "slow")
        if quiet(parts):
            check_end(parts)
            return
        now = parts.world.now()
        at = _next_event(parts, now)
        assert at <= end, f"not quiet within {within}: {_unquiet(parts)}"
        parts.world.pause(at - now)
        if at == _minute(at):
            tick(parts)
    raise AssertionError(f"not quiet after {STEPS} steps: {_unquiet(parts)}")


def check_end(parts: Parts) -> None:
    """I9 and I11, once all is quiet."""
    rows = list(parts.store.rows.values())  # type: ignore[attr-defined]  # a twin's look inside
    for row in rows:
        check_row(row)
    by_state = {state: sum(1 for row in rows if row.state is state) for state in State}
    assert sum(by_state[state] for state in TERMINAL) == len(rows), f"I11: {by_state}"


def replay(parts: Parts) -> None:
    """I14: every message that was ever sent comes once more, and nothing changes."""
    queue = parts.queue
    before = dict(parts.store.rows)  # type: ignore[attr-defined]  # a twin's look inside
    for lane, body in list(queue.ever):  # type: ignore[attr-defined]
        queue.put(lane, body)  # type: ignore[attr-defined]
    drain(parts)
    assert parts.store.rows == before, "I14: a message that came again changed a row"  # type: ignore[attr-defined]


def _next_event(parts: Parts, now: datetime) -> datetime:
    """When anything can happen next: a message is seen again, or a tick has work."""
    messages = [m.visible for m in parts.queue.messages if m.visible > now]  # type: ignore[attr-defined]
    rows = parts.store.rows.values()  # type: ignore[attr-defined]
    soon = now + timedelta(microseconds=1)
    checks = [_minute(max(row.next_check or soon, soon)) for row in rows if not row.finished]
    return min([*messages, *checks], default=now + MINUTE)


def _minute(at: datetime) -> datetime:
    """The first whole minute from then on."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch - (epoch - at) // MINUTE * MINUTE


def _unquiet(parts: Parts) -> object:
    rows = parts.store.rows.values()  # type: ignore[attr-defined]
    return [row for row in rows if not row.finished], parts.queue.messages  # type: ignore[attr-defined]
