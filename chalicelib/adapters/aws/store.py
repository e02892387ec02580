"""The rows in DynamoDB: one conditional write a transition, and listings that need no index."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling, refusing_row
from chalicelib.adapters.aws.expressions import render
from chalicelib.adapters.aws.keys import INDEX, attention_keys, days_back, job_key, key, midnight, partitions
from chalicelib.adapters.aws.rows import FIELDS, from_item, from_ms, to_item, to_ms
from chalicelib.domain.change import Change
from chalicelib.domain.errors import InvalidInput, NewerRow, Unavailable
from chalicelib.domain.job import Job
from chalicelib.domain.late import regex
from chalicelib.pipeline.ids import RANDOM_BYTES, first_id, is_id, make_id, time_of
from chalicelib.pipeline.ports import Crew, Refused, Slice, Written

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MS = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_PLACE = regex(r"(dead#[0-9]+) (?:([0-9]{1,15}) ([0-9A-Z]{26})| )")
NEWEST_PAGE = 16
"""Rows that a listing reads of each of a day's 32 partitions at a time."""

UNATTENDED = (
    "attribute_not_exists(#attention) AND (attribute_not_exists(#forget) OR attribute_exists(#outbox))"
)
"""Rows without an appointment that are unfinished, by what all versions agree on: what is over can be forgotten, and owes nothing."""
_UNATTENDED_NAMES = {f"#{field}": FIELDS[field].attribute for field in ("attention", "forget", "outbox")}

BATCH_KEYS = 100
"""The most keys of a BatchGetItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""


class DynamoStore:
    """The rows of one table."""

    def __init__(self, clients: Clients, table: str, crew: Crew) -> None:
        self._clients = clients
        self._table = table
        self._crew = crew

    @property
    def _db(self) -> "DynamoDBClient":
        return self._clients.dynamodb

    def create(self, job: Job) -> Job | None:
        """PutItem, conditional on there being no row."""
        with calling("PutItem"):
            try:
                self._db.put_item(
                    TableName=self._table,
                    Item=to_item(job),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                old = refusing_row(error)
                if old is None:
                    # DynamoDB brings it along. Answering None would say that this call put the row.
                    raise Unavailable(f"PutItem: job {job.id} is there without its row") from error
                return from_item(old)
        return None

    def write(self, job_id: str, change: Change) -> Written | Refused:
        """UpdateItem, conditional on the change's clauses. A refusal brings the row that refused."""
        with calling("UpdateItem"):
            try:
                answer = self._db.update_item(
                    TableName=self._table,
                    Key=job_key(job_id),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **render(change, job_id),
                )
            except ClientError as error:
                old = refusing_row(error)
                return Refused(job=None if old is None else from_item(old))
        return Written(job=from_item(answer["Attributes"]))

    def read(self, job_id: str) -> Job | None:
        """GetItem, consistent."""
        with calling("GetItem"):
            answer = self._db.get_item(TableName=self._table, Key=job_key(job_id), ConsistentRead=True)
        item = answer.get("Item")
        return None if item is None else from_item(item)

    def unattended(self, after: datetime, until: datetime) -> Slice:
        """One page of each partition of the first day in the range, consistent. `reached` is as far as all pages go.

        DynamoDB leaves out what needs nobody, nearly all rows by then: it reads them for us, at the same price, but we need not.
        """
        first = after + _MS
        if until < first:  # DynamoDB refuses a range that ends before it begins
            return Slice(rows=[], reached=until, listed=0)
        end = min(until, midnight(first) + _DAY - _MS)
        pages = self._crew.each(lambda name: self._page(name, first, end), partitions(first))
        items: list[Any] = []
        reached, listed = end, 0
        for page in pages:
            if isinstance(page, Exception):
                raise page
            items += page[0]
            reached, listed = min(reached, page[1]), listed + page[2]
        rows, unread = _readable([item for item in items if time_of(item["sk"]["S"]) <= reached])
        return Slice(rows=rows, unread=unread, reached=reached, listed=listed)

    def _page(self, name: str, first: datetime, end: datetime) -> tuple[list[Any], datetime, int]:
        """One partition's rows from `first` that nobody looks after, up to where they are complete, and of how many.

        A page may end within a millisecond.
        """
        items: list[Any] = []
        listed = 0
        begin: dict[str, Any] = {}
        low, high = first_id(first), make_id(end, b"\xff" * RANDOM_BYTES)
        while True:
            with calling("Query"):
                answer = self._db.query(
                    TableName=self._table,
                    KeyConditionExpression="#pk = :pk AND #sk BETWEEN :low AND :high",
                    FilterExpression=UNATTENDED,
                    ExpressionAttributeNames={"#pk": "pk", "#sk": "sk", **_UNATTENDED_NAMES},
                    ExpressionAttributeValues={":pk": {"S": name}, ":low": {"S": low}, ":high": {"S": high}},
                    ConsistentRead=True,
                    **begin,
                )
            items += answer["Items"]
            listed += answer["ScannedCount"]
            last = answer.get("LastEvaluatedKey")
            if last is None:
                return items, end, listed
            complete = time_of(last["sk"]["S"]) - _MS
            if complete >= first:
                return items, complete, listed
            begin = {"ExclusiveStartKey": last}

    def newest(self, before: str, since: datetime) -> Iterator[Job]:
        """Day by day, the 32 partitions merged, eventually consistent."""
        start = time_of(before)
        for day in days_back(start, since):
            low = max(first_id(since), first_id(day))
            high = min(before, first_id(day + _DAY))
            if low >= high:
                continue
            heads = self._crew.each(lambda name: self._below(name, low, high), partitions(day))  # noqa: B023
            streams = []
            for name, head in zip(partitions(day), heads, strict=True):
                if isinstance(head, Exception):
                    raise head
                streams.append(self._downwards(name, low, *head))
            for item in heapq.merge(*streams, key=lambda found: found["sk"]["S"], reverse=True):
                rows, _ = _readable([item])
                yield from rows

    def _below(self, name: str, low: str, high: str) -> tuple[list[Any], Mapping[str, Any] | None]:
        """A page of a partition, from below `high` down."""
        found, more = self._query(
            "#pk = :pk AND #sk BETWEEN :low AND :high",
            {":pk": {"S": name}, ":low": {"S": low}, ":high": {"S": high}},
            ScanIndexForward=False,
            Limit=NEWEST_PAGE,
        )
        return [item for item in found if item["sk"]["S"] < high], more

    def _downwards(
        self, name: str, low: str, found: list[Any], more: Mapping[str, Any] | None
    ) -> Iterator[Any]:
        while True:
            yield from found
            if more is None:
                return
            found, more = self._below(name, low, more["sk"]["S"])

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Appointments from all shards of the index, the oldest of each."""
        pages = self._crew.each(lambda shard: self._due_in(shard, now, limit), attention_keys("due"))
        found: list[tuple[int, str]] = []
        for page in pages:
            if isinstance(page, Exception):
                raise page
            found += page
        return [job_id for _, job_id in sorted(found)[:limit]]

    def _due_in(self, shard: str, now: datetime, limit: int) -> list[tuple[int, str]]:
        found, _ = self._query(
            "#pk = :pk AND #at <= :now",
            {":pk": {"S": shard}, ":now": {"N": str(to_ms(now))}},
            names={"#pk": "attention", "#at": "attention_at"},
            IndexName=INDEX,
            Limit=limit,
        )
        return [(int(item["attention_at"]["N"]), item["sk"]["S"]) for item in found]

    def dead(self, after: str | None, limit: int) -> tuple[Sequence[Job], str | None]:
        """Shard by shard, newest deaths first. `after` is "<shard> <time of death> <id>", as the page before gave it."""
        shards = attention_keys("dead")
        shard, at, last = _place(after or f"{shards[0]}  ", shards)
        start: Mapping[str, Any] | None = (
            {**job_key(last), "attention": {"S": shard}, "attention_at": {"N": at}} if last else None
        )
        found, more = self._query(
            "#pk = :pk",
            {":pk": {"S": shard}},
            names={"#pk": "attention"},
            start=start,
            IndexName=INDEX,
            ScanIndexForward=False,
            Limit=limit,
        )
        rows = self._rows([item["sk"]["S"] for item in found])
        if more is not None:
            return rows, f"{shard} {more['attention_at']['N']} {more['sk']['S']}"
        following = shards.index(shard) + 1
        return rows, (f"{shards[following]}  " if following < len(shards) else None)

    def _rows(self, ids: Sequence[str]) -> list[Job]:
        """The rows of these ids that are dead indeed: the index lags. Keys that DynamoDB left out are asked for again."""
        wanted: list[Any] = [job_key(job_id) for job_id in ids]
        items: dict[str, Any] = {}
        while wanted:
            asked = wanted[:BATCH_KEYS]
            with calling("BatchGetItem"):
                answer = self._db.batch_get_item(RequestItems={self._table: {"Keys": asked}})
            for item in answer["Responses"].get(self._table, []):
                items[item["sk"]["S"]] = item
            unread: Any = answer.get("UnprocessedKeys") or {}
            left = unread.get(self._table, {}).get("Keys", [])
            if len(left) == len(asked):
                raise Unavailable(f"BatchGetItem: no answer for any of {len(asked)} rows")
            wanted = [*left, *wanted[BATCH_KEYS:]]
        rows, _ = _readable([items[job_id] for job_id in ids if job_id in items])
        return [row for row in rows if row.attention == "dead"]

    def watermark(self, name: str) -> datetime | None:
        """The pass's mark, consistent."""
        with calling("GetItem"):
            answer = self._db.get_item(TableName=self._table, Key=key("watermark", name), ConsistentRead=True)
        item = answer.get("Item")
        return None if item is None else from_ms(int(item["at"]["N"]))

    def move_watermark(self, name: str, seen: datetime | None, to: datetime) -> bool:
        """PutItem, conditional on what was seen; a refusal that shows `to` is our own write whose reply was lost."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if seen is not None:
            condition = {
                "ConditionExpression": "#at = :seen",
                "ExpressionAttributeNames": {"#at": "at"},
                "ExpressionAttributeValues": {":seen": {"N": str(to_ms(seen))}},
            }
        with calling("PutItem"):
            try:
                self._db.put_item(
                    TableName=self._table,
                    Item={**key("watermark", name), "at": {"N": str(to_ms(to))}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
            except ClientError as error:
                old = refusing_row(error)
                return old is not None and int(old["at"]["N"]) == to_ms(to)
        return True

    def _query(
        self,
        condition: str,
        values: Mapping[str, Any],
        *,
        names: Mapping[str, str] | None = None,
        start: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> tuple[list[Any], Mapping[str, Any] | None]:
        """One page, and where the next begins."""
        if start is not None:
            options["ExclusiveStartKey"] = start
        with calling("Query"):
            answer = self._db.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=names or {"#pk": "pk", "#sk": "sk"},
                ExpressionAttributeValues=values,
                **options,
            )
        return answer["Items"], answer.get("LastEvaluatedKey")


def _place(after: str, shards: Sequence[str]) -> tuple[str, str, str]:
    """Where a page of dead jobs begins. It comes from callers: raises `InvalidInput` for what no page gave."""
    found = _PLACE.fullmatch(after)
    shard, at, last = found.groups("") if found else ("", "", "")
    if shard not in shards or (last and not is_id(last)):
        raise InvalidInput("cursor", "not one that a page gave")
    return shard, at, last


def _readable(items: Sequence[Any]) -> tuple[list[Job], list[str]]:
    """The jobs in the items, and the ids of those that only newer code can read."""
    rows, unread = [], []
    for item in items:
        try:
            rows.append(from_item(item))
        except NewerRow:
            unread.append(item["sk"]["S"])
    return rows, unread
