"""What writes, index entries and reads are charged."""

import pytest

from bench.units import index_entry, index_units, read_units, write_units

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
DUE = {**KEY, "attention": {"S": "due#1"}, "attention_at": {"N": "1"}}
OVERHEAD = 3 + 3 + len("body")
"""Bytes of the keys and of the name that `item` fills up."""


def item(size: int) -> dict:
    """An item of so many bytes."""
    return {**KEY, "body": {"S": "x" * (size - OVERHEAD)}}


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, 11, 1),
        (None, 1024, 1),
        (None, 1025, 2),
        (None, 10_240, 10),
        (1024, 1025, 2),
        (3000, 100, 3),
        (1500, None, 2),
        (None, None, 1),
    ],
)
def test_a_write_is_charged_by_the_larger_side_and_each_kibibyte_begun(before, after, units):
    sides = [None if size is None else item(size) for size in (before, after)]
    assert write_units(*sides) == units


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, KEY, 0),
        (KEY, {**KEY, "state": {"S": "x"}}, 0),
        (None, DUE, 1),
        (KEY, DUE, 1),
        (DUE, {**DUE, "state": {"S": "x"}}, 0),
        (DUE, {**DUE, "attention_at": {"N": "2"}}, 2),
        (DUE, {**DUE, "attention": {"S": "dead#1"}}, 2),
        (DUE, KEY, 1),
        (DUE, None, 1),
        (None, {**KEY, "attention": {"S": "due#1"}}, 0),
    ],
    ids=[
        "never there",
        "still not there",
        "put",
        "enters",
        "stays",
        "moves in time",
        "moves to another kind",
        "leaves",
        "is deleted",
        "half a key",
    ],
)
def test_the_index_is_charged_for_entries_that_change(before, after, units):
    assert index_units(before, after) == units


def test_an_entry_is_its_keys_alone():
    assert index_entry({**DUE, "args": {"S": "x" * 5000}}) == DUE


@pytest.mark.parametrize(
    ("sizes", "consistent", "units"),
    [
        ([], True, 1),
        ([], False, 0.5),
        ([4096], True, 1),
        ([4096], False, 0.5),
        ([4097], True, 2),
        ([4097], False, 1),
        ([1000, 1000, 1000, 1000], True, 1),
        ([3000] * 10, False, 4),
    ],
)
def test_a_read_is_charged_by_four_kibibytes_begun_of_all_it_found(sizes, consistent, units):
    assert read_units([item(size) for size in sizes], consistent=consistent) == units
