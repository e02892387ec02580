"""The sweep visits every row once by time; what is unfinished then has an appointment. The watermark moves only after that."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import NewerRow, Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline.ids import make_id, time_of
from chalicelib.pipeline.ports import Slice
from chalicelib.pipeline.sweep import FIRST_LOOK, first_check, passes, sweep
from tests.support.drive import MINUTE, drain, run_until_quiet, tick
from tests.support.faults import How, Trap, trapped
from tests.support.invariants import check_watermark
from tests.support.rows import DAY, HOUR, NOW, SECOND, queued, retrying, running, scheduled
from tests.support.stage import Stage

GRACE = timedelta(seconds=180)


def fast(stage, seconds=50):
    return sweep(passes(stage.parts)[0], until=stage.world.now() + seconds * SECOND, parts=stage.parts)


def mark(stage, name="fast"):
    return stage.store.marks.get(name)


def submitted(stage, count, gap=SECOND):
    """Jobs accepted one after the other, their messages lost."""
    jobs = []
    for _ in range(count):
        jobs.append(stage.submit())
        stage.world.advance(gap)
    stage.lose_messages()
    return jobs


def test_a_row_whose_message_was_never_sent_is_woken_and_runs(stage):
    stage.works()
    job = stage.submit()
    stage.lose_messages()
    stage.advance(minutes=4)
    tick(stage.parts)
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_row_younger_than_the_grace_is_left_alone(stage):
    stage.works()
    job = stage.submit()
    stage.advance(seconds=179)
    assert fast(stage).rows == 0
    assert stage.row(job).attention is None
    stage.advance(seconds=1)
    assert fast(stage).appointed == 1


def test_a_finished_row_gets_no_appointment_ever(stage):
    stage.works()
    job = stage.submit()
    drain(stage.parts)
    done = stage.row(job)
    stage.advance(hours=1)
    tick(stage.parts)
    assert stage.row(job) == done


def test_a_row_is_listed_once(stage):
    stage.works()
    submitted(stage, 5)
    stage.advance(minutes=4)
    assert [fast(stage).rows for _ in range(2)] == [5, 0]


def test_the_first_sweep_of_a_stage_looks_back_a_month(stage):
    # given rows from before the first tick
    stage.works()
    old = stage.submit()
    stage.advance(days=30)
    young = submitted(stage, 1)[0]
    stage.advance(minutes=4)
    assert fast(stage).rows == 2
    assert stage.row(old).next_check == stage.row(young).next_check == stage.world.now()
    assert FIRST_LOOK == 31 * DAY


def test_the_watermark_is_where_the_listing_ended(stage):
    fast(stage)
    assert mark(stage) == stage.world.now() - GRACE
    stage.advance(minutes=1)
    fast(stage)
    assert mark(stage) == stage.world.now() - GRACE


def test_with_small_pages_all_rows_are_seen_and_none_behind_the_watermark_is_forgotten():
    stage = Stage(page=3)
    stage.works()
    jobs = submitted(stage, 20, gap=SECOND)
    stage.advance(minutes=4)
    swept = fast(stage)
    assert (swept.rows, swept.appointed, swept.behind) == (20, 20, timedelta(0))
    check_watermark(stage.parts)
    assert all(stage.row(job).next_check for job in jobs)


def test_many_rows_of_one_millisecond_are_never_parted():
    stage = Stage(page=3)
    stage.works()
    jobs = submitted(stage, 20, gap=timedelta(0))
    stage.advance(minutes=4)
    fast(stage)
    assert all(stage.row(job).next_check for job in jobs)


def test_when_its_time_is_over_the_sweep_goes_on_with_the_next_tick():
    # given more pages than a tick has time for
    stage = Stage(page=2)
    stage.works()
    jobs = submitted(stage, 10)
    stage.advance(minutes=4)
    accepted = stage.store.unattended

    def slowly(after, until):
        stage.advance(seconds=20)
        return accepted(after, until)

    stage.store.unattended = slowly
    # when it stops
    swept = fast(stage)
    # then it says how far it is behind, and what it passed is in order
    assert swept.rows < 10
    assert swept.behind > timedelta(0)
    check_watermark(stage.parts)
    for _ in range(5):
        fast(stage)
        check_watermark(stage.parts)
    assert all(stage.row(job).next_check for job in jobs)


@pytest.mark.parametrize("call", ["unattended", "write", "move_watermark", "watermark"])
def test_the_watermark_does_not_move_when_anything_before_it_failed(stage, call):
    stage.works()
    fast(stage)
    before = mark(stage)
    submitted(stage, 3)
    stage.advance(minutes=4)
    real = getattr(stage.store, call)
    setattr(stage.store, call, lambda *_: (_ for _ in ()).throw(Unavailable("down")))
    with pytest.raises(Unavailable):
        fast(stage)
    assert mark(stage) == before
    # and the next sweep does it all
    setattr(stage.store, call, real)
    assert fast(stage).rows == 3
    check_watermark(stage.parts)


@pytest.mark.parametrize("how", [How.REPLY_LOST, How.NO_ANSWER])
@pytest.mark.parametrize("at", range(1, 12))
def test_a_flicker_at_any_call_of_the_sweep_is_not_noticed(how, at):
    stage = Stage(page=2)
    stage.works()
    jobs = submitted(stage, 5)
    stage.advance(minutes=4)
    stage.parts = trapped(stage.parts, Trap(how=how, at=at))
    assert fast(stage).behind < SECOND
    assert all(stage.row(job).next_check for job in jobs)


def test_a_sweep_that_another_one_overtook_stops(stage):
    # given two sweeps side by side
    stage.works()
    fast(stage)
    job = submitted(stage, 1)[0]
    stage.advance(minutes=4)
    accepted = stage.store.unattended

    def while_the_other_sweeps(after, until):
        stage.store.unattended = accepted
        listed = accepted(after, until)
        stage.advance(seconds=30)
        assert fast(stage).rows == 1
        return listed

    stage.store.unattended = while_the_other_sweeps
    fast(stage)
    # then the slower one does not move the watermark back
    assert mark(stage) == stage.world.now() - GRACE
    assert stage.row(job).next_check is not None


def test_a_job_that_ends_while_it_is_appointed_stays_out_of_the_index(stage):
    stage.works()
    job = stage.submit()
    stage.advance(minutes=4)
    write = stage.store.write

    def after_it_ran(job_id, change):
        stage.store.write = write
        drain(stage.parts)
        return write(job_id, change)

    stage.store.write = after_it_ran
    fast(stage)
    assert stage.row(job).state is State.SUCCEEDED
    assert stage.row(job).attention is None


def test_a_job_that_moves_on_while_it_is_appointed_is_appointed_all_the_same(stage):
    stage.works()
    job = stage.submit()
    stage.advance(minutes=4)
    write = stage.store.write

    def after_a_claim(job_id, change):
        stage.store.write = write
        stage.claim(job)
        return write(job_id, change)

    stage.store.write = after_a_claim
    fast(stage)
    assert stage.row(job).state is State.RUNNING
    assert stage.row(job).next_check is not None


def test_a_row_that_nobody_can_read_yet_gets_an_appointment_by_what_all_versions_agree_on(stage):
    # given a row that newer code has written
    stage.works()
    job = submitted(stage, 1)[0]
    stage.advance(minutes=4)
    stage.store.unattended = lambda after, until: Slice(rows=(), reached=until, listed=1, unread=(job.id,))
    fast(stage)
    # then newer code finds it by its appointment
    assert stage.row(job).next_check == stage.world.now()
    assert mark(stage) is not None


def test_a_finished_row_that_nobody_can_read_yet_gets_none(stage):
    stage.works()
    job = stage.submit()
    drain(stage.parts)
    stage.advance(minutes=4)
    stage.store.unattended = lambda after, until: Slice(rows=(), reached=until, listed=1, unread=(job.id,))
    fast(stage)
    assert stage.row(job).attention is None


def test_an_answer_that_cannot_be_read_does_not_stop_the_sweep(stage):
    stage.works()
    job = submitted(stage, 1)[0]
    stage.advance(minutes=4)
    stage.store.unattended = lambda after, until: Slice(rows=(), reached=until, listed=1, unread=(job.id,))
    stage.store.write = lambda *_: (_ for _ in ()).throw(NewerRow("state NEW"))
    fast(stage)
    assert mark(stage) is not None


def test_a_row_that_newer_code_writes_while_it_is_appointed_holds_up_only_this_tick(stage):
    # given a deploy in progress
    stage.works()
    job = submitted(stage, 1)[0]
    stage.advance(minutes=4)
    write = stage.store.write
    stage.store.write = lambda *_: (_ for _ in ()).throw(NewerRow("state NEW"))
    # when the tick comes across such a row
    ticked = tick(stage.parts)
    # then the watermark stays, and the tick has done the rest of its work
    assert ticked.swept["fast"] is None
    assert mark(stage) is None
    assert ticked.kept is not None
    stage.store.write = write
    tick(stage.parts)
    assert stage.row(job).next_check is not None


@pytest.mark.parametrize(
    ("row", "check"),
    [
        (queued(), NOW),
        (queued(due=NOW + MINUTE), NOW),
        (queued(due=NOW + 10 * MINUTE), NOW + 8 * MINUTE),
        (queued(due=NOW - HOUR), NOW),
        (retrying(due=NOW + 10 * MINUTE), NOW + 8 * MINUTE),
        (running(lease=NOW + HOUR), NOW + HOUR),
        (running(lease=NOW - HOUR), NOW),
        (scheduled(), NOW),
    ],
    ids=str,
)
def test_an_unfinished_job_is_first_looked_at_when_there_is_something_to_see(row, check):
    assert first_check(row, NOW) == check


def test_the_slow_pass_finds_what_a_wrong_clock_hid_and_says_so(stage, caplog):
    # given a row whose writer's clock was ten minutes slow, and which had no time to look again
    stage.works()
    tick(stage.parts)
    stage.advance(minutes=20)
    tick(stage.parts)
    late = replace(stage.submit(), id=make_id(stage.world.now() - 10 * MINUTE, b"0123456789"))
    stage.store.create(late)
    stage.store.rows = {late.id: late}
    stage.lose_messages()
    tick(stage.parts)
    assert stage.row(late).attention is None
    # when the slow pass comes by
    stage.advance(minutes=15)
    tick(stage.parts)
    # then the job is in sight, and somebody is told that clocks are bad
    assert stage.row(late).next_check is not None
    assert [
        record.levelname for record in caplog.records if record.__dict__.get("action") == "slow_sweep_found"
    ] == ["ERROR"]
    run_until_quiet(stage.parts)
    assert stage.row(late).state is State.SUCCEEDED
    assert time_of(late.id) < NOW + DAY


def test_the_slow_pass_is_silent_when_all_is_well(stage, caplog):
    stage.works()
    for _ in range(40):
        stage.submit(delay=HOUR)
        stage.submit()
        stage.lose_messages()
        stage.advance(minutes=1)
        tick(stage.parts)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
