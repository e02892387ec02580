"""Histograms: close to the truth, added up without loss."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.statistics.spread import LAST, Spread, bucket, middle

DAY_MS = 24 * 3600 * 1000
TIMES = st.lists(st.floats(min_value=1, max_value=12 * DAY_MS), min_size=1, max_size=60)


def spread(times) -> Spread:
    made = Spread()
    for time in times:
        made.add(time)
    return made


@given(TIMES, st.floats(min_value=0.001, max_value=1))
def test_a_percentile_is_at_most_five_percent_off(times, part):
    exact = sorted(times)[max(1, ceil(part * len(times))) - 1]

    assert spread(times).quantile(part) == pytest.approx(exact, rel=0.05, abs=0.51)


@given(TIMES, TIMES)
def test_two_that_are_added_up_are_as_one_that_saw_all(left, right):
    both = spread(left)
    both.merge(spread(right))

    assert both == spread([*left, *right])
    assert both.count == len(left) + len(right)


@given(st.dictionaries(st.integers(0, LAST), st.integers(1, 10**6)), st.integers(0, 10**15))
def test_what_is_written_is_read_again(counts, total):
    written = Spread(counts, total)

    assert Spread.read(written.text(), total) == written


def test_its_text_is_runs_of_buckets_and_gaps_are_left_out():
    assert Spread({80: 3, 82: 5, 120: 1}).text() == "80:3,0,5;120:1"
    assert Spread().text() == ""


def test_none_have_no_percentile_and_no_mean():
    assert Spread().quantile(0.5) is None
    assert Spread().mean is None


def test_times_that_lie_together_are_told_as_their_mean():
    assert spread([2994, 3000, 3006]).quantile(0.99) == 3000


def test_no_time_is_too_short_or_too_long():
    assert bucket(0) == bucket(1) == 0
    assert middle(0) == 0.5
    assert bucket(1e300) == LAST


@pytest.mark.parametrize("text", ["x", "1:", "1:2,a", ":1", "1;2", "1:2;;x"])
def test_what_is_no_histogram_is_refused(text):
    with pytest.raises(InvalidInput):
        Spread.read(text, 0)


def test_a_bucket_beyond_the_last_counts_as_the_last():
    assert Spread.read(f"{LAST}:1,2", 0).counts == {LAST: 3}
