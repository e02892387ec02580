"""Idempotency: the same key and the same request are the same job, however often and from wherever it is asked for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.domain.errors import KeyReused
from chalicelib.domain.job import KEY_LIFE, State
from chalicelib.pipeline.enqueue import JobRequest, enqueue, request_hash
from chalicelib.pipeline.task import Submission
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import HOUR, MINUTE, SECOND


def test_the_same_request_twice_is_one_job(stage):
    stage.works()
    first = stage.submit(args={"x": 1}, key="k")
    stage.advance(seconds=30)
    assert stage.submit(args={"x": 1}, key="k") == first
    drain(stage.parts)
    assert stage.runs() == 1
    assert stage.submit(args={"x": 1}, key="k").state is State.SUCCEEDED


def test_a_hundred_at_once_are_one_job_and_get_one_answer(stage):
    # given a hundred clients, or one that is impatient
    stage.works()
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: stage.submit(args={"x": 1}, key="k"), range(100)))
    # then there is one row, and every answer is that job
    assert set(stage.store.rows) == {answer.id for answer in answers}
    assert len(stage.store.rows) == 1
    drain(stage.parts)
    assert stage.runs() == 1


def test_within_one_batch_too(stage):
    stage.works()
    wanted = [
        JobRequest(task="work", args={"x": 1}, how=Submission(key=key)) for key in ("k", "k", None, "k")
    ]
    a, b, other, c = enqueue(wanted, parts=stage.parts)
    assert a == b == c
    assert other.id != a.id
    assert len(stage.store.rows) == stage.messages == 2


@pytest.mark.parametrize(
    ("args", "how"),
    [
        ({"x": 2}, {}),
        ({"x": "1"}, {}),
        ({"x": 1.5}, {}),
        ({"x": True}, {}),
        ({}, {}),
        ({"x": 1}, {"delay": SECOND}),
        ({"x": 1}, {"expires": HOUR}),
        ({"x": 1}, {"lane": "high"}),
        ({"x": 1}, {"max_attempts": 2}),
        ({"x": 1}, {"tags": ("a",)}),
        ({"x": 1}, {"on_success": "other"}),
        ({"x": 1}, {"on_failure": "other"}),
    ],
    ids=str,
)
def test_another_request_by_the_same_key_is_refused(stage, args, how):
    stage.works()
    stage.works("other")
    first = stage.submit(args={"x": 1}, key="k")
    with pytest.raises(KeyReused, match=first.id):
        stage.submit(args=args, key="k", **how)
    assert stage.store.rows == {first.id: first}


def test_another_task_by_the_same_key_is_refused_even_in_the_same_batch(stage):
    stage.works()
    stage.works("other")
    how = Submission(key="k")
    good, bad = enqueue(
        [JobRequest(task=name, args={}, how=how) for name in ("work", "other")], parts=stage.parts
    )
    assert good.task == "work"
    assert isinstance(bad, KeyReused)


def test_a_time_of_its_own_makes_another_request(stage):
    at = stage.world.now() + HOUR
    stage.works()
    stage.submit(at=at, key="k")
    with pytest.raises(KeyReused):
        stage.submit(at=at + SECOND, key="k")


def test_the_order_of_names_and_tags_does_not_make_another_request():
    one = JobRequest(task="t", args={"a": 1, "b": 2}, how=Submission(tags=("x", "y")))
    two = JobRequest(task="t", args={"b": 2, "a": 1}, how=Submission(tags=("y", "x"), key="k", tenant="acme"))
    assert request_hash(one) == request_hash(two)


def test_keys_of_two_tenants_never_meet(stage):
    stage.works()
    a, b = stage.submit(key="k", tenant="a"), stage.submit(args={"x": 2}, key="k", tenant="b")
    assert a.id != b.id
    assert {row.tenant for row in stage.store.rows.values()} == {"a", "b"}


@pytest.mark.parametrize("how", [How.CRASH_AFTER, How.CRASH_BEFORE])
@pytest.mark.parametrize("call", ["keys.hold", "payloads.put", "store.create", "queue.send"])
def test_whoever_asks_again_after_a_crash_anywhere_gets_one_job(stage, how, call):
    # given a door that died somewhere in the first request
    stage.works()
    whole = stage.parts
    stage.parts = trapped(whole, Trap(how=how, at=1, only=lambda name: name == call))
    with pytest.raises(Crash):
        stage.submit(args={"x": "a" * 1000}, key="k")
    stage.parts = whole
    # when the client asks again, a while later
    stage.advance(minutes=2)
    job = stage.submit(args={"x": "a" * 1000}, key="k")
    # then there is one job, and it runs once
    assert list(stage.store.rows) == [job.id]
    run_until_quiet(stage.parts)
    assert stage.runs() == 1


def test_a_key_without_a_row_stands_for_the_job_that_whoever_asks_next_gets(stage):
    # given a door that died between key and row, long ago
    stage.works()
    whole = stage.parts
    stage.parts = trapped(whole, Trap(how=How.CRASH_AFTER, at=1, only=lambda name: name == "keys.hold"))
    with pytest.raises(Crash):
        stage.submit(key="k")
    stage.parts = whole
    held = stage.parts.keys.claims["default", "k"].job_id
    # when the client asks again, long after the sweep has passed that job's time
    stage.advance(hours=20)
    tick(stage.parts)
    job = stage.submit(key="k")
    # then it is that job, and in the tick's sight before the answer, for no sweep will ever look there again
    assert job.id == held
    assert job.next_check is not None
    stage.lose_messages()
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_door_that_dies_right_after_a_late_row_strands_nothing(stage):
    # given a key without a row, whose time the sweep has passed long ago
    stage.works()
    whole = stage.parts
    stage.parts = trapped(whole, Trap(how=How.CRASH_AFTER, at=1, only=lambda name: name == "keys.hold"))
    with pytest.raises(Crash):
        stage.submit(key="k")
    stage.advance(hours=20)
    tick(whole)
    # when the client asks again, and that door dies as soon as there is a row
    stage.parts = trapped(whole, Trap(how=How.CRASH_AFTER, at=1, only=lambda name: name == "store.create"))
    with pytest.raises(Crash):
        stage.submit(key="k")
    # then the job runs all the same, though nobody ever asks again
    run_until_quiet(whole)
    assert [row.state for row in stage.store.rows.values()] == [State.SUCCEEDED]


def test_after_its_life_a_key_is_free(stage):
    stage.works()
    first = stage.submit(key="k")
    stage.advance(seconds=KEY_LIFE.total_seconds() - 1)
    assert stage.submit(key="k").id == first.id
    stage.advance(seconds=1)
    second = stage.submit(args={"x": 2}, key="k")
    assert second.id != first.id


@pytest.mark.parametrize("keep", [MINUTE, 7 * HOUR, 30 * HOUR])
def test_a_keyed_jobs_row_outlives_its_key_however_short_it_is_kept(stage, keep):
    # given a task whose jobs are hardly kept
    stage.works(keep=keep)
    plain, keyed = stage.submit(), stage.submit(key="k")
    drain(stage.parts)
    now = stage.world.now()
    assert stage.row(plain).forget == now + keep
    assert stage.row(keyed).forget == max(now + keep, now + KEY_LIFE + HOUR)


def test_a_key_that_was_held_in_a_call_whose_reply_was_lost_is_ones_own(stage):
    stage.works()
    stage.parts = trapped(stage.parts, Trap(how=How.REPLY_LOST, at=1, only=lambda name: name == "keys.hold"))
    job = stage.submit(key="k")
    assert list(stage.store.rows) == [job.id]
    assert timedelta(0) < stage.parts.keys.claims["default", "k"].until - stage.world.now()
