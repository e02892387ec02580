"""DynamoDB: items by their whole key."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.quick import partiql
from bench.quick.words import Item, Unknown, changed, holds

JOBLINES = ("pk", "sk")

REFUSED = "ConditionalCheckFailedException"


class Refused(Exception):
    """An error of the service's: its name, a sentence, and what else its answer says."""

    def __init__(self, name: str, message: str, **more: Any) -> None:
        super().__init__(name, message)
        self.answer = {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": message, **more}


class Tables:
    """All tables. Without `remembers` all that is written is forgotten at once: then memory does not grow, and no condition is refused."""

    def __init__(self, *, remembers: bool = True) -> None:
        self._remembers = remembers
        self._keys: dict[str, tuple[str, ...]] = {}
        self._items: dict[str, dict[tuple[str, ...], Item]] = {}
        self.verbs: Mapping[str, Callable[[Any], Any]] = {
            "PutItem": self._put,
            "UpdateItem": self._update,
            "GetItem": self._get,
            "DeleteItem": self._delete,
            "Query": lambda _: {"Items": [], "Count": 0, "ScannedCount": 0},
            "BatchWriteItem": self._write_many,
            "BatchExecuteStatement": self._execute_many,
            "CreateTable": self._create,
            "DescribeTable": self._describe,
            "DescribeTimeToLive": lambda _: {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}},
            "UpdateTimeToLive": lambda asked: {"TimeToLiveSpecification": asked["TimeToLiveSpecification"]},
        }

    def _table(self, name: str) -> tuple[tuple[str, ...], dict[tuple[str, ...], Item]]:
        try:
            return self._keys[name], self._items[name]
        except KeyError:
            return self._keys.setdefault(name, JOBLINES), self._items.setdefault(name, {})

    def _put(self, asked: Any) -> Any:
        item = asked["Item"]
        keys, items = self._table(asked["TableName"])
        key = tuple([item[name]["S"] for name in keys])
        if "ConditionExpression" in asked:
            _judge(asked, items.get(key))
        if self._remembers:
            items[key] = item
        return {}

    def _update(self, asked: Any) -> Any:
        keys, items = self._table(asked["TableName"])
        key = tuple([asked["Key"][name]["S"] for name in keys])
        held = items.get(key)
        if not self._remembers:
            return {"Attributes": {}}
        if "ConditionExpression" in asked:
            _judge(asked, held)
        item = dict(held or asked["Key"])
        if "UpdateExpression" in asked:
            names, values = (
                asked.get("ExpressionAttributeNames", {}),
                asked.get("ExpressionAttributeValues", {}),
            )
            changed(asked["UpdateExpression"], item, names, values)
        items[key] = item
        return {"Attributes": item} if asked.get("ReturnValues") == "ALL_NEW" else {}

    def _get(self, asked: Any) -> Any:
        keys, items = self._table(asked["TableName"])
        item = items.get(tuple([asked["Key"][name]["S"] for name in keys]))
        return {} if item is None else {"Item": item}

    def _delete(self, asked: Any) -> Any:
        keys, items = self._table(asked["TableName"])
        key = tuple([asked["Key"][name]["S"] for name in keys])
        if "ConditionExpression" in asked:
            _judge(asked, items.get(key))
        items.pop(key, None)
        return {}

    def _write_many(self, asked: Any) -> Any:
        for table, requests in asked["RequestItems"].items():
            for request in requests:
                self._put({"TableName": table, **request["PutRequest"]})
        return {"UnprocessedItems": {}}

    def _execute_many(self, asked: Any) -> Any:
        return {"Responses": [self._executed(statement) for statement in asked["Statements"]]}

    def _executed(self, statement: Any) -> Any:
        table = partiql.table(statement)
        said = partiql.update(statement, self._table(table)[0])
        how = {"ReturnValuesOnConditionCheckFailure": statement.get("ReturnValuesOnConditionCheckFailure")}
        try:
            return {
                "TableName": table,
                "Item": self._update({"TableName": table, **said, **how})["Attributes"],
            }
        except Refused as error:
            code = REFUSED.removesuffix("Exception")
            return {"Error": {"Code": code, "Message": error.args[1], **_item(error.answer)}}

    def _create(self, asked: Any) -> Any:
        name = asked["TableName"]
        if name in self._keys:
            raise Refused("ResourceInUseException", f"Table already exists: {name}")
        self._keys[name] = tuple(one["AttributeName"] for one in asked["KeySchema"])
        self._items[name] = {}
        return {"TableDescription": {"TableName": name, "TableStatus": "ACTIVE"}}

    def _describe(self, asked: Any) -> Any:
        name = asked["TableName"]
        if name not in self._keys:
            raise Refused(
                "ResourceNotFoundException", f"Requested resource not found: Table: {name} not found"
            )
        keys = [
            {"AttributeName": key, "KeyType": how}
            for key, how in zip(self._keys[name], ("HASH", "RANGE"), strict=False)
        ]
        return {"Table": {"TableName": name, "TableStatus": "ACTIVE", "KeySchema": keys}}


def _judge(asked: Any, held: Item | None) -> None:
    """Raises `Refused` where the condition does not hold."""
    names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
    if not holds(asked["ConditionExpression"], held or {}, names, values):
        old = {"Item": held} if held and asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
        raise Refused(REFUSED, "The conditional request failed", **old)


def _item(answer: Any) -> Any:
    return {"Item": answer["Item"]} if "Item" in answer else {}


__all__ = ["Refused", "Tables", "Unknown"]
