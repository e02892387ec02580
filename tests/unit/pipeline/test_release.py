"""A release of dead jobs: one first, then ten, then all at a rate; it stops by itself, and no crash makes it redrive a job twice."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import InvalidInput, NotFound, NotPossible, Unavailable
from chalicelib.domain.flow import Rate
from chalicelib.domain.job import Inline, Reason, State
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.other_args import OtherArgs
from chalicelib.pipeline.redrive import DeadFilter, redrive
from chalicelib.pipeline.release import Phase, save
from chalicelib.pipeline.release_change import (
    find_release,
    make_release,
    preview,
    releases,
    turn_release,
)
from chalicelib.pipeline.release_step import MOST_OPEN, advance
from tests.support.drive import drain, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import MINUTE, SECOND
from tests.support.stage import Stage

TENANT = "default"
ANY = DeadFilter(tenant=TENANT)


def dead(stage, count=30, **options):
    """So many dead jobs of a task that then works, or dies as long as `stage.broken`."""
    stage.broken = True

    def work(x: int = 0) -> None:
        stage.note("work")
        if stage.broken or x < 0:
            raise ValueError("no")

    stage.task(work, max_attempts=1, **options)
    jobs = [stage.submit(args={"x": number}) for number in range(count)]
    drain(stage.parts)
    assert all(stage.row(job).state is State.DEAD for job in jobs)
    stage.broken = False
    stage.advance(seconds=1)
    stage.ran.clear()
    return sorted(jobs, key=lambda job: job.id)  # the order in which the twin lists them


def make(stage, wanted=ANY, other=None, *, rate=100, stop_at=50):
    return make_release(wanted, other, rate=rate, stop_at=stop_at, by="ann", parts=stage.parts)


def now(stage, release):
    """The release as it is."""
    return find_release(release.id, tenant=TENANT, parts=stage.parts)


def minute(stage, work=True):
    """One minute: the tick, and what it woke, unless nobody works."""
    stage.advance(minutes=1)
    tick(stage.parts)
    if work:
        drain(stage.parts)


def lives(stage, job):
    """How often it was redriven."""
    return sum(1 for entry in stage.row(job).history if entry.event == "redriven")


def test_one_then_ten_then_all_at_the_rate(stage):
    jobs = dead(stage, 50)
    release = make(stage, rate=20)
    ran = []
    for _ in range(7):
        minute(stage)
        ran.append(stage.runs())
    # one; ten; twenty a minute; the rest
    assert ran[:5] == [1, 11, 31, 50, 50]
    release = now(stage, release)
    assert (release.phase, release.taken, release.succeeded, release.died) == (Phase.DONE, 50, 50, 0)
    assert all(stage.row(job).state is State.SUCCEEDED and lives(stage, job) == 1 for job in jobs)
    # and nothing is looked after any more
    assert stage.parts.items.due(stage.world.now() + timedelta(days=365), 10) == []


def test_the_next_wave_waits_until_the_one_before_has_ended(stage):
    dead(stage)
    make(stage)
    for _ in range(5):
        minute(stage, work=False)
    assert sum(1 for row in stage.store.rows.values() if row.state is State.QUEUED) == 1
    drain(stage.parts)
    for _ in range(3):
        minute(stage, work=False)
        assert sum(1 for row in stage.store.rows.values() if row.state is State.QUEUED) == 10


@pytest.mark.parametrize(
    ("bad", "runs", "why"),
    [
        (range(50), 1, "1 of 1 jobs died again, more than 20 %"),
        (range(1, 4), 11, "3 of 10 jobs died again, more than 20 %"),
        (range(11, 40), 31, "20 of 20 jobs died again, more than 20 %"),
    ],
    ids=["the first", "of the ten", "of all"],
)
def test_it_stops_by_itself_when_too_many_die_again(stage, bad, runs, why):
    jobs = dead(stage, 50)
    for number in bad:
        row = stage.row(jobs[number])
        stage.store.rows[row.id] = replace(row, args=Inline(json='{"x":-1}'))
    release = make(stage, rate=20, stop_at=20)
    for _ in range(6):
        minute(stage)
    release = now(stage, release)
    assert (release.phase, release.why) == (Phase.STOPPED, why)
    assert stage.runs() == release.taken == runs
    assert all(lives(stage, job) <= 1 for job in jobs)


def test_a_few_that_die_again_do_not_stop_it_and_are_not_taken_twice(stage):
    jobs = dead(stage, 50)
    for number in (5, 25):
        row = stage.row(jobs[number])
        stage.store.rows[row.id] = replace(row, args=Inline(json='{"x":-1}'))
    release = make(stage, stop_at=20)
    for _ in range(6):
        minute(stage)
    release = now(stage, release)
    assert (release.phase, release.taken, release.succeeded, release.died) == (Phase.DONE, 50, 48, 2)
    assert all(lives(stage, job) == 1 for job in jobs)


def test_only_what_died_before_it_was_made_and_what_the_filter_takes(stage):
    jobs = dead(stage, 3)
    stage.fails("other", max_attempts=1)
    others = [stage.submit("other"), stage.submit("other", tenant="acme")]
    drain(stage.parts)
    stage.advance(seconds=1)
    release = make(stage, DeadFilter(tenant=TENANT, task="work", reason=Reason.FAILED))
    stage.broken = True
    late = stage.submit()
    drain(stage.parts)
    stage.broken = False
    for _ in range(4):
        minute(stage)
    assert now(stage, release).taken == 3
    assert [lives(stage, job) for job in (*jobs, *others, late)] == [1, 1, 1, 0, 0, 0]


def test_pause_resume_and_stop(stage):
    dead(stage)
    release = make(stage, rate=5)

    def to(phase, why="because"):
        return turn_release(release.id, phase, why=why, tenant=TENANT, parts=stage.parts)

    minute(stage)
    assert to(Phase.PAUSED).why == "because"
    assert to(Phase.PAUSED).phase == Phase.PAUSED
    for _ in range(3):
        minute(stage)
    assert stage.runs() == 1
    to(Phase.RUNNING, "")
    minute(stage)
    minute(stage)
    assert stage.runs() == 16
    stopped = to(Phase.STOPPED, "enough")
    for _ in range(3):
        minute(stage)
    assert stage.runs() == 16
    assert (now(stage, release).phase, now(stage, release).why) == (Phase.STOPPED, "enough")
    for phase in (Phase.RUNNING, Phase.PAUSED):
        with pytest.raises(NotPossible, match="stopped"):
            to(phase)
    assert to(Phase.STOPPED).id == stopped.id
    assert stage.parts.items.due(stage.world.now() + timedelta(days=365), 10) == []


def test_a_release_that_is_stopped_in_the_middle_of_a_wave_counts_what_was_done(stage):
    # given a tick that dies in the middle of the wave of ten
    jobs = dead(stage)
    release = make(stage)
    minute(stage)
    stage.advance(minutes=1)
    trap = Trap(how=How.CRASH_AFTER, at=5, only=lambda name: name == "queue.send")
    with pytest.raises(Crash):
        advance(release.spot, stage.world.now() + MINUTE, trapped(stage.parts, trap))
    # when a person stops it
    turn_release(release.id, Phase.STOPPED, why="enough", tenant=TENANT, parts=stage.parts)
    minute(stage)
    # then what was done is counted, and nothing more is done
    release = now(stage, release)
    assert (release.wave, release.taken) == ((), 6)
    assert sum(lives(stage, job) for job in jobs) == 6


def test_a_person_who_stops_it_during_a_large_wave_is_heard(stage):
    jobs = dead(stage, 120)
    release = make(stage, rate=200)
    minute(stage)
    minute(stage)
    send = stage.queue.send
    sent = []

    def stops(wakeups):
        sent.append(wakeups)
        if len(sent) == 20:
            turn_release(release.id, Phase.STOPPED, why="enough", tenant=TENANT, parts=stage.parts)
        return send(wakeups)

    stage.queue.send = stops
    minute(stage)
    minute(stage)
    assert sum(lives(stage, job) for job in jobs) == 11 + 50
    assert now(stage, release).taken == 61


def released(trap):
    """Thirteen jobs, redriven in steps of which one meets the trap; all is then as if nothing had gone wrong."""
    stage = Stage(seed=trap.at)
    jobs = dead(stage, 13)
    release = make(stage)
    whole = stage.parts
    # given steps in which one call goes wrong
    for _ in range(5):
        stage.advance(minutes=1)
        with suppress(Crash, Unavailable):
            advance(release.spot, stage.world.now() + MINUTE, trapped(whole, trap))
        tick(stage.parts)
        drain(stage.parts)
    for _ in range(4):
        minute(stage)
    # then all is as if nothing had
    after = now(stage, release)
    said = f"{trap.how} at {trap.sprung} {after}"
    assert after.phase == Phase.DONE, said
    assert (after.taken, after.succeeded, after.skipped) == (13, 13, 0), said
    assert [lives(stage, job) for job in jobs] == [1] * 13, said


@pytest.mark.parametrize("how", How)
def test_whatever_goes_wrong_at_any_call_every_job_is_redriven_once_and_counted_once(how):
    # given the calls of a release with which nothing goes wrong
    calm = Trap(how=how, at=0)
    released(calm)
    assert {"items.read", "items.write", "store.dead", "store.read", "store.write"} <= set(calm.names)
    # Each kind of call at its first, and every second call: of the four ways two look at the one half, two at the other.
    firsts = {1 + calm.names.index(name) for name in calm.names}
    half = range(1 + list(How).index(how) % 2, len(calm.names) + 1, 2)
    for at in sorted({*firsts, *half}):
        trap = Trap(how=how, at=at)
        released(trap)
        assert trap.sprung == calm.names[at - 1]


def test_two_ticks_side_by_side_redrive_each_job_once(stage):
    # given a tick in the middle of whose wave another one does the same step
    jobs = dead(stage, 13)
    release = make(stage)
    minute(stage)
    write, nested = stage.store.write, []

    def meanwhile(job_id, change):
        if not nested:
            nested.append(1)
            advance(release.spot, stage.world.now() + MINUTE, stage.parts)
        return write(job_id, change)

    stage.store.write = meanwhile
    minute(stage)
    stage.store.write = write
    for _ in range(5):
        minute(stage)
    assert [lives(stage, job) for job in jobs] == [1] * 13
    after = now(stage, release)
    assert (after.phase, after.taken, after.succeeded) == (Phase.DONE, 13, 13)


def test_a_person_who_stops_it_while_a_tick_has_it_in_hand_is_not_overruled(stage):
    dead(stage)
    release = make(stage)
    send = stage.queue.send

    def stops(wakeups):
        turn_release(release.id, Phase.STOPPED, why="enough", tenant=TENANT, parts=stage.parts)
        return send(wakeups)

    stage.queue.send = stops
    minute(stage)
    stage.queue.send = send
    minute(stage)
    after = now(stage, release)
    assert (after.phase, after.why, after.taken, stage.runs()) == (Phase.STOPPED, "enough", 1, 1)


def test_a_release_that_somebody_has_changed_is_not_written_over(stage):
    dead(stage)
    release = make(stage)
    first = save(release, replace(release, why="first"), due=None, parts=stage.parts)
    assert first is not None
    assert save(release, replace(release, why="second"), due=None, parts=stage.parts) is None
    assert now(stage, release).why == "first"


def test_a_job_that_died_again_by_a_clock_that_is_behind_is_not_taken_twice(stage):
    jobs = dead(stage, 3)
    release = make(stage, stop_at=100)
    stage.broken = True
    minute(stage)
    stage.broken = False
    row = stage.row(jobs[0])
    died = replace(row.history[-1], at=release.made - SECOND)
    stage.store.rows[row.id] = replace(row, history=(*row.history[:-1], died))
    for _ in range(4):
        minute(stage)
    after = now(stage, release)
    assert (after.phase, after.taken, lives(stage, jobs[0])) == (Phase.DONE, 3, 1)


def test_a_job_that_somebody_else_redrives_first_is_passed_over(stage):
    jobs = dead(stage, 5)
    release = make(stage)
    minute(stage)
    step, write = [], stage.store.write

    def first(job_id, change):
        if not step:
            step.append(job_id)
            redrive(job_id, tenant=TENANT, parts=stage.parts)
        return write(job_id, change)

    stage.store.write = first
    for _ in range(5):
        minute(stage)
    after = now(stage, release)
    assert (after.phase, after.taken, after.skipped) == (Phase.DONE, 4, 1)
    assert [lives(stage, job) for job in jobs] == [1] * 5


# --- other arguments

PATCH = OtherArgs(patch=[{"op": "replace", "path": "/x", "value": 100}])


def test_with_other_arguments(stage):
    jobs = dead(stage, 5)
    ahead = preview(DeadFilter(tenant=TENANT, task="work"), PATCH, parts=stage.parts)
    assert (ahead.jobs, ahead.more, [args for _, args in ahead.sample]) == (5, False, [{"x": 100}] * 5)
    make(stage, DeadFilter(tenant=TENANT, task="work"), PATCH)
    for _ in range(5):
        minute(stage)
    assert {stage.row(job).args for job in jobs} == {Inline(json='{"x":100}')}
    assert [entry.note for entry in stage.row(jobs[0]).history if entry.event == "redriven"] == [
        "with other arguments, by ann"
    ]


def test_jobs_that_the_new_arguments_do_not_fit_are_counted_and_left_dead(stage):
    jobs = dead(stage, 5)
    only = OtherArgs(
        patch=[{"op": "test", "path": "/x", "value": 3}, {"op": "replace", "path": "/x", "value": 9}]
    )
    release = make(stage, DeadFilter(tenant=TENANT, task="work"), only)
    for _ in range(5):
        minute(stage)
    after = now(stage, release)
    assert (after.phase, after.taken, after.refused) == (Phase.DONE, 1, 4)
    assert "patch[0].value" in after.refusal
    assert [stage.row(job).state for job in jobs].count(State.DEAD) == 4


@pytest.mark.parametrize(
    ("wanted", "other", "argument"),
    [
        ({}, PATCH, "task"),
        ({"task": "work"}, OtherArgs(patch=[]), "patch"),
        ({"task": "work"}, OtherArgs(args={}, patch=[]), "patch"),
        ({"task": "work"}, OtherArgs(patch=[{"op": "add", "path": "/y", "value": 1}]), "args.y"),
        ({"task": "work"}, OtherArgs(patch=[{"op": "replace", "path": "", "value": 1}]), "patch"),
        ({"task": "work"}, OtherArgs(args={"x": "one"}), "args.x"),
    ],
)
def test_a_change_that_fits_nothing_is_refused_before_anything_is_written(stage, wanted, other, argument):
    dead(stage, 3)
    with pytest.raises(InvalidInput) as refused:
        make(stage, DeadFilter(tenant=TENANT, **wanted), other)
    assert refused.value.argument == argument
    assert not stage.parts.items.shelves


@pytest.mark.parametrize(
    ("given", "argument"), [({"rate": 0}, "rate"), ({"rate": 501}, "rate"), ({"stop_at": 101}, "stop_at")]
)
def test_numbers_out_of_range_are_refused(stage, given, argument):
    dead(stage, 1)
    with pytest.raises(InvalidInput) as refused:
        make(stage, **given)
    assert refused.value.argument == argument


def test_a_release_of_nothing_is_refused(stage):
    with pytest.raises(NotFound, match="no dead job"):
        make(stage)


def test_jobs_behind_many_dead_ones_of_others_are_released_all_the_same(stage, monkeypatch):
    # given more dead jobs of another tenant than a look ahead goes through, and ours behind them
    monkeypatch.setattr("chalicelib.pipeline.release_change.SCAN", 5)
    dead(stage, 5)
    stage.broken = True
    ours = stage.submit(tenant="acme", args={"x": 1})
    drain(stage.parts)
    stage.broken = False
    stage.advance(seconds=1)
    wanted = DeadFilter(tenant="acme")
    ahead = preview(wanted, None, parts=stage.parts)
    assert (ahead.jobs, ahead.more) == (0, True)
    # when they are released
    make(stage, wanted)
    for _ in range(3):
        minute(stage)
    # then they run
    assert stage.row(ours).state is State.SUCCEEDED


def test_releases_are_listed_newest_first_for_their_own_tenant(stage, monkeypatch):
    monkeypatch.setattr("chalicelib.pipeline.release_change.LISTED", 2)  # more than one page
    dead(stage, 2)
    made = []
    for _ in range(3):
        made.append(make(stage).id)
        stage.advance(seconds=1)
    assert [one.id for one in releases(tenant=TENANT, limit=2, parts=stage.parts)] == made[::-1][:2]
    assert releases(tenant="acme", limit=2, parts=stage.parts) == []
    for other in ({"tenant": "acme", "release_id": made[0]}, {"tenant": TENANT, "release_id": "nonsense"}):
        with pytest.raises(NotFound):
            find_release(parts=stage.parts, **other)


def test_an_item_that_is_gone_is_no_release(stage):
    advance(Spot("release#default", "x"), stage.world.now() + MINUTE, stage.parts)
    assert not stage.parts.items.shelves


def test_it_waits_when_too_many_of_its_jobs_have_not_ended(stage, monkeypatch):
    monkeypatch.setattr("chalicelib.pipeline.release_step.MOST_OPEN", 15)
    dead(stage, 60)
    release = make(stage, rate=50)
    minute(stage)
    minute(stage)
    for _ in range(3):
        minute(stage, work=False)
    assert len(now(stage, release).open) == 15
    assert MOST_OPEN == 1000


# --- one job


def test_one_job_may_have_other_arguments(stage):
    job = dead(stage, 1, rate=Rate(60, MINUTE, key=("x",)))[0]
    row = redrive(job.id, tenant=TENANT, parts=stage.parts, other=OtherArgs(args={"x": 7}))
    assert row.args == Inline(json='{"x":7}')
    assert [gate.key for gate in row.gates] == ["work:7"]


def test_other_arguments_do_not_go_on_from_an_old_checkpoint(stage):
    job = dead(stage, 1)[0]
    stage.store.rows[job.id] = replace(stage.row(job), checkpoint=Inline(json="1"))
    kept = redrive(job.id, tenant=TENANT, parts=stage.parts)
    assert kept.checkpoint is not None
    stage.store.rows[job.id] = replace(stage.row(job), checkpoint=Inline(json="1"))
    stage.broken = True
    stage.advance(seconds=2)
    drain(stage.parts)
    row = redrive(job.id, tenant=TENANT, parts=stage.parts, other=OtherArgs(args={"x": 7}))
    assert row.checkpoint is None


def test_the_same_mark_redrives_once(stage):
    job = dead(stage, 1)[0]
    for _ in range(3):
        redrive(job.id, tenant=TENANT, parts=stage.parts, by="once")
        stage.broken = True
        stage.advance(seconds=SECOND.seconds)
        drain(stage.parts)
    assert lives(stage, job) == 1
