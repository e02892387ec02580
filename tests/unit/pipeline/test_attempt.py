"""While a task runs: its time is kept, what it says is written down, and it is told when it is to stop. All in virtual time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import NewerRow, SoftTimeLimitExceeded, Unavailable
from chalicelib.domain.job import Entry, Reason, State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.context import JobContext
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.messages import decode
from chalicelib.pipeline.outcome import Raised, Returned, failure
from chalicelib.pipeline.task import Kind
from tests.support.rows import SECOND
from tests.support.scripted import ScriptedRunner

DONE = Returned(json='"done"')
INVOCATION = 60


class Attempt:
    """One job of a scripted task, and the invocation in which it runs."""

    def __init__(self, stage, *, end, script=(), outcome=DONE, cpu=False, **options):
        self.stage, self.began = stage, stage.world.now()
        self.task = stage.works(cpu=cpu, **options)
        self.job = stage.submit()
        self.runner = ScriptedRunner(stage.world, script=script, end=end, outcome=outcome)
        stage.parts = replace(stage.parts, runners=dict.fromkeys(Kind, self.runner))

    def run(self, seconds=INVOCATION):
        """Receive the message and handle it, in an invocation of this length. What the handler said."""
        (message,) = self.stage.queue.receive("default")
        ends = self.stage.world.now() + seconds * SECOND
        return execute(
            decode(message.body, "default"), ends=ends, receipt=message.receipt, parts=self.stage.parts
        )

    @property
    def row(self):
        return self.stage.row(self.job)

    @property
    def execution(self):
        return self.runner.executions[0]

    @property
    def took(self):
        return (self.stage.world.now() - self.began).total_seconds()


def says(fraction=None, words=""):
    """The task says how far it is."""
    return lambda call: JobContext(call.facts, call.line).progress(fraction, words)


def beats(call):
    """The task says that it is alive."""
    call.line.beat()


def cancelling(stage):
    """Somebody cancels the job."""
    return lambda call: cancel(call.facts.id, tenant="default", parts=stage.parts)


def test_a_task_that_takes_its_time_is_waited_for(stage):
    one = Attempt(stage, end=42)
    assert one.run()
    assert (one.row.state, one.took) == (State.SUCCEEDED, 42)
    assert not one.execution.stopped


def test_the_task_is_told_the_facts(stage):
    one = Attempt(stage, end=1, max_attempts=3)
    one.run()
    facts = one.execution.call.facts
    assert (facts.id, facts.task, facts.tenant, facts.attempt, facts.max_attempts, facts.epoch) == (
        one.job.id,
        "work",
        "default",
        1,
        3,
        1,
    )
    # its deadline is when the invocation ends, less what it takes to record that
    assert facts.deadline == one.began + 57 * SECOND


def test_a_time_limit_ends_the_attempt_to_the_millisecond(stage):
    one = Attempt(stage, end=100, time_limit=timedelta(seconds=10.5))
    assert one.run()
    assert one.took == 10.5
    assert one.execution.stopped == [one.began + 10.5 * SECOND]
    assert one.execution.call.facts.deadline == one.began + 10.5 * SECOND
    assert (one.row.state, one.row.error.type) == (State.RETRYING, "TimeLimitExceeded")
    assert one.execution.call.line.cancelled()  # a thread that cannot be stopped may at least notice


def test_a_task_that_is_over_at_its_limit_is_not_timed_out(stage):
    one = Attempt(stage, end=10, time_limit=10 * SECOND)
    one.run()
    assert one.row.state is State.SUCCEEDED


def test_a_timeout_in_the_last_attempt_is_a_death_by_that_name(stage):
    one = Attempt(stage, end=100, time_limit=10 * SECOND, max_attempts=1)
    one.run()
    assert (one.row.state, one.row.reason) == (State.DEAD, Reason.TIMED_OUT)


def test_no_attempt_outlives_its_invocation(stage):
    # given a task without a limit that takes longer than the invocation lasts
    one = Attempt(stage, end=1000)
    assert one.run()
    # then it is over in time to be recorded
    assert one.took == 57
    assert (one.row.state, one.row.error.type) == (State.RETRYING, "TimeLimitExceeded")


def test_a_soft_limit_warns_the_task_once_and_at_the_time(stage):
    one = Attempt(stage, end=30, soft_time_limit=timedelta(seconds=7.5), time_limit=20 * SECOND)
    one.run()
    assert one.execution.softened == [one.began + 7.5 * SECOND]
    assert one.execution.stopped == [one.began + 20 * SECOND]


def test_a_task_that_tidies_up_after_its_soft_limit_fails_as_timed_out(stage):
    def gives_in(call):
        (execution,) = one.runner.executions
        raised = Raised(failure=failure(SoftTimeLimitExceeded()), again=True, timed_out=True)
        execution.end_now(raised)

    one = Attempt(
        stage,
        end=30,
        script=[(8, gives_in)],
        soft_time_limit=7 * SECOND,
        time_limit=20 * SECOND,
        max_attempts=1,
    )
    one.run()
    assert one.took == 8
    assert (one.row.state, one.row.reason) == (State.DEAD, Reason.TIMED_OUT)


def test_a_soft_limit_that_is_not_reached_is_not_heard_of(stage):
    one = Attempt(stage, end=5, soft_time_limit=7 * SECOND)
    one.run()
    assert one.execution.softened == []


def test_what_the_task_says_is_written_down_within_a_second(stage):
    seen = []
    one = Attempt(
        stage,
        end=10,
        script=[(2, says(0.25, "a quarter")), (4, lambda _: seen.append(stage.row(one.job).progress))],
    )
    one.run()
    assert (seen[0].fraction, seen[0].message) == (0.25, "a quarter")


def test_progress_is_written_once_a_second_however_often_it_is_said(stage):
    chatter = [(n / 100, says(n / 1000)) for n in range(1000)]
    one = Attempt(stage, end=10.5, script=chatter)
    before = stage.store.writes
    one.run()
    # then it cost ten writes, beside claim and outcome
    assert stage.store.writes - before <= 12
    # and the last word is kept
    assert one.row.progress.fraction == 0.999


def test_a_task_that_says_something_all_the_time_costs_306_writes_in_its_first_hour_and_60_in_each_later_one(
    stage,
):
    chatter = [(n, says(n / 10_800)) for n in range(10_800)]
    one = Attempt(stage, end=10_800, script=chatter)
    written = []
    write = stage.store.write

    def watched(job_id, change):
        if "progress" in change.set and "lease" in change.set:
            written.append((stage.world.now() - one.began).total_seconds())
        return write(job_id, change)

    stage.store.write = watched
    one.run(seconds=11_000)
    hours = [sum(1 for at in written if hour * 3600 <= at < (hour + 1) * 3600) for hour in range(3)]
    assert 250 <= hours[0] <= 306, "it is listened to once a second, which makes it a few less"
    assert all(55 <= count <= 60 for count in hours[1:])


def test_a_later_part_of_a_long_job_is_as_sparing_as_its_age_says(stage):
    one = Attempt(stage, end=50, script=[(n, says(n / 100)) for n in range(50)])
    begun = Entry(at=stage.world.now() - 3600 * SECOND, event="claimed", epoch=0)
    stage.store.rows[one.job.id] = replace(one.row, history=(begun, replace(begun, event="requeued")))
    before = stage.store.writes
    one.run()
    assert stage.store.writes - before == 3, "claim, once in this minute, outcome"
    assert one.row.progress.fraction == 0.49


def test_the_last_word_is_kept_whatever_the_end(stage):
    for number, outcome in enumerate([DONE, Raised(failure=failure(ValueError()), again=True)]):
        one = Attempt(stage, end=1.2, script=[(1.1, says(0.5, str(number)))], outcome=outcome)
        one.run()
        assert one.row.progress.message == str(number)
        stage.registry.tasks.clear()
        stage.lose_messages()


def test_a_silent_task_costs_no_writes(stage):
    one = Attempt(stage, end=50)
    before = stage.store.writes
    one.run()
    assert stage.store.writes - before == 2


def test_a_heartbeat_extends_the_messages_invisibility(stage):
    # given a queue that shows a message again sooner than the task is done
    stage.queue._visibility = 20 * SECOND
    one = Attempt(stage, end=50, script=[(n, beats) for n in range(5, 50, 5)])
    one.run()
    # then nobody else saw it meanwhile
    (message,) = stage.queue.messages
    assert message.visible > stage.world.now()
    assert one.row.state is State.SUCCEEDED


def test_a_task_learns_of_a_wish_within_some_seconds(stage):
    one = Attempt(stage, end=30)
    one.runner._script = [(10, cancelling(stage)), (16, lambda call: told.append(call.line.cancelled()))]
    told = []
    one.run()
    assert told == [True]
    # and if it does its work all the same, that counts
    assert one.row.state is State.SUCCEEDED
    assert not one.execution.stopped


def test_a_child_process_of_a_cancelled_job_is_killed(stage):
    one = Attempt(stage, end=30, cpu=True)
    one.runner._script = [(10, cancelling(stage))]
    one.run()
    assert one.row.state is State.CANCELLED
    assert 10 <= one.took <= 16
    assert len(one.execution.stopped) == 1


def test_a_task_that_fails_after_the_wish_is_cancelled(stage):
    one = Attempt(stage, end=12, outcome=Raised(failure=failure(ValueError("no")), again=True))
    one.runner._script = [(10, cancelling(stage))]
    one.run()
    assert (one.row.state, one.row.error.message) == (State.CANCELLED, "no")


def test_a_worker_that_lost_its_job_stops_and_records_nothing(stage, caplog):
    # given a lease that is over before the task is, and somebody who took over
    one = Attempt(stage, end=50)

    def taken_over(call):
        row = one.row
        stage.store.rows[row.id] = replace(row, lease=stage.world.now() - SECOND)
        assert stage.claim(one.job).epoch == 2

    one.runner._script = [(10, taken_over)]
    # then the attempt notices, stops, and its message is done with
    assert one.run()
    assert one.took <= 16
    assert len(one.execution.stopped) == 1
    assert one.execution.call.line.cancelled()
    assert (one.row.state, one.row.epoch) == (State.RUNNING, 2)
    assert "the lease was lost" in caplog.text


def test_a_worker_whose_row_is_gone_stops(stage):
    one = Attempt(stage, end=50)
    one.runner._script = [(10, lambda _: stage.store.rows.clear())]
    assert one.run()
    assert len(one.execution.stopped) == 1
    assert stage.store.rows == {}


def test_a_heartbeat_tells_at_once_that_the_job_is_lost(stage):
    one = Attempt(stage, end=50)

    def taken_over(call):
        stage.store.rows[one.job.id] = replace(one.row, lease=stage.world.now() - SECOND)
        stage.claim(one.job)
        call.line.beat()

    one.runner._script = [(1.5, taken_over)]
    one.run()
    assert one.took == 2


@pytest.mark.parametrize("error", [Unavailable("down"), NewerRow("state NEW")])
@pytest.mark.parametrize("silent", [True, False])
def test_a_row_that_cannot_be_seen_for_a_while_does_not_stop_the_task(stage, error, silent):
    one = Attempt(stage, end=30, script=[] if silent else [(7, says(0.5))])
    verb = "read" if silent else "write"
    real = getattr(stage.store, verb)

    def out(*args):
        if timedelta(seconds=3) < stage.world.now() - one.began < timedelta(seconds=25):
            raise error
        return real(*args)

    setattr(stage.store, verb, out)
    one.run()
    assert one.row.state is State.SUCCEEDED


def test_a_result_that_cannot_be_recorded_for_a_while_is_recorded_when_it_can(stage):
    # given a table that is out for the first seconds after the task's end
    one = Attempt(stage, end=30)
    write = stage.store.write

    def out(*args):
        if timedelta(seconds=30) <= stage.world.now() - one.began < timedelta(seconds=50):
            raise Unavailable("throttled")
        return write(*args)

    stage.store.write = out
    assert one.run()
    assert one.row.state is State.SUCCEEDED
    assert one.row.attempts == 1


def test_a_result_that_cannot_be_recorded_at_all_is_left_to_the_lease(stage):
    one = Attempt(stage, end=30)
    write = stage.store.write

    def out(*args):
        if stage.world.now() - one.began >= timedelta(seconds=30):
            raise Unavailable("throttled")
        return write(*args)

    stage.store.write = out
    # then the message is given back, before the invocation ends
    assert not one.run()
    assert one.took <= INVOCATION
    assert one.row.state is State.RUNNING


def test_arguments_that_take_all_the_time_there_is_leave_a_timed_out_attempt(stage):
    # given a payload store that answers just before the invocation ends
    stage.task(lambda x: x, "big")
    job = stage.submit("big", args={"x": "a" * 1000})
    get = stage.parts.payloads.get

    def slowly(*args):
        stage.advance(seconds=58)
        return get(*args)

    stage.parts.payloads.get = slowly
    runner = ScriptedRunner(stage.world, end=10, outcome=DONE)
    stage.parts = replace(stage.parts, runners=dict.fromkeys(Kind, runner))
    (message,) = stage.queue.receive("default")
    ends = stage.world.now() + 60 * SECOND
    assert execute(decode(message.body, "default"), ends=ends, receipt=message.receipt, parts=stage.parts)
    assert (stage.row(job).state, stage.row(job).error.type) == (State.RETRYING, "TimeLimitExceeded")


def test_the_message_of_a_timed_out_attempt_says_which_and_when(stage):
    one = Attempt(stage, end=100, time_limit=10 * SECOND)
    one.run()
    assert one.row.error.message == "attempt 1 had not ended at 12:00:10 UTC, its time limit"
