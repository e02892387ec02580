"""A workflow hears of its child's end at once, also from whoever wrote that and got no reply."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.tick import tick
from chalicelib.pipeline.workflows.flow import group
from tests.support.drive import deliver, drain
from tests.support.faults import trapped


class Unheard:
    """The first write of this event takes effect, and its reply is lost."""

    def __init__(self, event):
        self.event, self.struck = event, False

    def around(self, name, call, *args, **kwargs):
        answer = call(*args, **kwargs)
        history = args[1].history if name == "store.write" else ()
        if not self.struck and history and history[-1].event == self.event:
            self.struck = True
            raise Unavailable("the reply was lost")
        return answer


@pytest.fixture
def waiting(stage):
    """A workflow that waits for one child, whose message is lost."""
    add = stage.task(lambda x: x, "add", max_attempts=1)
    job = stage.submit("jobline.workflow", {"workflow": group([add.s(1)], on_error="ignore").json()})
    deliver(stage.parts, "default")
    stage.lose_messages()
    child = next(row for row in stage.store.rows.values() if row.cause)
    assert stage.row(job).state is State.WAITING
    return job, child


def test_a_tick_that_ends_a_child_and_gets_no_reply_still_tells_its_workflow(stage, waiting):
    job, child = waiting
    # given a child whose only worker is lost
    stage.claim(child)
    stage.advance(minutes=10)
    stage.store.rows[job.id] = _looked_after_later(stage, job)
    unheard = Unheard("died")
    # when the tick ends it, and the reply is lost
    tick(ends=stage.world.now() + timedelta(minutes=1), parts=trapped(stage.parts, unheard))
    # then the workflow goes on with the next message, not at its next appointment
    assert unheard.struck
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_child_that_is_cancelled_tells_its_workflow_though_the_reply_was_lost(stage, waiting):
    job, child = waiting
    unheard = Unheard("cancelled")
    cancel(child.id, tenant="default", parts=trapped(stage.parts, unheard))
    assert unheard.struck
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def _looked_after_later(stage, job):
    from dataclasses import replace

    return replace(stage.row(job), attention="due", attention_at=stage.world.now() + timedelta(hours=1))
