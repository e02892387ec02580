"""The quota of unfinished jobs: never more of a tenant than it says, whoever stands still, dies or counts twice; and a place that is left is found again."""

from random import Random

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline import unfinished
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.items import Kept
from tests.support.drive import drain
from tests.support.quotas import (
    COUNTER,
    HOUR,
    MINUTE,
    ask,
    counted,
    counting,
    down,
    kinds,
    limit,
    minute,
)
from tests.support.stage import Stage


def test_beyond_its_unfinished_jobs_a_tenant_is_refused_until_some_have_ended(stage):
    stage.works()
    limit(stage, unfinished=10)
    assert kinds(ask(stage, *range(12))) == "." * 10 + "TT"
    refused = ask(stage, 1)[0]
    assert "quota unfinished: tenant ann may have 10 jobs that have not ended" in str(refused)
    assert refused.after == MINUTE
    minute(stage)
    assert kinds(ask(stage, 1)) == "T", "none has ended"
    drain(stage.parts)
    minute(stage)
    assert counted(stage) == 0
    assert kinds(ask(stage, *range(11))) == "." * 10 + "T"


@pytest.mark.parametrize("delta", [-1, 0, 1])
def test_the_limit_of_unfinished_jobs_is_exact(stage, delta):
    stage.works()
    limit(stage, unfinished=4)
    assert kinds(ask(stage, *range(4 + delta))).count("T") == max(0, delta)


def test_those_that_wait_long_count_and_those_that_were_cancelled_do_not(stage):
    stage.works()
    limit(stage, unfinished=4)
    waiting = ask(stage, *range(4), delay=20 * HOUR)
    for job in waiting[:3]:
        cancel(job.id, tenant="ann", parts=stage.parts)
    for _ in range(3):
        minute(stage)
    assert counted(stage) == 1
    assert kinds(ask(stage, *range(4))) == "...T"


def test_a_tenant_below_half_of_it_is_never_counted_anew(stage):
    stage.works()
    limit(stage, unfinished=10)
    ask(stage, *range(4))
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == []
    ask(stage, 5)
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == [COUNTER]
    drain(stage.parts)
    minute(stage)
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == [], "and then not until it is needed again"


def test_who_is_asked_all_the_time_is_counted_anew_too(stage):
    """Places that are taken while the tick counts are not lost, and what has ended comes off all the same."""
    stage.works()
    limit(stage, unfinished=20)
    ask(stage, *range(15))
    drain(stage.parts)
    read, more = stage.parts.store.read, [True]

    def reading(job_id):
        if more.pop() if more else False:
            ask(stage, "meanwhile")
        return read(job_id)

    stage.parts.store.read = reading
    minute(stage)
    assert counted(stage) == 1


def test_a_place_whose_job_never_came_is_given_back(stage, monkeypatch):
    stage.works()
    limit(stage, unfinished=2)
    create, stage.parts.store.create = stage.parts.store.create, down
    assert kinds(ask(stage, 1, 2)) == "UU"
    stage.parts.store.create = create
    minute(stage)
    assert kinds(ask(stage, 1)) == "T", "it may still land"
    for _ in range(10):
        minute(stage)
    assert kinds(ask(stage, 1, 2, 3)) == "..T"


def test_a_count_that_is_wrong_is_right_after_some_minutes(stage):
    """Whoever died between the counter and the note, or whose reply was lost, has counted too much."""
    stage.works()
    limit(stage, unfinished=4)
    write = stage.parts.items.write

    def dying(spot, edit):
        if spot.shelf == "unfinished#ann":
            raise Unavailable("it died there")
        return write(spot, edit)

    stage.parts.items.write = dying
    assert kinds(ask(stage, 1, 2, 3)) == "UUU"
    stage.parts.items.write = write
    minute(stage)
    assert counted(stage) == 3, "their door may only stand still"
    for _ in range(10):
        minute(stage)
    assert counted(stage) == 0
    assert kinds(ask(stage, 1, 2, 3, 4, 5)) == "....T"


def test_who_stands_still_between_its_place_and_its_note_is_not_forgotten(stage):
    # given a tenant of whose four places three are taken, one of them by a door that has not noted it yet
    stage.works()
    limit(stage, unfinished=4)
    ask(stage, 1, 2)
    write = stage.parts.items.write

    def slow(spot, edit):
        if spot.shelf == "unfinished#ann":
            stage.parts.items.write = write
            minute(stage)  # and meanwhile the tick counts
        return write(spot, edit)

    stage.parts.items.write = slow
    assert kinds(ask(stage, 3)) == "."
    # then there is one place left, and not two
    assert counted(stage) == 3
    assert kinds(ask(stage, 4, 5)) == ".T"
    minute(stage)
    assert counted(stage) == 4


def test_a_count_whose_reply_is_lost_takes_nothing_off_twice(stage):
    stage.works()
    limit(stage, unfinished=4)
    ask(stage, 1, 2)
    drain(stage.parts)
    ask(stage, 3)
    write, listed, lost = stage.parts.items.write, stage.parts.items.listed, []

    def asked_meanwhile(*args, **how):
        found = listed(*args, **how)
        stage.parts.items.listed = listed
        assert kinds(ask(stage, 4)) == "."
        return found

    def no_reply(spot, edit):
        answer = write(spot, edit)
        if spot == COUNTER and edit.undue and isinstance(answer, Kept) and not lost:
            lost.append(answer)
            raise Unavailable("the reply was lost")
        return answer

    stage.parts.items.listed, stage.parts.items.write = asked_meanwhile, no_reply
    minute(stage)
    assert lost
    assert counted(stage) == 2, "one that waits since before, and one that came meanwhile"


def test_two_who_count_at_once_take_nothing_off_twice(stage):
    stage.works()
    limit(stage, unfinished=4)
    ask(stage, 1, 2)
    drain(stage.parts)
    ask(stage, 3)
    listed = stage.parts.items.listed

    def both(*args, **how):
        stage.parts.items.listed = listed
        found = listed(*args, **how)
        assert kinds(ask(stage, 4)) == "."
        unfinished.recount(COUNTER, stage.world.now() + MINUTE, stage.parts)
        return found

    stage.parts.items.listed = both
    minute(stage)
    assert counted(stage) == 2


@pytest.mark.parametrize("seed", range(4))
def test_there_are_never_more_unfinished_ones_than_the_limit(seed):
    chance, stage = Random(seed), Stage(seed=seed)
    stage.works()
    limit(stage, unfinished=12)
    refused, most = 0, 0
    for _ in range(60):
        refused += kinds(ask(stage, *range(chance.randint(1, 6)))).count("T")
        alive = [row for row in stage.store.rows.values() if row.state is State.QUEUED]
        most = max(most, len(alive))
        if chance.random() < 0.3:
            drain(stage.parts)
        minute(stage)
    assert refused
    assert 8 < most <= 12


def test_the_quota_costs_two_writes_a_request(stage):
    stage.works()
    limit(stage, unfinished=200)
    calls = counting(stage)
    ask(stage, *range(50))
    assert calls == {"write": 2}, "the counter and the note, for fifty jobs"
    calls.clear()
    ask(stage, 1, tenant="bob")
    assert calls == {}, "who has no limits pays nothing"


def test_without_the_quota_the_counter_dies_out(stage):
    stage.works()
    limit(stage, unfinished=2)
    ask(stage, 1, 2)
    limit(stage, children=5)
    drain(stage.parts)
    minute(stage)
    assert counted(stage) == 0
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == []


def test_a_repeated_request_takes_no_second_place(stage):
    stage.works()
    limit(stage, unfinished=2)
    for _ in range(5):
        assert kinds(ask(stage, 1, key="order-17")) == "."
    assert counted(stage) == 1


def test_more_ask_at_once_than_can_be_dealt_with(stage, monkeypatch):
    stage.works()
    limit(stage, unfinished=10)
    monkeypatch.setattr(unfinished, "ROUNDS", 0)
    assert kinds(ask(stage, 1)) == "T"
