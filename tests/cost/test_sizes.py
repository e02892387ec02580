"""Item sizes by DynamoDB's published rule, against examples worked by hand."""

import base64

import pytest

from bench.sizes import item_size, number_size, value_size

VALUES = [
    # strings: UTF-8 bytes
    ({"S": ""}, 0),
    ({"S": "abc"}, 3),
    ({"S": "Füße"}, 6),
    ({"S": "🦶"}, 4),
    # numbers: a byte for two significant digits, and one
    ({"N": "0"}, 1),
    ({"N": "7"}, 2),
    ({"N": "27"}, 2),
    ({"N": "-27"}, 3),
    ({"N": "461"}, 3),
    ({"N": "100"}, 2),
    ({"N": "1763700000123"}, 8),
    ({"N": "1763700000000"}, 4),
    ({"N": "0.5"}, 2),
    ({"N": "3.14"}, 3),
    ({"N": "1E+20"}, 2),
    ({"N": "12345678901234567890123456789012345678"}, 20),
    # the rest
    ({"B": b"1234"}, 4),
    ({"B": base64.b64encode(b"1234").decode()}, 4),
    ({"BOOL": True}, 1),
    ({"NULL": True}, 1),
    ({"SS": ["a", "bc"]}, 3),
    ({"NS": ["1", "461"]}, 5),
    ({"BS": [b"ab", b"c"]}, 3),
    # containers: three bytes, and one more for each element or pair
    ({"L": []}, 3),
    ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + (1 + 2) + (1 + 1)),
    ({"M": {}}, 3),
    ({"M": {"at": {"N": "1"}, "é": {"S": "x"}}}, 3 + (1 + 2 + 2) + (1 + 2 + 1)),
    ({"L": [{"M": {"a": {"L": []}}}]}, 3 + 1 + (3 + 1 + 1 + 3)),
]


@pytest.mark.parametrize(("value", "size"), VALUES, ids=str)
def test_a_value_is_as_large_as_the_rule_says(value, size):
    assert value_size(value) == size


def test_an_item_is_its_names_and_values():
    item = {"pk": {"S": "job#1"}, "state": {"S": "QUEUED"}, "tags": {"L": [{"S": "a"}]}}
    assert item_size(item) == (2 + 5) + (5 + 6) + (4 + 3 + 1 + 1)


def test_a_row_worked_by_hand():
    row = {
        "pk": {"S": "job#20261121#A"},  # 2 + 14
        "sk": {"S": "01K00000000000000000000000"},  # 2 + 26
        "epoch": {"N": "1"},  # 5 + 2
        "history": {"L": [{"S": "1763700000123 claimed 1 1.aaaaaaaaaa"}]},  # 7 + 3 + 1 + 36
        "ttl": {"N": "1764304800"},  # 3 + 5: 17 64 30 48 and two zeros that are trimmed, and the one
    }
    assert item_size(row) == 16 + 28 + 7 + 47 + 8


@pytest.mark.parametrize("text", ["NaN", "Infinity", "x"])
def test_what_is_no_number_has_no_size(text):
    with pytest.raises((AssertionError, ArithmeticError)):
        number_size(text)


def test_a_type_that_dynamodb_does_not_have_is_an_error():
    with pytest.raises(ValueError, match="'Q'"):
        value_size({"Q": 1})
