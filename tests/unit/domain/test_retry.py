"""Should it try again? And when?"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.retry import MAX_BACKOFF, Backoff, RetryPolicy

WAITS = st.timedeltas(min_value=timedelta(0), max_value=MAX_BACKOFF)
ATTEMPTS = st.integers(min_value=1, max_value=10**6)
LUCK = st.floats(min_value=0, max_value=1, exclude_max=True)


@given(base=WAITS, cap=WAITS, attempt=ATTEMPTS, luck=LUCK)
def test_a_wait_is_never_negative_and_never_above_the_ceiling_or_the_cap(base, cap, attempt, luck):
    backoff = Backoff(base=base, cap=cap)
    wait = backoff.wait(attempt, luck)
    assert timedelta(0) <= wait <= backoff.ceiling(attempt) <= cap


@given(base=WAITS, cap=WAITS, attempt=ATTEMPTS)
def test_the_ceiling_never_falls_and_at_most_doubles(base, cap, attempt):
    backoff = Backoff(base=base, cap=cap)
    this, following = backoff.ceiling(attempt), backoff.ceiling(attempt + 1)
    assert this <= following <= this * 2


@given(base=WAITS, attempt=st.integers(min_value=1, max_value=10))
def test_below_the_cap_the_ceiling_is_the_base_doubled_with_each_attempt(base, attempt):
    cap = base * 2**10
    assert Backoff(base=base, cap=cap).ceiling(attempt) == base * 2 ** (attempt - 1)


@given(luck=LUCK)
def test_full_jitter_spreads_waits_over_all_of_the_ceiling(luck):
    assert Backoff(base=timedelta(days=1), cap=timedelta(days=1)).wait(1, luck) == timedelta(days=1) * luck


@pytest.mark.parametrize("base", [timedelta(microseconds=1), timedelta(minutes=2), timedelta(hours=23)])
def test_the_millionth_attempt_waits_no_longer_than_the_cap(base):
    assert Backoff(base=base, cap=timedelta(days=1)).ceiling(10**6) == timedelta(days=1)


def test_no_backoff_at_all_is_possible():
    assert Backoff(base=timedelta(0)).wait(7, 0.99) == timedelta(0)


class Odd(ValueError):
    pass


@pytest.mark.parametrize(
    ("policy", "error", "again"),
    [
        (RetryPolicy(), ValueError(), True),
        (RetryPolicy(), KeyboardInterrupt(), False),
        (RetryPolicy(), SystemExit(), False),
        (RetryPolicy(retry_on=(OSError,)), TimeoutError(), True),
        (RetryPolicy(retry_on=(OSError,)), ValueError(), False),
        (RetryPolicy(retry_on=()), ValueError(), False),
        (RetryPolicy(give_up_on=(ValueError,)), Odd(), False),
        (RetryPolicy(retry_on=(Odd,), give_up_on=(ValueError,)), Odd(), False),
        (RetryPolicy(give_up_on=(Odd,)), ValueError(), True),
        (RetryPolicy(retry_on=(BaseException,)), SystemExit(), True),
    ],
)
def test_an_error_is_worth_another_attempt_if_it_is_retried_on_and_not_given_up_on(policy, error, again):
    assert policy.worth_another(error) is again
