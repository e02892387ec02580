"""How the stage does now: how far the sweep is behind, what is overdue, and what lies where it should not."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.adapters.aws.keys import INDEX, attention_keys, key
from chalicelib.adapters.aws.rows import from_ms, to_ms
from infra.names import DEAD_LETTERS
from jobline.doctor.finding import Seen, check, fail, ok, warn
from jobline.doctor.live import Live

BEHIND = timedelta(minutes=5)
"""As the alarm sweep-lags."""

OVERDUE = timedelta(minutes=15)
DAYS = 7
"""How far back the quarantine is looked through; it keeps for 30."""


@check(
    "sweep",
    why="What was forgotten stays forgotten for as long as the sweep is behind; it should be no more than a tick.",
    mend="docs/operations.md, sweep-lags: the tick's log says why it stopped.",
)
def sweep(live: Live) -> Iterator[Seen]:
    item = (
        live.client("dynamodb")
        .get_item(TableName=live.names.table, Key=key("watermark", "fast"), ConsistentRead=True)
        .get("Item")
    )
    if item is None:
        made = live.now - live.table["CreationDateTime"]
        told = f"it has never run; the table was made {_span(made)} ago"
        yield fail(told) if made > BEHIND else warn(told)
        return
    behind = live.now - live.limits.grace - from_ms(int(item["at"]["N"]))
    told = f"{_span(behind)} behind"
    yield fail(told) if behind > BEHIND else ok(told)


@check(
    "appointments",
    why="Each is a job that somebody has to look after: overdue ones wait for a tick that does not come or does not get through.",
    mend="docs/operations.md, sweep-lags; jobline status ID tells of a single job.",
)
def appointments(live: Live) -> Iterator[Seen]:
    overdue: list[tuple[datetime, str]] = []
    for partition in attention_keys("due"):
        found = live.client("dynamodb").query(
            TableName=live.names.table,
            IndexName=INDEX,
            KeyConditionExpression="attention = :kind AND attention_at <= :now",
            ExpressionAttributeValues={":kind": {"S": partition}, ":now": {"N": str(to_ms(live.now))}},
            Limit=1,  # the oldest comes first
        )["Items"]
        overdue += [(from_ms(int(item["attention_at"]["N"])), item["sk"]["S"]) for item in found]
    if not overdue:
        yield ok("none is due")
        return
    oldest, job = min(overdue)
    told = f"the oldest is overdue for {_span(live.now - oldest)}: {job}"
    if live.now - oldest > OVERDUE:
        yield fail(told)
    else:
        yield warn(told) if live.now - oldest > BEHIND else ok(told)


@check(
    "dead letters",
    why="Their consumer empties that queue: what stays cannot be read, or the consumer does not run.",
    mend="docs/operations.md, dead-letters-stay",
)
def dead_letters(live: Live) -> Iterator[Seen]:
    queue = live.queue(DEAD_LETTERS)
    there = int(queue["ApproximateNumberOfMessages"])
    yield warn(f"{there} wait") if there else ok("empty")


@check(
    "quarantine",
    why="Messages that were no wake-ups of ours came into a lane: somebody else sends there, or something broke them.",
    mend="Read them in the table under quarantine#DAY (docs/operations.md, At night); nothing else has to be done.",
)
def quarantine(live: Live) -> Iterator[Seen]:
    days = [f"quarantine#{live.now - timedelta(days=back):%Y%m%d}" for back in range(DAYS)]
    found = {day: _count(live, day) for day in days}
    some = [f"{count} in {day}" for day, count in found.items() if count]
    yield warn(", ".join(some)) if some else ok(f"none in {DAYS} days")


def _count(live: Live, partition: str) -> int:
    """At most a page's."""
    found: int = live.client("dynamodb").query(
        TableName=live.names.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        Select="COUNT",
    )["Count"]
    return found


def _span(span: timedelta) -> str:
    """2 d 3:04:05, as people read it; nothing is behind by less than nothing."""
    return str(timedelta(seconds=max(0, round(span.total_seconds()))))


CHECKS = (sweep, appointments, dead_letters, quarantine)
