"""A meter on the wire: every call that any boto3 client of this process makes, and what it is charged.

It knows each item as the last write left it, so it knows both sides of every write: the adapters ask for the row after an update
(ALL_NEW) and for the row that refused one (ALL_OLD), which costs nothing.
"""

import math
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore

from bench.sizes import Item, item_size
from bench.units import index_units, read_units, write_units

CHUNK = 64 * 1024
"""An SQS request is charged once for each 64 KiB of its payload: https://aws.amazon.com/sqs/pricing/"""

REFUSED = "ConditionalCheckFailedException"
_PARAMS = "bench.params"


@dataclass(kw_only=True)
class Tally:
    """What one operation came to in one phase."""

    calls: int = 0
    requests: int = 0  #: as charged: attempts, times chunks
    empty: int = 0  #: receives that found nothing
    refused: int = 0  #: conditional writes whose condition did not hold
    entries: int = 0  #: items or messages that the calls carried
    write_units: int = 0
    index_units: int = 0
    read_units: float = 0.0


@dataclass(kw_only=True)
class Told:
    """What the service itself said it consumed, beside what the rule says for the same calls."""

    writes: int = 0
    writes_alike: int = 0
    reads: int = 0
    reads_alike: int = 0


@dataclass(kw_only=True)
class Meter:
    """Counts by phase and operation. Give it to `metering`."""

    phases: dict[str, dict[str, Tally]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Tally))
    )
    row_bytes: dict[str, int] = field(default_factory=dict)
    """The largest row of each state, in bytes."""
    told: Told = field(default_factory=Told)
    phase: str = "set-up"
    _items: dict[tuple[str, str], Item] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Count what happens now under this name."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before

    def before(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        """A call is about to be made. (botocore's before-parameter-build)"""
        if (
            model.service_model.service_name == "dynamodb"
            and "ReturnConsumedCapacity" in model.input_shape.members
        ):
            params["ReturnConsumedCapacity"] = "INDEXES"  # type: ignore[index] # botocore takes changes here
        context[_PARAMS] = dict(params)

    def after(self, parsed: Mapping[str, Any], model: Any, context: Mapping[str, Any], **_: Any) -> None:
        """A call was answered, by an error or not. (botocore's after-call)"""
        service, operation = model.service_model.service_name, model.name
        with self._lock:
            tally = self.phases[self.phase][f"{service}.{operation}"]
            attempts = 1 + parsed.get("ResponseMetadata", {}).get("RetryAttempts", 0)
            tally.calls += 1
            if service == "dynamodb":
                tally.requests += attempts
                self._dynamodb(operation, context[_PARAMS], parsed, tally)
            elif service == "sqs":
                tally.requests += attempts * self._sqs(operation, context[_PARAMS], parsed, tally)
            else:
                tally.requests += attempts

    def _dynamodb(
        self, operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any], tally: Tally
    ) -> None:
        if operation in ("PutItem", "UpdateItem", "DeleteItem"):
            self._write(operation, params, parsed, tally)
        elif operation in ("GetItem", "Query", "BatchGetItem"):
            self._read(operation, params, parsed, tally)
        else:
            raise NotImplementedError(f"the meter does not know what a {operation} is charged")

    def _write(
        self, operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any], tally: Tally
    ) -> None:
        key = _key(params["Item"] if operation == "PutItem" else params["Key"])
        before = self._items.get(key)
        error = parsed.get("Error", {}).get("Code")
        tally.entries += 1
        if error is not None:
            if error == REFUSED:
                tally.refused += 1
                tally.write_units += write_units(parsed.get("Item") or before, None)
            return  # any other error is charged nothing
        after = None if operation == "DeleteItem" else _after(operation, params, parsed)
        units, in_index = write_units(before, after), index_units(before, after)
        tally.write_units += units
        tally.index_units += in_index
        if after is None:
            self._items.pop(key, None)
        else:
            self._items[key] = after
        if after is not None and "state" in after:
            state = after["state"]["S"]
            self.row_bytes[state] = max(self.row_bytes.get(state, 0), item_size(after))
        self.told.writes += 1
        self.told.writes_alike += _told(parsed) == units + in_index

    def _read(
        self, operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any], tally: Tally
    ) -> None:
        if "Error" in parsed:
            return
        if operation == "BatchGetItem":
            found = [item for items in parsed["Responses"].values() for item in items]
            units = sum(read_units([item], consistent=False) for item in found)
        else:
            consistent = params.get("ConsistentRead", False)
            if operation == "Query":
                found = self._scanned(params, parsed) if "FilterExpression" in params else parsed["Items"]
            else:
                found = [parsed["Item"]] if "Item" in parsed else []
            units = read_units(found, consistent=consistent)
        tally.entries += len(found)
        tally.read_units += units
        self.told.reads += 1
        self.told.reads_alike += math.isclose(_told(parsed), units)

    def _scanned(self, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> list[Item]:
        """What such a query reads, and is charged for, before its filter leaves some of it out.

        Raises NotImplementedError when that are not as many as the answer says: then something was written past the meter.
        """
        values = params["ExpressionAttributeValues"]
        pk, low, high = (values[name]["S"] for name in (":pk", ":low", ":high"))
        after = params.get("ExclusiveStartKey", {}).get("sk", {}).get("S", "")
        last = parsed.get("LastEvaluatedKey", {}).get("sk", {}).get("S", high)
        found = [
            item
            for (item_pk, item_sk), item in self._items.items()
            if item_pk == pk and low <= item_sk <= min(high, last) and item_sk > after
        ]
        if len(found) != parsed["ScannedCount"]:
            raise NotImplementedError(
                f"a query of {pk} read {parsed['ScannedCount']} items, the meter knows {len(found)}"
            )
        return found

    def _sqs(self, operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any], tally: Tally) -> int:
        """How many requests an attempt of this call is charged as."""
        sent = [entry["MessageBody"] for entry in params.get("Entries", []) if "MessageBody" in entry]
        received = [message["Body"] for message in parsed.get("Messages", [])]
        tally.entries += len(params.get("Entries", [])) + len(received)
        if operation == "ReceiveMessage" and not received:
            tally.empty += 1
        payload = sum(len(body.encode()) for body in (*sent, *received))
        return max(1, math.ceil(payload / CHUNK))


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _after(operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> Item:
    if operation == "PutItem":
        item: Item = params["Item"]
        return item
    return _all_new(params, parsed)


def _all_new(params: Mapping[str, Any], parsed: Mapping[str, Any]) -> Item:
    if params.get("ReturnValues") != "ALL_NEW":
        raise NotImplementedError("the meter cannot know the size of an item that an update does not return")
    after: Item = parsed["Attributes"]
    return after


def _told(parsed: Mapping[str, Any]) -> float:
    consumed = parsed.get("ConsumedCapacity", {})
    if isinstance(consumed, list):
        return float(sum(one["CapacityUnits"] for one in consumed))
    return float(consumed.get("CapacityUnits", 0))


@contextmanager
def metering(meter: Meter) -> Iterator[None]:
    """Put the meter on every boto3 client that is made inside."""

    def initialize(session: Any) -> None:
        session.register("before-parameter-build", meter.before)
        session.register("after-call", meter.after)

    botocore.register_initializer(initialize)
    try:
        yield
    finally:
        botocore.unregister_initializer(initialize)
