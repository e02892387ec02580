"""What moto said before: an answer about one item follows from the request and the item, so the same question is not put twice.

Plans share long beginnings, and moto takes milliseconds to parse an expression. A state is known by the path that led to it: the number of the
remembered write that made it. Remembered items are never changed; before moto may change one, it is given a copy.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

Place = tuple[str, str]
MOST = 4000

ABSENT = 0


class Memory:
    """The remembered answers of single-item calls, and the state that each item is in."""

    def __init__(self, table: Any) -> None:
        self.on = True
        self._table = table
        self._states: dict[Place, int] = {}
        self._said: dict[tuple[str, int], tuple[Any, int, Any]] = {}
        self._count = ABSENT
        self.last: Place | None = None  #: the last item written
        self._before: dict[Place, tuple[int, Any]] = {}  #: how each was before its last write

    def forget_states(self) -> None:
        """The table is empty again."""
        self._states.clear()
        self._before.clear()
        self.last = None
        if len(self._said) > MOST:
            self._said.clear()

    def ask(self, operation: str, params: Mapping[str, Any], place: Place, moto: Callable[[], Any]) -> Any:
        """The answer, from memory if there is one."""
        state = self._states.get(place, ABSENT)
        writes = operation != "GetItem"
        known = self._said.get((question := f"{operation}{params!r}", state)) if self.on else None
        if known is None:
            known = self._from_moto(operation, place, state, moto)
            self._said[question, state] = known
        answer, after, item = known
        if writes and after != state:
            self.last, self._before[place] = place, (state, self.item(place))
            self.put(place, after, item)
        if isinstance(answer, ClientError):
            raise ClientError(answer.response, answer.operation_name)
        return answer

    def _from_moto(
        self, operation: str, place: Place, state: int, moto: Callable[[], Any]
    ) -> tuple[Any, int, Any]:
        before = self.item(place)
        if before is not None and operation == "UpdateItem":
            self._set(place, copy.deepcopy(before))
        try:
            answer = moto()
        except ClientError as error:
            self._set(place, before)
            return error, state, None
        if operation == "GetItem":
            return answer, state, None
        self._count += 1
        after = self.item(place)
        self._set(place, before)
        return answer, self._count, after

    @contextmanager
    def as_it_was(self, place: Place | None) -> Iterator[None]:
        """The table without the last write to this item; None: without the last of all."""
        place = place or self.last
        if place is None or place not in self._before:
            yield
            return
        now, newer = self.state(place), self.item(place)
        self.put(place, *self._before[place])
        try:
            yield
        finally:
            self.put(place, now, newer)

    def put(self, place: Place, state: int, item: Any) -> None:
        """Let the item be in this state."""
        self._states[place] = state
        self._set(place, item)

    def state(self, place: Place) -> int:
        """The state that the item is in."""
        return self._states.get(place, ABSENT)

    def item(self, place: Place) -> Any:
        """Moto's item."""
        from moto.dynamodb.models.dynamo_type import DynamoType

        return self._table.items.get(DynamoType({"S": place[0]}), {}).get(DynamoType({"S": place[1]}))

    def _set(self, place: Place, item: Any) -> None:
        from moto.dynamodb.models.dynamo_type import DynamoType

        partition = self._table.items[DynamoType({"S": place[0]})]
        if item is None:
            partition.pop(DynamoType({"S": place[1]}), None)
        else:
            partition[DynamoType({"S": place[1]})] = item
