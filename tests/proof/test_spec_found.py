"""What the specification's faults brought to light in the code, kept as regression cases."""

from datetime import timedelta

from chalicelib.domain.job import State
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY
from tests.support.stage import Stage


def test_a_repeated_request_is_answered_though_the_row_was_put_by_a_clock_ahead_of_this_one():
    stage = Stage()
    stage.works()
    first = stage.submit(key="k", delay=MAX_QUEUE_DELAY)
    stage.world.advance(-timedelta(seconds=1))  # the door that is asked again
    again = stage.submit(key="k", delay=MAX_QUEUE_DELAY)
    assert (again.id, again.state) == (first.id, State.QUEUED)
    assert stage.messages == 2


def test_one_such_job_keeps_no_other_of_its_batch_from_being_sent():
    stage = Stage()
    stage.works()
    stage.submit(key="k", delay=MAX_QUEUE_DELAY)
    stage.lose_messages()
    stage.world.advance(-timedelta(seconds=1))
    stage.submit(key="k", delay=MAX_QUEUE_DELAY)
    assert [message.visible - stage.world.now() for message in stage.queue.messages] == [MAX_QUEUE_DELAY]
