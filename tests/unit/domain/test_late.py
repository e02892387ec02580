"""Patterns that are compiled at their first use."""

import re

import pytest

from chalicelib.domain.late import regex


def test_a_pattern_finds_what_the_compiled_one_finds():
    for text in ("ab", "AB", "b"):
        late, plain = regex("a(?P<rest>.)", re.IGNORECASE), re.compile("a(?P<rest>.)", re.IGNORECASE)
        assert bool(late.fullmatch(text)) is bool(plain.fullmatch(text))
        assert late.pattern == plain.pattern


def test_nothing_is_compiled_before_the_first_use():
    wrong = regex("(")  # no pattern at all

    with pytest.raises(re.error):
        wrong.search("x")


def test_a_second_use_does_not_ask_again():
    late = regex("a")

    assert late.search is late.search


def test_what_python_asks_of_any_object_is_no_use():
    assert not hasattr(regex("("), "__deepcopy__")
