"""The doors on twins: what is seen of a batch, of a dead letter, of a tick."""

from typing import Any

import pytest

import app
from chalicelib.adapters.memory.world import START
from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.measures import Measure
from jobline.local.context import Context
from jobline.local.tick import scheduled_event
from tests.observability.doors import Doors

DOORS = Doors


def test_each_message_of_a_batch_is_a_span_where_it_was_sent(doors: Doors):
    # given one message that was sent in a trace, and one that was not
    doors.works()
    with doors.tracer.span("request"):
        sent = doors.tracer.header()
    first, second = doors.submit(), doors.submit()
    doors.queue.messages[0].trace = sent
    assert doors.deliver("default", "consume_default") == {"batchItemFailures": []}

    # then the first is below its sender, the second below the batch
    request, batch, one, _, two, _ = doors.tracer.spans
    assert (batch.name, batch.notes) == ("batch", {"lane": "default", "messages": 2})
    assert (one.parent, one.notes["job_id"]) == (request.number, first.id)
    assert (two.parent, two.notes["job_id"]) == (batch.number, second.id)
    assert doors.metrics.total(Measure.BATCH_SIZE) == 2


def test_a_message_that_is_given_back_is_marked(doors: Doors, caplog: pytest.LogCaptureFixture):
    # given a store that answers nothing, for one of two messages
    doors.works()
    job, _ = doors.submit(), doors.submit()
    write = doors.store.write

    def broken(job_id: str, change: Any) -> Any:
        if job_id == job.id:
            raise Unavailable("no answer")
        return write(job_id, change)

    doors.store.write = broken  # type: ignore[method-assign]
    answer = doors.deliver("default", "consume_default")

    # then its span and a line say so
    assert len(answer["batchItemFailures"]) == 1
    [span] = [span for span in doors.tracer.spans if span.notes.get("outcome") == "given_back"]
    assert span.fault
    assert span.notes["job_id"] == job.id
    given_back = [record for record in caplog.records if record.__dict__.get("action") == "given_back"]
    assert [record.__dict__["job_id"] for record in given_back] == [job.id]


def test_dead_letters_are_counted(doors: Doors):
    doors.works()
    job = doors.submit()
    doors.lose_messages()
    doors.queue.put("dead-letters", f'{{"v":1,"tenant":"default","job":"{job.id}","epoch":0}}')
    assert doors.deliver("dead-letters", "dead_letters") == {"batchItemFailures": []}
    assert doors.metrics.total(Measure.DEAD_LETTERS) == 1


def test_a_tick_is_one_span_and_tells_its_lag(doors: Doors):
    doors.advance(minutes=5)
    app.tick(_scheduled(), Context("tick", timeout=60))
    assert [span.name for span in doors.tracer.spans] == ["tick"]
    assert [one.value for one in doors.metrics.added] == [0]


def test_a_job_that_the_sweep_wakes_is_told(doors: Doors, caplog: pytest.LogCaptureFixture):
    doors.works()
    job = doors.submit()
    doors.lose_messages()
    for _ in range(2):
        doors.advance(minutes=5)
        app.tick(_scheduled(), Context("tick", timeout=60))
    swept = [record for record in caplog.records if record.__dict__.get("action") == "swept"]
    assert swept
    assert {record.__dict__["job_id"] for record in swept} == {job.id}


def _scheduled() -> dict[str, Any]:
    return scheduled_event("tick", START, region="us-east-1")
