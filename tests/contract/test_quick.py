"""The ways in which tests/support/quick_moto.py makes moto quicker answer as moto's own do."""

from decimal import Decimal

import pytest
from moto.core.serialize import AttributePickerContext
from moto.core.utils import get_service_model
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from tests.support.quick_moto import MOTOS, Picker

VALUES = (
    {"S": "a"},
    {"N": "1"},
    {"B": b"a"},
    {"BOOL": True},
    {"NULL": True},
    {"SS": ["a", "b"]},
    {"L": [{"N": "1.5"}]},
    {"M": {"a": {"S": "b"}}},
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: next(iter(value)))
def test_a_value_is_the_same_as_itself_and_as_no_other(value):
    one = DynamoType(value)

    assert one.cast_value == MOTOS.cast_value(one)
    assert [each for each in VALUES if DynamoType(each) == one] == [value]


def test_numbers_are_compared_as_numbers():
    assert DynamoType({"N": "1.0"}) == DynamoType({"N": "1"})
    assert DynamoType({"N": "9"}) < DynamoType({"N": "10"})
    assert DynamoType({"N": "9"}).cast_value == Decimal(9)


@pytest.mark.parametrize("ranged", [True, False])
@pytest.mark.parametrize("kind", ["S", "N"])
def test_a_tables_items_come_in_the_same_order(ranged, kind):
    table = Table.__new__(Table)
    table.range_key_attr = "sk" if ranged else None
    keys = [DynamoType({kind: text}) for text in ("10", "9", "2")]
    items = {key: {one: Item(key, one, {}) for one in keys} for key in keys}
    table.items = items if ranged else {key: Item(key, None, {}) for key in keys}

    assert table.all_items() == MOTOS.all_items(table)
    assert len(table.all_items()) == (9 if ranged else 3)


def test_a_member_is_looked_for_under_the_same_names():
    model = get_service_model("sqs")
    looked = 0
    for operation in model.operation_names:
        shape = model.operation_model(operation).output_shape
        for name, member in shape.members.items() if shape else ():
            member.parent = shape
            asked = AttributePickerContext(obj=object(), key=name, shape=member)
            for _ in range(2):
                assert [*Picker().get_possible_keys(asked)] == [*MOTOS.possible_keys(Picker(), asked)]
            looked += 1
    assert looked > 20
