"""Jobs share what they share by equal values of the arguments that make its key, and by nothing else."""

import itertools

import pytest

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.flow_key import LONGEST, flow_key


def test_without_arguments_all_jobs_share_it():
    assert flow_key("stripe", (), {"a": 1}) == flow_key("stripe", (), {}) == "stripe"


def test_a_short_key_can_be_read():
    assert flow_key("stripe", ("who", "n"), {"who": "Ada", "n": 7, "other": 1}) == 'stripe:"Ada",7'


def test_other_values_are_another_key():
    values = ["1", 1, True, None, "", "a,b", 'a","b', "a", "b" * 500, "b" * 501, "é", 1.5]
    keys = [flow_key("n", ("a", "b"), {"a": a, "b": b}) for a, b in itertools.product(values, values)]
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= LONGEST and key.isascii() for key in keys)


def test_an_argument_left_out_is_null():
    assert flow_key("n", ("a",), {}) == flow_key("n", ("a",), {"a": None})


@pytest.mark.parametrize("value", [[1], {"a": 1}, []])
def test_a_value_with_parts_makes_no_key(value):
    with pytest.raises(InvalidInput, match=r"args\.a: is part of a key"):
        flow_key("n", ("a",), {"a": value})
