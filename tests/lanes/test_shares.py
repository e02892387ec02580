"""No lane starves: what a lane may run at once is its own, whatever floods the others. On the twins, with a model of Lambda."""

from datetime import timedelta

import pytest

from chalicelib.lanes import DECLARED
from tests.lanes.lambda_model import LambdaModel, p95

ACCOUNT = 10
SHARES = {"high": 4, "default": 3, "low": 1}
"""The declared ones, a hundredth of them, in a hundredth of an account."""

SPAN = timedelta(seconds=40)
FLOOD = 150.0  # jobs a second, twice what the account can run
CALM = 2.0


def flooded(shares: dict[str, int | None], seed: int) -> LambdaModel:
    """A flood in the lane that is always asked first, and a few jobs in the others."""
    model = LambdaModel(shares=shares, account=ACCOUNT, seed=seed)
    model.pass_by(SPAN, {("high", "a"): FLOOD, ("default", "b"): CALM, ("low", "c"): CALM})
    return model


def test_the_shares_here_are_the_declared_ones():
    assert {lane.name: (lane.concurrency or 0) // 100 for lane in DECLARED} == SHARES


@pytest.mark.parametrize("seed", range(2))
def test_while_high_is_flooded_low_runs_as_if_it_were_alone(seed):
    alone = LambdaModel(shares=dict(SHARES), account=ACCOUNT, seed=seed)
    alone.pass_by(SPAN, {("low", "c"): CALM})

    model = flooded(dict(SHARES), seed)

    assert p95(model.waits["low", "c"]) <= p95(alone.waits["low", "c"]) * 1.25
    assert len(model.waits["low", "c"]) >= SPAN.total_seconds() * CALM * 0.8
    assert p95(model.waits["default", "b"]) < 2
    assert p95(model.waits["high", "a"]) > 10, "nothing was flooded"


def test_without_shares_low_starves():
    model = flooded(dict.fromkeys(SHARES), 0)

    assert len(model.waits["low", "c"]) < 0.1 * SPAN.total_seconds() * CALM


def test_shares_that_come_to_more_than_the_account_has_do_not_protect():
    model = flooded({"high": 10, "default": 3, "low": 1}, 0)

    assert len(model.waits["low", "c"]) < 0.1 * SPAN.total_seconds() * CALM
