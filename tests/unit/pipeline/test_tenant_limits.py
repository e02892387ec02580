"""Tenants' limits: they hold for all of a tenant's tasks together, for nobody else, and are no reason to lose or refuse a job."""

import itertools
from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from chalicelib.domain.errors import InvalidInput, NotFound, TaskMisdeclared, Throttled, Unavailable
from chalicelib.domain.flow import Concurrency, Rate, Throttle
from chalicelib.domain.job import State
from chalicelib.pipeline.asked import Submitted
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.other_args import OtherArgs
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.tenant_limits import (
    TenantLimits,
    find_limits,
    listed_limits,
    remove_limits,
    set_limits,
)
from tests.support.drive import drain, run_until_quiet
from tests.support.interleave import Interleaved
from tests.support.stage import Stage

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def limit(stage, tenant="ann", **limits):
    """Set them, and let everybody know."""
    set_limits(TenantLimits(tenant=tenant, **limits), by="an operator", parts=stage.parts)
    stage.advance(minutes=1)


def ask(stage, *requests):
    """What each of these requests, sent together, came to: True, or what kept it out."""
    wanted = [JobRequest(task="work", args={}, how=Submission(**how)) for how in requests]
    return [True if isinstance(answer, Submitted) else answer for answer in submit(wanted, parts=stage.parts)]


def words(job):
    return [f"{gate.kind} {gate.key}" for gate in job.gates]


def starts(stage):
    return sorted(at for _, _, _, at in stage.ran)


def listings(stage):
    """How often the limits will have been listed."""
    count, listed = Counter(), stage.parts.items.listed

    def counting(shelf, **how):
        count[shelf] += 1
        return listed(shelf, **how)

    stage.parts.items.listed = counting
    return count


def test_a_rate_holds_for_two_tasks_together(stage):
    stage.works("one")
    stage.works("two")
    limit(stage, rate=Rate(1, 10 * SECOND))
    for number in range(10):
        stage.submit(("one", "two")[number % 2], tenant="ann")
    run_until_quiet(stage.parts)
    found = starts(stage)
    assert len(found) == 10
    assert all(b - a >= 10 * SECOND - timedelta(milliseconds=2) for a, b in itertools.pairwise(found))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("deaths", [0, 0.02])
def test_slots_hold_for_two_tasks_together_whoever_dies(seed, deaths):
    stage, running, most = Stage(seed=seed), {}, []
    other = Interleaved(stage, seed=seed, consumers=5, deaths=deaths)

    def alive(job_id, epoch):
        row = stage.store.rows[job_id]
        return row.state is State.RUNNING and row.epoch == epoch

    def work(x=None):
        job = current_job()
        running[job.id] = job.epoch
        most.append(sum(alive(*one) for one in running.items()))
        for _ in range(15):
            other.meet("task", deadly=False)
        if running.get(job.id) == job.epoch:
            del running[job.id]

    stage.task(work, "one", concurrency=Concurrency(1), max_attempts=20)
    stage.task(work, "two", max_attempts=20)
    limit(stage, concurrency=Concurrency(2))
    jobs = [stage.submit(("one", "two")[number % 2], tenant="ann") for number in range(12)]
    other.run(steps=200_000)
    assert {stage.row(job).state for job in jobs} == {State.SUCCEEDED}
    assert max(most) == 2, "they never met: nothing was shown"


def test_another_tenant_is_untouched_and_pays_nothing(stage):
    stage.works()
    limit(stage, rate=Rate(1, timedelta(hours=1)), concurrency=Concurrency(1), accepted=Throttle(1, MINUTE))
    assert len(ask(stage, {"tenant": "ann"})) == 1
    plain = [stage.submit(tenant="bob") for _ in range(5)]
    items = dict(stage.parts.items.shelves)
    count = listings(stage)
    drain(stage.parts)
    assert all(stage.row(job).state is State.SUCCEEDED and not job.gates for job in plain)
    assert not [spot for spot in items if "bob" in str(spot)]
    assert count["tenant#limits"] == 0


def test_limits_are_listed_once_a_minute_and_seen_after_it(stage):
    stage.works()
    count = listings(stage)
    for _ in range(5):
        assert stage.submit(tenant="ann").gates == ()
    assert count["tenant#limits"] == 1
    set_limits(TenantLimits(tenant="ann", concurrency=Concurrency(1)), by="", parts=stage.parts)
    stage.advance(seconds=59)
    assert stage.submit(tenant="ann").gates == ()
    stage.advance(seconds=1)
    assert words(stage.submit(tenant="ann")) == ["slots jobline.tenant"]
    assert count["tenant#limits"] == 2


def test_a_task_of_its_own_limits_passes_them_around_the_tenants(stage):
    stage.works(rate=Rate(1, SECOND), concurrency=Concurrency(1), name="work")
    limit(stage, rate=Rate(1, SECOND), concurrency=Concurrency(3))
    assert words(stage.submit(tenant="ann")) == [
        "slots work",
        "slots jobline.tenant",
        "rate jobline.tenant",
        "rate work",
    ]


def test_followers_pass_the_gates_too(stage):
    stage.works(on_success="then")
    stage.mourns("then")
    limit(stage, concurrency=Concurrency(1))
    stage.submit(tenant="ann")
    run_until_quiet(stage.parts)
    (follower,) = [row for row in stage.store.rows.values() if row.task == "then"]
    assert words(follower) == ["slots jobline.tenant"]
    assert follower.state is State.SUCCEEDED


@pytest.mark.parametrize(
    "limits", [{"rate": Rate(1, timedelta(days=1))}, {"concurrency": Concurrency(1)}], ids=str
)
def test_when_limits_are_taken_away_the_jobs_that_wait_just_run(stage, limits):
    stage.works()
    limit(stage, **limits)
    held = stage.submit(tenant="ann")
    if "concurrency" in limits:
        from chalicelib.pipeline.admission import admit

        admit(stage.claim(held, seconds=4000), until=stage.world.now() + MINUTE, parts=stage.parts)
    waiting = [stage.submit(tenant="ann") for _ in range(3)]
    drain(stage.parts)
    assert any(stage.row(job).state is not State.SUCCEEDED for job in waiting)
    remove_limits("ann", parts=stage.parts)
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert {stage.row(job).state for job in waiting} == {State.SUCCEEDED}
    assert max(starts(stage)) - begun <= timedelta(hours=2)


def test_a_door_that_cannot_read_limits_accepts_all_the_same(stage):
    stage.works()
    limit(stage, concurrency=Concurrency(1), accepted=Throttle(1, MINUTE))
    listed, stage.parts.items.listed = stage.parts.items.listed, down
    assert [job.gates for job in (stage.submit(tenant="ann"), stage.submit(tenant="ann"))] == [(), ()]
    stage.parts.items.listed = listed
    assert stage.submit(tenant="ann").gates


def test_what_was_known_holds_while_limits_cannot_be_read(stage, caplog):
    stage.works()
    limit(stage, concurrency=Concurrency(1))
    stage.submit(tenant="ann")
    stage.advance(minutes=2)
    stage.parts.items.listed = down
    assert stage.submit(tenant="ann").gates
    assert "the old ones hold" in caplog.text


def test_a_consumer_that_has_never_read_them_gives_the_job_back(stage):
    stage.works()
    limit(stage, rate=Rate(1, SECOND))
    job = stage.submit(tenant="ann")
    stage.parts.tenants.known = None
    listed, stage.parts.items.listed = stage.parts.items.listed, down
    drain(stage.parts)
    assert stage.runs() == 0
    stage.parts.items.listed = listed
    run_until_quiet(stage.parts)
    assert (stage.row(job).state, stage.row(job).attempts) == (State.SUCCEEDED, 1)


def down(*_, **__):
    raise Unavailable("the table is down")


def test_two_rates_keep_their_lines_apart(stage):
    """A job that its task's rate has sent away keeps that place, whatever its tenant's says, and both bounds hold."""
    stage.works("slow", rate=Rate(1, 30 * SECOND))
    stage.works("quick")
    limit(stage, rate=Rate(1, 12 * SECOND))
    for number in range(24):
        stage.submit("slow" if number % 3 == 0 else "quick", tenant="ann")
    run_until_quiet(stage.parts)
    slow = sorted(at for name, _, _, at in stage.ran if name == "slow")
    both = starts(stage)
    near = timedelta(milliseconds=2)
    assert len(both) == 24
    assert all(b - a >= 30 * SECOND - near for a, b in itertools.pairwise(slow))
    assert all(b - a >= 12 * SECOND - near for a, b in itertools.pairwise(both))
    assert both[-1] - both[0] <= 2 * 24 * 12 * SECOND


def test_other_arguments_leave_the_tenants_gates(stage):
    stage.fails(max_attempts=1, concurrency=Concurrency(1, key=("x",)), rate=Rate(9, SECOND))
    limit(stage, concurrency=Concurrency(1))
    job = stage.submit(args={"x": 1}, tenant="ann")
    run_until_quiet(stage.parts)
    redrive(job.id, tenant="ann", other=OtherArgs(args={"x": 2}), parts=stage.parts)
    assert words(stage.row(job)) == ["slots work:2", "slots jobline.tenant", "rate work"]


def test_no_limit_of_a_task_may_be_called_as_those_of_tenants(stage):
    with pytest.raises(TaskMisdeclared, match=r"jobline\.tenant"):
        stage.works(rate=Rate(1, SECOND, name="jobline.tenant"))


def test_beyond_its_quota_a_tenant_is_told_when(stage):
    stage.works()
    limit(stage, accepted=Throttle(250, 10 * MINUTE))
    answers = ask(stage, *[{"tenant": "ann"}] * 200, *[{"tenant": "bob"}] * 3, *[{"tenant": "ann"}] * 100)
    assert answers[:253] == [True] * 253
    refused = set(map(str, answers[253:]))
    assert {type(answer) for answer in answers[253:]} == {Throttled}
    assert len(refused) == 1
    assert "tenant ann accepts 250 jobs in 600 s" in refused.pop()
    wait = answers[-1].after
    assert 10 * MINUTE <= wait <= 11 * MINUTE
    stage.world.advance(wait - timedelta(milliseconds=1))
    assert ask(stage, {"tenant": "ann"}) != [True]
    stage.world.advance(timedelta(milliseconds=1))
    assert ask(stage, {"tenant": "ann"}) == [True]


@pytest.mark.parametrize("seed", range(8))
def test_no_period_sees_more_accepted_than_the_quota(seed):
    chance, stage = Random(seed), Stage(seed=seed)
    stage.works()
    quota = Throttle(
        chance.randint(1, 12), chance.choice([SECOND, 7 * SECOND, MINUTE + timedelta(milliseconds=7)])
    )
    limit(stage, accepted=quota)
    accepted, refused = [], 0
    for _ in range(150):
        stage.world.advance(quota.per * chance.random() / 6)
        answers = ask(stage, *[{"tenant": "ann"}] * chance.randint(1, 4))
        accepted += [stage.world.now()] * answers.count(True)
        refused += len(answers) - answers.count(True)
    assert refused
    assert max(sum(at <= t < at + quota.per for t in accepted) for at in accepted) <= quota.limit


def test_the_same_request_again_takes_no_second_place(stage):
    stage.works()
    limit(stage, accepted=Throttle(2, MINUTE))
    for _ in range(5):
        assert ask(stage, {"tenant": "ann", "key": "order-17"}) == [True]
    assert ask(stage, {"tenant": "ann"}, {"tenant": "ann"})[0] is True
    assert len(stage.store.rows) == 2


def test_a_key_that_cannot_be_looked_up_keeps_only_its_own_request_out(stage):
    stage.works()
    limit(stage, accepted=Throttle(5, MINUTE))
    find = stage.parts.keys.find

    def fails(tenant, key, now):
        if key == "lost":
            raise Unavailable("no answer")
        return find(tenant, key, now)

    stage.parts.keys.find = fails
    whole = ask(stage, {"tenant": "ann"}, {"tenant": "ann", "key": "lost"}, {"tenant": "ann", "key": "good"})
    assert [whole[0], type(whole[1]), whole[2]] == [True, Unavailable, True]


def test_a_count_whose_reply_was_lost_is_counted_once(stage):
    stage.works()
    limit(stage, accepted=Throttle(2, MINUTE))
    write, lost = stage.parts.items.write, []

    def loses_the_first(spot, edit):
        answer = write(spot, edit)
        if spot.kind == "quota" and not lost:
            lost.append(spot)
            raise Unavailable("the reply was lost")
        return answer

    stage.parts.items.write = loses_the_first
    assert ask(stage, {"tenant": "ann"}) == [True]
    assert ask(stage, {"tenant": "ann"}) == [True]
    assert lost
    assert isinstance(ask(stage, {"tenant": "ann"})[0], Throttled)


def test_a_shorter_period_forgets_what_the_longer_one_counted(stage):
    stage.works()
    limit(stage, accepted=Throttle(1, timedelta(days=31)))
    assert ask(stage, {"tenant": "ann"}) == [True]
    limit(stage, accepted=Throttle(1, SECOND))
    stage.advance(seconds=2)
    assert ask(stage, {"tenant": "ann"}) == [True]
    assert isinstance(ask(stage, {"tenant": "ann"})[0], Throttled)


def test_limits_are_set_whole_shown_and_taken_away(stage):
    limits = TenantLimits(
        tenant="ann", rate=Rate(3, SECOND, burst=2), concurrency=Concurrency(4), accepted=Throttle(5, MINUTE)
    )
    made = set_limits(limits, by="joe", parts=stage.parts)
    assert (made.rate, made.concurrency, made.accepted, made.by) == (
        limits.rate,
        limits.concurrency,
        limits.accepted,
        "joe",
    )
    assert find_limits("ann", parts=stage.parts) == made
    changed = set_limits(TenantLimits(tenant="ann", concurrency=Concurrency(1)), by="", parts=stage.parts)
    assert (changed.rate, changed.accepted) == (None, None)
    assert [one.tenant for one in listed_limits(stage.parts.items)] == ["ann"]
    remove_limits("ann", parts=stage.parts)
    assert list(listed_limits(stage.parts.items)) == []
    with pytest.raises(NotFound):
        remove_limits("ann", parts=stage.parts)


def test_a_write_that_lands_late_brings_nothing_back(stage):
    write, late = stage.parts.items.write, []

    def remembers(spot, edit):
        late.append((spot, edit))
        return write(spot, edit)

    stage.parts.items.write = remembers
    set_limits(TenantLimits(tenant="ann", concurrency=Concurrency(1)), by="", parts=stage.parts)
    remove_limits("ann", parts=stage.parts)
    write(*late[0])
    with pytest.raises(NotFound):
        find_limits("ann", parts=stage.parts)


def test_whoever_is_overtaken_again_and_again_is_told_to_ask_later(stage):
    read, write = stage.parts.items.read, stage.parts.items.write

    def overtaken(spot, edit):
        write(spot, Edit(set={"mark": stage.world.token()}))
        return write(spot, edit)

    stage.parts.items.write = overtaken
    with pytest.raises(Unavailable, match="changed"):
        set_limits(TenantLimits(tenant="ann", concurrency=Concurrency(1)), by="", parts=stage.parts)
    assert "concurrency" not in read(Spot("tenant#limits", "ann"))


@pytest.mark.parametrize(
    ("limits", "argument"),
    [
        ({}, "limits"),
        ({"rate": Rate(0, SECOND)}, "rate.limit"),
        ({"rate": Rate(1, SECOND, burst=0)}, "rate.burst"),
        ({"rate": Rate(2000, SECOND)}, "rate.per"),
        ({"rate": Rate(1, timedelta(days=8))}, "rate.per"),
        ({"concurrency": Concurrency(501)}, "concurrency"),
        ({"accepted": Throttle(0, SECOND)}, "accepted.limit"),
        ({"accepted": Throttle(1, timedelta(days=32))}, "accepted.per"),
        ({"concurrency": Concurrency(1), "tenant": "no tenant"}, "name"),
    ],
)
def test_what_is_out_of_range_is_named(stage, limits, argument):
    with pytest.raises(InvalidInput) as refused:
        set_limits(TenantLimits(**{"tenant": "ann", **limits}), by="", parts=stage.parts)
    assert refused.value.argument == argument
