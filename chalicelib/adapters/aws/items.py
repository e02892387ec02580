"""The shelves in DynamoDB: one partition each, in the one table.

`item#<shelf>` / <key>; fields are attributes with an `f_` before their names, so that none can be a key's, the index's or TTL's. An
appointment is a place in the attention index, as rows have one, in partitions of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_never
from zlib import crc32

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling, refusing_row
from chalicelib.adapters.aws.keys import INDEX, Key, key
from chalicelib.adapters.aws.rows import to_ms
from chalicelib.domain.change import Equals, Missing, Present
from chalicelib.domain.errors import NewerRow
from chalicelib.pipeline.items import Below, Edit, Fields, Kept, Spot, Test, Unkept, Value
from chalicelib.pipeline.ports import Crew

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX = "item#"
SHARDS = 2
"""Partitions of the index that items' appointments lie in. Each is asked for by every tick, and takes 1,000 writes a second."""


class DynamoItems:
    """The shelves of one table."""

    def __init__(self, clients: Clients, table: str, crew: Crew) -> None:
        self._clients = clients
        self._table = table
        self._crew = crew

    @property
    def _db(self) -> "DynamoDBClient":
        return self._clients.dynamodb

    def read(self, spot: Spot) -> Fields:
        """GetItem, consistent."""
        with calling("GetItem"):
            answer = self._db.get_item(TableName=self._table, Key=_key(spot), ConsistentRead=True)
        return _fields(answer.get("Item", {}))

    def write(self, spot: Spot, edit: Edit) -> Kept | Unkept:
        """UpdateItem, which makes the item if there is none. A refusal brings the item that refused."""
        words = _Words()
        condition = words.condition(edit.where)
        update = words.update(spot, edit)
        arguments: dict[str, Any] = {"UpdateExpression": update} if update else {}
        arguments |= words.said()
        if condition:
            arguments["ConditionExpression"] = condition
        with calling("UpdateItem"):
            try:
                answer = self._db.update_item(
                    TableName=self._table,
                    Key=_key(spot),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **arguments,
                )
            except ClientError as error:
                return Unkept(fields=_fields(refusing_row(error) or {}))
        return Kept(fields=_fields(answer["Attributes"]))

    def delete(self, spot: Spot, where: tuple[tuple[Test, ...], ...] = ((),)) -> bool:
        """DeleteItem. A refusal without an item: it is gone already."""
        words = _Words()
        condition = words.condition(where)
        arguments: dict[str, Any] = {"ConditionExpression": condition, **words.said()} if condition else {}
        with calling("DeleteItem"):
            try:
                self._db.delete_item(
                    TableName=self._table,
                    Key=_key(spot),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **arguments,
                )
            except ClientError as error:
                return not refusing_row(error)
        return True

    def listed(self, shelf: str, *, after: str = "", limit: int) -> Sequence[tuple[str, Fields]]:
        """Query, consistent, page by page."""
        condition, values = "#pk = :pk", {":pk": {"S": PREFIX + shelf}}
        names = {"#pk": "pk"}
        if after:
            condition += " AND #sk > :after"
            values[":after"] = {"S": after}
            names["#sk"] = "sk"
        found: list[tuple[str, Fields]] = []
        start: dict[str, Any] = {}
        while len(found) < limit:
            with calling("Query"):
                answer = self._db.query(
                    TableName=self._table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ConsistentRead=True,
                    Limit=limit - len(found),
                    **start,
                )
            found += [(item["sk"]["S"], _fields(item)) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return found

    def due(self, now: datetime, limit: int) -> Sequence[Spot]:
        """Query each shard of the index, the oldest first."""
        pages = self._crew.each(lambda shard: self._due_in(shard, now, limit), range(SHARDS))
        found: list[tuple[int, Spot]] = []
        for page in pages:
            if isinstance(page, Exception):
                raise page
            found += page
        return [spot for _, spot in sorted(found)[:limit]]

    def _due_in(self, shard: int, now: datetime, limit: int) -> list[tuple[int, Spot]]:
        with calling("Query"):
            answer = self._db.query(
                TableName=self._table,
                IndexName=INDEX,
                KeyConditionExpression="#pk = :pk AND #at <= :now",
                ExpressionAttributeNames={"#pk": "attention", "#at": "attention_at"},
                ExpressionAttributeValues={":pk": {"S": f"item#{shard}"}, ":now": {"N": str(to_ms(now))}},
                Limit=limit,
            )
        return [
            (int(item["attention_at"]["N"]), Spot(item["pk"]["S"].removeprefix(PREFIX), item["sk"]["S"]))
            for item in answer["Items"]
        ]


def _key(spot: Spot) -> Key:
    return key(PREFIX + spot.shelf, spot.key)


def _shard(spot: Spot) -> str:
    return f"item#{crc32(f'{spot.shelf} {spot.key}'.encode()) % SHARDS}"


def _fields(item: Mapping[str, Any]) -> Fields:
    return {name.removeprefix("f_"): _read(value) for name, value in item.items() if name.startswith("f_")}


def _read(attribute: Mapping[str, Any]) -> Value:
    match attribute:
        case {"S": str(text)}:
            return text
        case {"N": str(number)}:
            return int(number)
        case {"L": list(values)}:
            return tuple(value["S"] for value in values)
        case {"NS": list(numbers)}:
            return frozenset(int(number) for number in numbers)
        case _:
            raise NewerRow(f"an item's field holds {sorted(attribute)}, which this code does not know")


def _attribute(value: object) -> Mapping[str, Any]:
    match value:
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case tuple():
            return {"L": [{"S": one} for one in value]}
        case frozenset():
            return {"NS": [str(number) for number in sorted(value)]}
        case _:
            raise TypeError(f"an item cannot hold a {type(value).__name__}")


class _Words:
    """The expressions of one call, and the aliases in them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def said(self) -> dict[str, Any]:
        """The aliases as arguments; DynamoDB refuses empty ones."""
        said: dict[str, Any] = {"ExpressionAttributeNames": self.names} if self.names else {}
        return {**said, "ExpressionAttributeValues": self.values} if self.values else said

    def field(self, name: str) -> str:
        """The alias of a field."""
        return self.raw_name(f"f_{name}")

    def raw_name(self, attribute: str) -> str:
        """The alias of an attribute."""
        for alias, known in self.names.items():
            if known == attribute:
                return alias
        alias = f"#n{len(self.names)}"
        self.names[alias] = attribute
        return alias

    def value(self, value: object) -> str:
        """The alias of a value."""
        return self.raw(_attribute(value))

    def raw(self, attribute: Mapping[str, Any]) -> str:
        """The alias of an attribute's value."""
        alias = f":v{len(self.values)}"
        self.values[alias] = attribute
        return alias

    def condition(self, where: tuple[tuple[Test, ...], ...]) -> str:
        """The condition; empty: there is none."""
        if any(not tests for tests in where):
            return ""
        return " OR ".join(f"({' AND '.join(self._test(test) for test in tests)})" for tests in where)

    def _test(self, test: Test) -> str:
        name = self.field(test.field)
        match test:
            case Equals():
                return f"{name} = {self.value(test.value)}"
            case Below():
                return f"{name} < {self.value(test.value)}"
            case Missing():
                return f"attribute_not_exists({name})"
            case Present():
                return f"attribute_exists({name})"
            case _:
                assert_never(test)

    def update(self, spot: Spot, edit: Edit) -> str:
        """What the write changes."""
        sets = [f"{self.field(name)} = {self.value(value)}" for name, value in edit.set.items()]
        for name, number in edit.add.items():
            alias = self.field(name)
            sets.append(f"{alias} = if_not_exists({alias}, {self.value(0)}) + {self.value(number)}")
        if edit.until is not None:
            sets.append(f"{self.raw_name('ttl')} = {self.value(to_ms(edit.until) // 1000 + 1)}")
        removed = [self.field(name) for name in edit.remove if name not in edit.set]
        if edit.undue:
            removed += [self.raw_name("attention"), self.raw_name("attention_at")]
        elif edit.due is not None:
            sets.append(f"{self.raw_name('attention')} = {self.value(_shard(spot))}")
            sets.append(f"{self.raw_name('attention_at')} = {self.value(to_ms(edit.due))}")
        # An ADD that is repeated adds nothing. There are no empty sets in DynamoDB.
        among = [
            f"{self.field(name)} {self.value(numbers)}" for name, numbers in edit.include.items() if numbers
        ]
        parts = {"SET": sets, "REMOVE": removed, "ADD": among}
        return " ".join(f"{word} {', '.join(said)}" for word, said in parts.items() if said)
