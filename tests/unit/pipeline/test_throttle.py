"""Throttle: at most so many jobs are accepted in any period, whoever asks, whatever the clocks say; whoever is refused leaves nothing."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Throttled, Unavailable
from chalicelib.domain.flow import Throttle
from chalicelib.pipeline.asked import Submitted
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.items import Unkept, from_ms
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.throttle import taken
from tests.support.drive import drain, run_until_quiet
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import MINUTE, SECOND
from tests.support.stage import Stage


def throttled(stage, limit=3, per=MINUTE, **policy):
    stage.works(throttle=Throttle(limit, per, **policy))


def asked(stage, *xs, **how):
    """What each of these requests, sent in one batch, came to."""
    wanted = [JobRequest(task="work", args={"x": x}, how=Submission(**how)) for x in xs]
    return submit(wanted, parts=stage.parts)


def ask(stage, x=1, **how):
    """The job, or what kept it out."""
    (answer,) = asked(stage, x, **how)
    return answer.job if isinstance(answer, Submitted) else answer


def places(stage):
    """How many places are taken."""
    (item,) = stage.parts.items.shelves.values()
    return len(item.fields["places"])


def test_so_many_are_accepted_and_the_next_is_told_when(stage):
    throttled(stage)
    for _ in range(3):
        ask(stage)
        stage.advance(seconds=10)
    refused = ask(stage)
    assert isinstance(refused, Throttled)
    assert refused.after == 30 * SECOND
    assert "accepts 3 jobs in 60 s; the next in 30 s" in str(refused)
    assert len(stage.store.rows) == stage.messages == places(stage) == 3
    stage.advance(seconds=29.999)
    assert isinstance(ask(stage), Throttled)
    stage.advance(seconds=0.001)
    assert not isinstance(ask(stage), Exception)
    assert isinstance(ask(stage), Throttled)


def test_jobs_that_have_ended_count_all_the_same(stage):
    throttled(stage, limit=1)
    ask(stage)
    drain(stage.parts)
    assert isinstance(ask(stage), Throttled)


@given(
    limit=st.integers(1, 4),
    steps=st.lists(st.integers(0, 40_000), max_size=40),
    skews=st.lists(st.integers(-20_000, 20_000), min_size=1, max_size=3),
)
def test_never_more_than_the_limit_in_any_period_whatever_the_clocks_say(limit, steps, skews):
    # given doors whose clocks differ
    stage = Stage()
    throttled(stage, limit)
    per, clock, real, accepted = MINUTE, stage.world, stage.world.now(), []
    recorded = []
    for number, step in enumerate(steps):
        real += timedelta(milliseconds=step)
        clock._now = real + timedelta(milliseconds=skews[number % len(skews)])
        if not isinstance(ask(stage), Exception):
            accepted.append(real)
            (item,) = stage.parts.items.shelves.values()
            recorded.append(int(item.fields["places"][-1].partition(".")[0], 16))
    # then no period by the times that are recorded holds more
    for one in recorded:
        assert sum(1 for other in recorded if one <= other < one + 60_000) <= limit
    # nor by a true clock, but for what the clocks themselves differ by
    per -= timedelta(milliseconds=max(skews) - min(skews))
    for one in accepted:
        assert sum(1 for other in accepted if one <= other < one + per) <= limit


def test_keys_and_tenants_are_counted_apart_and_a_shared_name_together(stage):
    throttled(stage, limit=1, key=("x",))
    stage.works("one", throttle=Throttle(1, MINUTE, name="both"))
    stage.works("two", throttle=Throttle(1, MINUTE, name="both"))
    assert not isinstance(ask(stage, 1), Exception)
    assert not isinstance(ask(stage, 2), Exception)
    assert not isinstance(ask(stage, 1, tenant="acme"), Exception)
    assert isinstance(ask(stage, 1), Throttled)
    one, two = submit([JobRequest(task=name, args={}) for name in ("one", "two")], parts=stage.parts)
    assert isinstance(one, Submitted)
    assert isinstance(two, Throttled)


def test_within_one_batch_the_first_ones_are_accepted(stage):
    throttled(stage)
    answers = asked(stage, *range(5))
    assert [isinstance(answer, Submitted) for answer in answers] == [True] * 3 + [False] * 2


def test_of_a_hundred_at_once_exactly_so_many_are_accepted(stage):
    throttled(stage, limit=7)
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: ask(stage), range(100)))
    assert sum(1 for answer in answers if not isinstance(answer, Exception)) == len(stage.store.rows) == 7
    assert all(isinstance(answer, Throttled) for answer in answers if isinstance(answer, Exception))


def test_a_request_that_comes_again_with_its_key_is_counted_once(stage):
    throttled(stage, limit=2)
    first = ask(stage, key="k")
    for _ in range(5):
        stage.advance(seconds=20)
        assert ask(stage, key="k").id == first.id
    assert places(stage) == 1
    # even when the limit is reached
    ask(stage)
    ask(stage)
    assert isinstance(ask(stage), Throttled)
    assert ask(stage, key="k").id == first.id


def test_a_hundred_at_once_with_one_key_are_counted_once(stage):
    throttled(stage, limit=2)
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: ask(stage, key="k"), range(100)))
    assert {answer.id for answer in answers} == set(stage.store.rows)
    assert places(stage) == len(stage.store.rows) == 1


def test_a_key_whose_request_was_refused_is_free_and_its_request_accepted_later(stage):
    throttled(stage, limit=1)
    ask(stage)
    assert isinstance(ask(stage, key="k"), Throttled)
    assert not stage.parts.keys.claims
    stage.advance(minutes=1)
    assert not isinstance(ask(stage, key="k"), Exception)


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("how", How)
def test_whatever_goes_wrong_at_any_call_the_limit_holds_and_frees_itself(how, key):
    sprung = []
    for at in range(1, 30):
        stage = Stage(seed=at)
        throttled(stage, limit=2)
        whole, trap = stage.parts, Trap(how=how, at=at)
        # given a request in which that call goes wrong, and that is then made again
        stage.parts = trapped(whole, trap)
        with suppress(Crash):
            ask(stage, key=key)
        stage.parts = whole
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
        again = ask(stage, key=key)
        assert not isinstance(again, Exception), f"{how} at {trap.sprung}"
        # then a request with a key was counted once, and one without at most twice; no limit is exceeded
        assert places(stage) <= (2 if key is None else 1)
        ask(stage)
        assert len(stage.store.rows) <= 2
        assert isinstance(ask(stage), Throttled)
        # and after the period all is free
        stage.advance(minutes=1)
        assert not isinstance(ask(stage), Exception)
        run_until_quiet(stage.parts)
    else:
        pytest.fail("still sprung")
    assert {"items.read", "items.write", "store.create"} <= set(sprung)


def test_a_limit_that_was_lowered_holds_at_once(stage):
    throttled(stage, limit=5)
    for _ in range(5):
        ask(stage)
        stage.advance(seconds=1)
    stage.registry.tasks.pop("work")
    throttled(stage, limit=2)
    refused = ask(stage)
    assert isinstance(refused, Throttled)
    assert refused.after == 58 * SECOND


def test_too_many_at_once_are_asked_to_come_again(stage):
    throttled(stage, limit=1)
    stage.parts.items.write = lambda *_: Unkept(fields={"turn": 5})
    assert isinstance(ask(stage), Unavailable)


def test_a_place_is_read_as_it_was_written(stage):
    throttled(stage, limit=1)
    ask(stage, key="k")
    (item,) = stage.parts.items.shelves.values()
    (place,) = taken(item.fields, stage.world.now(), MINUTE)
    assert place.line() == item.fields["places"][0]
    assert len(place.line()) == 22


def test_of_two_who_read_the_same_one_writes_and_the_other_looks_again(stage):
    throttled(stage, limit=1)
    write = stage.parts.items.write
    between = []

    def beaten(spot, edit):
        stage.parts.items.write = write
        between.append(ask(stage))
        return write(spot, edit)

    stage.parts.items.write = beaten
    assert isinstance(ask(stage), Throttled)
    assert list(stage.store.rows) == [between[0].id]


def test_a_door_whose_clock_is_behind_is_counted_where_the_line_ends(stage):
    # given three that were accepted, and one a period later by a clock that is ahead
    throttled(stage, limit=3)
    start = stage.world.now()
    for seconds in (0, 1, 2, 62.5):
        stage.world._now = start + timedelta(seconds=seconds)
        assert not isinstance(ask(stage), Exception)
    # when the next one's clock says that the first three were within the period
    stage.world._now = start + timedelta(seconds=59)
    assert not isinstance(ask(stage), Exception)
    # then it is written down as accepted after them all
    (item,) = stage.parts.items.shelves.values()
    times = [from_ms(int(line.partition(".")[0], 16)) - start for line in item.fields["places"]]
    assert times == [62.5 * SECOND, 62.5 * SECOND]
