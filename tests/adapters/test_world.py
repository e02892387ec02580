"""The one place that time, ids and chance come from."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters import world as module
from chalicelib.adapters.world import RealWorld
from chalicelib.pipeline.ids import is_id, time_of

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MS = timedelta(milliseconds=1)


class SetWorld(RealWorld):
    """Everything real but the clock."""

    time = NOON

    def now(self):
        return self.time


@pytest.fixture
def world():
    return RealWorld()


@pytest.fixture
def set_world():
    return SetWorld()


def test_now_is_aware_and_in_whole_milliseconds(world):
    before = datetime.now(UTC)
    now = world.now()
    assert before - MS < now <= datetime.now(UTC)
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0


def test_an_id_tells_when_it_was_made(world):
    before = world.now()
    job_id = world.job_id()
    assert is_id(job_id)
    assert before <= time_of(job_id) <= world.now()


def test_ids_of_one_millisecond_ascend_and_go_round_the_partitions(set_world):
    ids = [set_world.job_id() for _ in range(64)]
    assert ids == sorted(set(ids))
    assert {time_of(job_id) for job_id in ids} == {NOON}
    assert sorted(job_id[-1] for job_id in ids) == sorted(2 * "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_ids_of_another_millisecond_share_nothing(set_world):
    first = set_world.job_id()
    set_world.time = NOON + MS
    second = set_world.job_id()
    assert first < second
    assert first[10:22] != second[10:22]


def test_a_clock_that_is_set_back_is_believed(set_world):
    set_world.job_id()
    set_world.time = NOON - timedelta(hours=1)
    assert time_of(set_world.job_id()) == NOON - timedelta(hours=1)


def test_the_highest_id_of_a_millisecond_is_followed_by_a_new_one(set_world):
    set_world._newest = (NOON, module._HIGHEST)
    assert time_of(set_world.job_id()) == NOON


def test_ids_and_tokens_differ_across_threads(world):
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: world.job_id(), range(2000)))
        tokens = list(pool.map(lambda _: world.token(), range(2000)))
    assert len(set(ids)) == len(set(tokens)) == 2000


def test_a_token_is_ten_small_letters_and_digits(world):
    token = world.token()
    assert len(token) == 10
    assert set(token) <= set("0123456789abcdefghijklmnopqrstuvwxyz")


def test_luck_is_between_nothing_and_less_than_one(world):
    luck = [world.luck() for _ in range(1000)]
    assert all(0 <= number < 1 for number in luck)
    assert len(set(luck)) > 900


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(seconds=-5), timedelta(milliseconds=3)])
def test_a_pause_takes_its_time_and_never_fails(world, wait):
    before = world.now()
    world.pause(wait)
    assert world.now() - before >= wait - MS
