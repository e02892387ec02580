"""Keeping appointments: woken, ended, released or looked at again later; one row's trouble is its own."""

import logging
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.adapters.memory.queue import Unkindness
from chalicelib.domain.errors import NewerRow, Unavailable
from chalicelib.domain.job import Inline, Reason, State, Wakeup
from chalicelib.pipeline.appointments import keep_appointments, look, next_look
from chalicelib.pipeline.dead_letters import hand_back
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.verdict import success
from tests.support.drive import MINUTE, drain, run_until_quiet, tick
from tests.support.faults import Crash
from tests.support.rows import DAY, HOUR, NOW, SECOND, queued, retrying, running
from tests.support.stage import Stage


def keep(stage, seconds=50):
    return keep_appointments(until=stage.world.now() + seconds * SECOND, parts=stage.parts)


def forgotten(stage, count=1, **how):
    """Jobs in the tick's sight whose messages were lost."""
    jobs = [stage.submit(**how) for _ in range(count)]
    stage.lose_messages()
    stage.advance(minutes=4)
    return jobs


def test_a_job_without_a_message_is_woken_and_looked_at_again_later(stage):
    stage.works()
    job = forgotten(stage)[0]
    kept = tick(stage.parts).kept
    assert (kept.visited, kept.woken, kept.ended, kept.failed) == (1, 1, 0, 0)
    assert stage.messages == 1
    assert stage.row(job).next_check > stage.world.now()


def test_a_job_is_woken_before_its_appointment_is_moved(stage):
    # given a tick that dies between the two
    stage.works()
    job = forgotten(stage)[0]
    write = stage.store.write

    def dies_at_the_postponing(job_id, change):
        if "attention_at" in change.set and not any(
            type(clause).__name__ == "Missing" for clause in change.where
        ):
            raise Crash
        return write(job_id, change)

    stage.store.write = dies_at_the_postponing
    tick(stage.parts)
    # then the message is there, and the appointment is still due
    assert stage.messages == 1
    assert stage.row(job).next_check <= stage.world.now()


def test_a_message_that_could_not_be_sent_leaves_the_appointment_due():
    stage = Stage(unkindness=Unkindness(refuses=1.0))
    stage.works()
    job = forgotten(stage)[0]
    kept = tick(stage.parts).kept
    assert (kept.woken, kept.failed) == (0, 1)
    assert stage.row(job).next_check <= stage.world.now()


def test_a_live_lease_is_looked_at_when_it_is_over(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job, seconds=900)
    stage.advance(minutes=4)
    kept = tick(stage.parts).kept
    lease = stage.row(job).lease
    assert kept.visited == 0  # the sweep's appointment is at the lease's end already
    assert stage.row(job).next_check == lease
    stage.world.advance(lease - stage.world.now())
    keep(stage)
    assert stage.row(job).next_check == lease + SECOND
    assert stage.row(job).state is State.RUNNING


def test_a_lost_worker_is_replaced(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job)
    stage.lose_messages()
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert (row.state, row.attempts, row.epoch) == (State.SUCCEEDED, 2, 2)


def test_a_lost_worker_of_the_last_attempt_is_the_end_and_what_that_owes_is_done(stage):
    stage.works(max_attempts=1, on_failure="mourn")
    stage.mourns("mourn")
    job = stage.submit()
    stage.claim(job)
    stage.lose_messages()
    stage.advance(minutes=5)
    kept = tick(stage.parts).kept
    assert kept.ended == 1
    row = stage.row(job)
    assert (row.state, row.reason, row.attention) == (State.DEAD, Reason.WORKER_LOST, "dead")
    drain(stage.parts)
    assert stage.runs("mourn") == 1


def test_a_worker_that_is_back_before_the_tick_writes_keeps_its_job(stage):
    # given a lapsed lease that a tick has read
    stage.works(max_attempts=1)
    job = stage.submit()
    late = stage.claim(job)
    stage.lose_messages()
    stage.advance(minutes=5)
    write = stage.store.write

    def after_the_worker(job_id, change):
        if any(entry.event == "died" for entry in change.history):
            stage.store.write = write
            event = success(late, Inline(json="1"), None, stage.world.now())
            settle(late, event, until=stage.world.now() + MINUTE, parts=stage.parts)
        return write(job_id, change)

    stage.store.write = after_the_worker
    # when the worker records its success just before the tick records the death
    kept = tick(stage.parts).kept
    # then the success stands
    assert kept.ended == 0
    assert stage.row(job).state is State.SUCCEEDED


def test_the_index_may_lag(stage):
    # given an index that still lists what is finished, moved, or gone
    stage.works()
    done, moved = stage.submit(), stage.submit()
    drain(stage.parts)
    late = forgotten(stage)[0]
    tick(stage.parts)
    stage.lose_messages()
    listed = [done.id, late.id, moved.id, stage.world.job_id()]
    stage.store.due = lambda now, limit: listed[:limit]
    before = dict(stage.store.rows)
    kept = keep(stage)
    assert (kept.visited, kept.woken, kept.failed) == (4, 0, 0)
    assert stage.store.rows == before


def test_one_rows_trouble_does_not_stop_the_others(stage, caplog):
    # given three jobs, one of which cannot be read, and one trips a bug
    stage.works()
    jobs = forgotten(stage, 4)
    tick_once = {
        jobs[0].id: Unavailable("down"),
        jobs[1].id: NewerRow("state NEW"),
        jobs[2].id: ZeroDivisionError(),
    }
    read = stage.store.read

    def trouble(job_id):
        if job_id in tick_once:
            raise tick_once[job_id]
        return read(job_id)

    stage.store.read = trouble
    kept = tick(stage.parts).kept
    # then the fourth is woken, and the trouble told
    assert (kept.woken, kept.failed) == (1, 3)
    assert {record.action for record in caplog.records if hasattr(record, "action")} >= {
        "appointment_failed",
        "newer_row",
        "appointment_bug",
    }
    # and the next tick has all of them
    stage.store.read = read
    run_until_quiet(stage.parts)
    assert stage.runs() == 4


def test_a_write_that_fails_is_for_the_next_tick(stage):
    stage.works()
    forgotten(stage)
    tick(stage.parts)
    stage.advance(hours=2)
    stage.store.write = lambda *_: (_ for _ in ()).throw(Unavailable("down"))
    kept = keep(stage)
    assert (kept.woken, kept.failed) == (1, 1)


def test_a_tick_looks_after_more_than_a_page():
    stage = Stage()
    stage.works()
    forgotten(stage, 450)
    kept = tick(stage.parts).kept
    assert (kept.visited, kept.woken) == (450, 450)


def test_a_tick_looks_after_so_many_and_leaves_the_rest_to_the_next():
    stage = Stage(limits=Limits(visits_per_tick=200))
    stage.works()
    forgotten(stage, 450)
    assert [tick(stage.parts).kept.visited for _ in range(3)] == [200, 200, 50]


def test_a_tick_stops_when_its_time_is_over(stage):
    stage.works()
    forgotten(stage, 3)
    assert keep(stage, seconds=0).visited == 0


@pytest.mark.parametrize(
    ("row", "waited", "then"),
    [
        (queued(), 0 * SECOND, MINUTE),
        (queued(), 3 * MINUTE, 3 * MINUTE),
        (queued(), 40 * MINUTE, 40 * MINUTE),
        (queued(), 30 * DAY, HOUR),
        (retrying(due=NOW), 5 * MINUTE, 5 * MINUTE),
        (running(), 10 * MINUTE, 10 * MINUTE),
    ],
)
def test_the_wait_for_the_next_look_doubles_with_the_time_that_the_job_has_been_due(stage, row, waited, then):
    stage.world.advance(NOW - stage.world.now())
    now = max(NOW, stage.world.now()) + waited
    row = replace(row, id=stage.world.job_id())
    assert next_look(row, now, stage.parts) == now + then


def test_a_job_that_is_not_due_yet_is_looked_at_a_while_after_it_is(stage):
    row = queued(id=stage.world.job_id(), due=stage.world.now() + MINUTE)
    assert next_look(row, stage.world.now(), stage.parts) == row.due + MINUTE


def test_under_a_long_backlog_the_messages_of_a_job_stay_few(stage):
    # given consumers that do nothing for a day
    stage.works()
    jobs = [stage.submit() for _ in range(20)]
    for _ in range(24 * 60):
        stage.advance(minutes=1)
        tick(stage.parts)
    # then there are some messages more than jobs: not one a minute, but one an hour at most
    assert len(stage.queue.ever) <= len(jobs) * (24 + 8)
    run_until_quiet(stage.parts)
    assert stage.runs() == len(jobs)


def test_two_ticks_side_by_side_do_no_harm(stage):
    # given a tick that another one overtakes at each of its calls
    stage.fails(times=1)
    jobs = forgotten(stage, 3)
    busy = []
    names = ("read", "write", "due", "unattended", "move_watermark")

    def overtaken(real, *args):
        if not busy:
            busy.append(1)
            tick(stage.parts)
            busy.clear()
        return real(*args)

    for name in names:
        setattr(stage.store, name, partial(overtaken, getattr(stage.store, name)))
    tick(stage.parts)
    for name in names:
        delattr(stage.store, name)
    run_until_quiet(stage.parts)
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)
    assert stage.runs() == 4


def test_an_appointment_that_is_not_due_yet_is_not_kept(stage):
    stage.works()
    job = stage.submit(delay=HOUR)
    assert look(job.id, until=stage.world.now() + MINUTE, parts=stage.parts) is None
    assert look(stage.world.job_id(), until=stage.world.now() + MINUTE, parts=stage.parts) is None


def test_a_job_whose_delay_the_tick_outlives_is_looked_at_shortly_before(stage):
    # given a delayed job that the sweep has appointed, far from due
    stage.works()
    job = stage.submit(delay=15 * MINUTE)
    stage.lose_messages()
    stage.advance(minutes=4)
    tick(stage.parts)
    assert stage.row(job).next_check == job.due - 2 * MINUTE
    assert stage.messages == 0
    run_until_quiet(stage.parts)
    assert stage.ran[0][3] == job.due


def test_an_appointment_that_comes_too_early_is_moved_to_shortly_before(stage):
    # given a delayed job whose message came to the dead-letter queue, of all things
    stage.works()
    job = stage.submit(delay=15 * MINUTE)
    hand_back(Wakeup(tenant=job.tenant, job_id=job.id, epoch=0), parts=stage.parts)
    assert stage.row(job).next_check == stage.world.now()
    keep(stage)
    assert stage.row(job).next_check == job.due - 2 * MINUTE


def test_a_sweep_that_has_much_to_catch_up_with_does_not_keep_due_jobs_waiting():
    # given more rows than a tick can list, each page of which takes long
    stage = Stage(page=1)
    stage.works()
    due = stage.submit(delay=HOUR)
    for _ in range(20):
        stage.submit()
        stage.advance(seconds=1)
    stage.lose_messages()
    stage.advance(minutes=59)
    accepted = stage.store.unattended

    def slowly(after, until):
        stage.advance(seconds=7)
        return accepted(after, until)

    stage.store.unattended = slowly
    # when the tick runs
    ticked = tick(stage.parts)
    # then neither pass is done, and the scheduled job is on its way
    assert all(swept.behind.total_seconds() > 0 for swept in ticked.swept.values())
    assert all(swept.rows > 0 for swept in ticked.swept.values())
    assert stage.row(due).state is State.QUEUED


def test_a_tick_that_fails_says_what_it_did_not_do(stage, caplog):
    stage.works()
    forgotten(stage)
    stage.store.unattended = lambda *_: (_ for _ in ()).throw(Unavailable("down"))
    ticked = tick(stage.parts)
    assert ticked.swept == {"fast": None, "slow": None}
    assert [record.action for record in caplog.records if hasattr(record, "action")].count(
        "sweep_failed"
    ) == 2


def test_a_tick_tells_how_far_behind_it_is(stage, caplog):
    caplog.set_level(logging.INFO)
    tick(stage.parts)
    (line,) = [record for record in caplog.records if record.__dict__.get("action") == "tick"]
    assert (line.lag_s, line.visited, line.woken, line.failed) == (0.0, 0, 0, 0)
