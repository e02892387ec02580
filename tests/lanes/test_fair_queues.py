"""A tenant that floods a lane waits behind the others: fair queues, as SQS documents them, on the twin. (F73 of the fault list.)"""

from datetime import timedelta

import pytest

from chalicelib.adapters.memory import HeldWorld, MemoryQueue
from chalicelib.adapters.memory.fairness import LEAST, Fairness
from tests.lanes.lambda_model import LambdaModel, p95

MINUTE = timedelta(minutes=1)
QUIET = [f"quiet{number}" for number in range(10)]
RATE = 3.0  # jobs a second, of each quiet tenant: together half of what the lane can run
NOISY = 100


def waits(*, flood: bool, fair: bool, seed: int) -> float:
    """The quiet tenants' p95, in seconds, over three quarters of a minute."""
    model = LambdaModel(shares={"default": 8}, account=8, fair=fair, seed=seed)
    rates = {("default", tenant): RATE for tenant in QUIET}
    model.pass_by(MINUTE / 4, rates)
    if flood:
        rates["default", "noisy"] = NOISY * RATE
    model.pass_by(MINUTE / 2, rates)
    return p95([wait for tenant in QUIET for wait in model.waits["default", tenant]])


@pytest.mark.parametrize("seed", range(3))
def test_a_tenant_that_floods_a_hundred_to_one_leaves_the_others_within_twice_their_wait(seed):
    before = waits(flood=False, fair=True, seed=seed)

    flooded = waits(flood=True, fair=True, seed=seed)
    unfair = waits(flood=True, fair=False, seed=seed)

    assert flooded <= 2 * before, f"{flooded:.2f} s instead of {before:.2f} s"
    assert unfair >= 10 * before, f"without fair queues it would be {unfair:.2f} s"


def test_who_floods_is_not_kept_waiting_when_nobody_else_is_there():
    model = LambdaModel(shares={"default": 4}, account=4)
    model.pass_by(MINUTE / 4, {("default", "noisy"): 30.0})

    assert p95(model.waits["default", "noisy"]) < 2


# ---------------------------------------------------------------------------------------------- the rules, one by one


def test_the_noisy_ones_messages_come_after_the_others():
    fairness, now = Fairness(), HeldWorld().now()

    order = fairness.order(["n", "q", "n", "r"], ["n"] * LEAST + ["q"], now)

    assert order == [1, 3, 0, 2]


@pytest.mark.parametrize("in_flight", [["n"] * (LEAST - 1), ["n"] * LEAST + ["x"] * 9 * LEAST])
def test_few_in_flight_or_a_small_share_of_it_is_not_noisy(in_flight):
    assert Fairness().order(["n", "q"], in_flight, HeldWorld().now()) == [0, 1]


def test_of_two_noisy_tenants_the_one_with_less_in_flight_comes_first():
    order = Fairness().order(["m", "n", "q"], ["m"] * 60 + ["n"] * 40, HeldWorld().now())

    assert order == [2, 1, 0]


def test_who_has_nothing_left_or_is_silent_for_five_minutes_is_quiet_again():
    fairness, world = Fairness(), HeldWorld()
    fairness.sent("n", world.now())
    fairness.order(["n", "q"], ["n"] * LEAST, world.now())
    assert fairness.noisy == {"n"}

    fairness.order(["q"], [], world.now())
    assert fairness.noisy == set()

    fairness.order(["n", "q"], ["n"] * LEAST, world.now())
    world.advance(5 * MINUTE)
    assert fairness.order(["n", "q"], [], world.now()) == [0, 1]


def test_a_message_of_nobody_is_of_a_tenant_of_its_own():
    world = HeldWorld()
    queue = MemoryQueue(world, fair=True)
    for number in range(3 * LEAST):
        queue.put("default", str(number))
    queue.receive("default", 2 * LEAST)
    queue.put("default", "quiet", tenant="q")

    assert [message.body for message in queue.receive("default", 1)] == [str(2 * LEAST)]
