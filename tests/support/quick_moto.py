"""What moto does for every call and every row, done quicker: the same answers, found once or asked of plain values.

A stage's day is 3,000 calls, and a third of its time went here: moto looks up by reflection what a class can do, tries each spelling of each
member of each shape, and sorts the whole table for a query, comparing types at each step. tests/contract/test_quick.py holds these to moto's own.
"""

from functools import cache
from types import SimpleNamespace
from typing import Any

from moto.core import responses, serialize, utils
from moto.dynamodb.models import dynamo_type, table
from moto.dynamodb.parsing import ast_nodes

PLAIN = frozenset({"S", "B", "BOOL"})
"""Types of DynamoDB whose values are compared as they are."""

Value: Any = dynamo_type.DynamoType
Responses: Any = responses
Rows: Any = table.Table
Traverser: Any = vars(ast_nodes)["DepthFirstTraverser"]
Picker: Any = serialize.XFormedAttributePicker

MOTOS: Any = SimpleNamespace(
    cast_value=Value.cast_value.fget,
    all_items=Rows.all_items,
    possible_keys=Picker.get_possible_keys,
    nodes_to_be_processed=Traverser.nodes_to_be_processed,
)
"""Its own ways."""


def make_quick() -> None:
    """From now on, in this process."""
    Responses.camelcase_to_underscores = cache(utils.camelcase_to_underscores)
    Responses.method_names_from_class = cache(utils.method_names_from_class)
    Value.cast_value = property(cast_value)
    Value.__eq__ = same
    Rows.all_items = all_items
    Picker.get_possible_keys = possible_keys
    Traverser.nodes_to_be_processed = nodes_to_be_processed


def cast_value(self: Any) -> Any:
    """A value as Python has it: most are."""
    return self.value if self.type in PLAIN else MOTOS.cast_value(self)


def same(self: Any, other: Any) -> bool:
    """Whether two are the same value of the same type."""
    return bool(self.type == other.type and self.cast_value == other.cast_value)


def all_items(self: Any) -> list[Any]:
    """A table's items in the order of their keys, which are all of one type."""
    if not self.range_key_attr:
        return sorted(self.items.values(), key=lambda item: item.hash_key.cast_value)
    found = [item for items in self.items.values() for item in items.values()]
    return sorted(found, key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))


_keys: dict[tuple[Any, ...], tuple[str, ...]] = {}


def possible_keys(self: Any, context: Any) -> tuple[str, ...]:
    """The names that a member may have in an object: they depend on the shapes, and on the object's class alone."""
    shape = context.shape
    question = (
        tuple(self.alias_providers),
        context.key,
        shape,
        getattr(shape, "parent", None),
        type(context.obj),
    )
    found = _keys.get(question)
    if found is None:
        found = _keys[question] = tuple(MOTOS.possible_keys(self, context))
    return found


_nodes: dict[type, Any] = {}


def nodes_to_be_processed(self: Any) -> Any:
    """The types of nodes that a traversal works on."""
    found = _nodes.get(type(self))
    if found is None:
        found = _nodes[type(self)] = MOTOS.nodes_to_be_processed(self)
    return found
