"""Every transition is told once to log, metrics and trace; on twins, by the real verbs."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.memory import MemoryMetrics, MemoryTracer
from chalicelib.adapters.memory.sealing import MASTER, MemoryKeyService, memory_sealer
from chalicelib.adapters.observed import ObservedQueue, ObservedStore
from chalicelib.domain.change import Change
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.consume import Record, consume
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.messages import decode
from chalicelib.pipeline.ports import Refused, Written
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import Submission
from tests.support import drive
from tests.support.stage import Stage

SECOND = timedelta(seconds=1)
AT_ONCE = Backoff(base=timedelta(0), cap=timedelta(0))


class Watched(Stage):
    """A stage whose store and queue are watched."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        super().__init__()
        self.tracer, self.metrics = MemoryTracer(), MemoryMetrics()
        self.caplog = caplog
        self.parts = replace(
            self.parts,
            store=ObservedStore(self.store, self.tracer, self.metrics),
            queue=ObservedQueue(self.queue, self.tracer),
            tracer=self.tracer,
            metrics=self.metrics,
        )

    def work(self, *, left: timedelta = timedelta(seconds=60)) -> None:
        """Run all messages that can be seen, each in a span as the consumer's door opens it."""
        while messages := self.queue.receive("default"):
            ends = self.world.now() + left
            for message in messages:
                with self.tracer.span("job", carried=message.trace):
                    wakeup = decode(message.body, "default")
                    assert execute(wakeup, ends=ends, receipt=message.receipt, parts=self.parts)
                self.queue.delete(message.receipt)

    @property
    def lines(self) -> list[Any]:
        return [record for record in self.caplog.records if record.name == "jobline.life"]

    @property
    def words(self) -> list[str]:
        return [record.action for record in self.lines]

    def counted(self) -> dict[str, float]:
        """Sums of all that is no time."""
        return {
            m.value: self.metrics.total(m) for m in Measure if m.unit == "Count" and self.metrics.total(m)
        }

    def values(self, measure: Measure) -> list[float]:
        return [one.value for one in self.metrics.added if one.measure is measure]


@pytest.fixture
def stage(caplog: pytest.LogCaptureFixture) -> Watched:
    caplog.set_level(logging.INFO)
    return Watched(caplog)


def test_a_plain_job_is_accepted_started_and_succeeds(stage: Watched):
    # given a job that ran
    stage.works()
    job = stage.submit()
    stage.work()

    # then each transition was told once, with all that a machine looks for
    assert stage.words == ["accepted", "started", "succeeded"]
    assert stage.counted() == {"JobsAccepted": 1, "JobsStarted": 1, "JobsSucceeded": 1}
    assert {(one.lane, one.task) for one in stage.metrics.added} == {("default", "work")}
    last = stage.lines[-1]
    assert (last.job_id, last.task, last.attempt, last.epoch, last.state) == (
        job.id,
        "work",
        1,
        1,
        "SUCCEEDED",
    )


def test_a_part_of_a_workflow_is_told_with_its_workflow(stage: Watched):
    # given a job that ran as a workflow's step
    stage.works()
    tree = {"chain": [{"task": "work"}]}
    job = stage.submit("jobline.workflow", {"workflow": tree})
    stage.work()

    # then its lines and its span name the workflow; those of the workflow itself, which is part of none, do not
    named = {(line.task, vars(line).get("workflow")) for line in stage.lines}
    assert named == {("work", job.id), ("jobline.workflow", None)}
    spans = {
        (span.notes["task"], span.notes.get("workflow"))
        for span in stage.tracer.spans
        if "task" in span.notes
    }
    assert spans == named


def test_a_failure_is_retried_and_dies_and_is_told_without_its_words(stage: Watched):
    stage.fails(error=lambda: ValueError("secret"), max_attempts=2, backoff=AT_ONCE)
    stage.submit()
    stage.work()
    assert stage.words == ["accepted", "started", "retried", "started", "died"]
    assert stage.counted() == {"JobsAccepted": 1, "JobsStarted": 2, "JobsRetried": 1, "JobsDead": 1}
    assert (stage.lines[-1].error_type, stage.lines[-1].reason) == ("ValueError", "failed")
    assert not any("secret" in str(record.__dict__) for record in stage.lines)


def test_a_job_that_comes_for_its_key_in_vain_is_counted_each_time(stage: Watched):
    # given a job that is sealed, and a consumer that may not use the key
    stage.works()
    service = MemoryKeyService()
    stage.parts = replace(stage.parts, sealer=memory_sealer(stage.parts.items, stage.world, service=service))
    stage.submit()
    service.off.add(MASTER)
    stage.parts = replace(stage.parts, sealer=memory_sealer(stage.parts.items, stage.world, service=service))
    for _ in range(2):
        stage.work()
        stage.advance(minutes=15)
    assert stage.counted() == {"JobsAccepted": 1, "JobsStarted": 2, "JobsWithoutKey": 2}
    assert {(one.lane, one.task) for one in stage.metrics.added} == {("default", "work")}

    # and no more once it may
    service.off.clear()
    stage.work()
    assert stage.counted() == {"JobsAccepted": 1, "JobsStarted": 3, "JobsWithoutKey": 2, "JobsSucceeded": 1}


def test_a_cancelled_job_never_starts(stage: Watched):
    stage.works()
    cancel(stage.submit().id, tenant="default", parts=stage.parts)
    stage.work()
    assert stage.words == ["accepted", "cancelled"]
    assert stage.counted() == {"JobsAccepted": 1, "JobsCancelled": 1}
    assert stage.values(Measure.RUN_TIME) == []


def test_a_job_that_comes_too_late_expires(stage: Watched):
    stage.works()
    stage.submit(expires=SECOND)
    stage.advance(minutes=5)
    stage.work()
    assert stage.words == ["accepted", "started", "expired"]
    assert stage.counted()["JobsExpired"] == 1


def test_a_job_that_the_tick_ends_is_told_too(stage: Watched):
    # given a job whose worker is lost in its last attempt
    stage.works(max_attempts=1)
    job = stage.submit()
    assert stage.claim(job) is not None
    stage.advance(minutes=10)
    drive.tick(stage.parts)
    drive.tick(stage.parts)

    # then its death is told, and no time of a run that nobody measured
    assert stage.words == ["accepted", "started", "died"]
    assert stage.lines[-1].reason == "worker_lost"
    assert stage.values(Measure.RUN_TIME) == []


def test_another_life_is_told_and_its_wait_begins_anew(stage: Watched):
    stage.fails(times=1, max_attempts=1)
    job = stage.submit()
    stage.work()
    stage.advance(hours=5)
    redrive(job.id, tenant="default", parts=stage.parts)
    stage.advance(seconds=3)
    stage.work()
    assert stage.words == ["accepted", "started", "died", "redriven", "started", "succeeded"]
    assert stage.values(Measure.QUEUE_WAIT) == [0, 3000]


def test_the_wait_is_counted_from_when_a_job_is_due(stage: Watched):
    # given one job that is due at once and one that is due in five minutes, and a consumer that comes two seconds late
    stage.works()
    stage.submit()
    stage.submit(delay=timedelta(minutes=5))
    stage.advance(seconds=2)
    stage.work()
    stage.advance(minutes=5)
    stage.work()

    # then both waited two seconds
    assert stage.values(Measure.QUEUE_WAIT) == [2000, 2000]


def test_the_wait_for_a_retry_is_counted_from_when_that_is_due(stage: Watched):
    stage.fails(times=1, backoff=Backoff(base=timedelta(minutes=1), cap=timedelta(minutes=1)))
    stage.submit()
    stage.work()
    row = next(iter(stage.store.rows.values()))
    assert row.due is not None
    stage.world.advance(row.due - stage.world.now() + 2 * SECOND)
    stage.work()
    [first, second] = stage.values(Measure.QUEUE_WAIT)
    assert first == 0
    assert 1000 <= second <= 2000  # a queue counts whole seconds


def test_a_run_is_measured_from_claim_to_outcome(stage: Watched):
    stage.task(lambda: stage.world.advance(7 * SECOND), "work")
    stage.submit()
    stage.work()
    assert stage.values(Measure.RUN_TIME) == [7000]


def test_a_second_delivery_tells_nothing(stage: Watched):
    stage.works()
    job = stage.submit()
    stage.work()
    before = stage.words, stage.counted()
    stage.queue.put("default", f'{{"v":1,"tenant":"default","job":"{job.id}","epoch":0}}')
    stage.work()
    assert (stage.words, stage.counted()) == before


def test_the_same_key_again_is_no_second_acceptance(stage: Watched):
    stage.works()
    stage.submit(key="k")
    stage.submit(key="k")
    assert stage.counted() == {"JobsAccepted": 1}


class LosesReplies:
    """A store whose every write lands, and whose first reply to each is lost."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._seen: set[tuple[str, str]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, job_id: str, change: Change) -> Written | Refused:
        answer = self._store.write(job_id, change)
        mark = (job_id, repr(change))
        if isinstance(answer, Written) and mark not in self._seen:
            self._seen.add(mark)
            raise Unavailable("the reply was lost")
        return answer


def test_a_transition_whose_reply_was_lost_is_told_once(stage: Watched):
    # given a store that does what it is asked, and then does not answer
    lossy = LosesReplies(stage.store)
    stage.parts = replace(stage.parts, store=ObservedStore(lossy, stage.tracer, stage.metrics))
    stage.works()
    stage.submit()
    stage.work()

    # then what stands in the row is what was told
    assert stage.words == ["accepted", "started", "succeeded"]
    assert [entry.event for row in stage.store.rows.values() for entry in row.history] == [
        "claimed",
        "succeeded",
    ]


def test_somebody_elses_refusal_is_not_told_as_ones_own(stage: Watched):
    # given a job that another worker takes over in the middle of an attempt
    def overtaken() -> None:
        stage.advance(minutes=30)
        [row] = stage.store.rows.values()
        assert stage.claim(row, epoch=1) is not None

    stage.task(overtaken, "slow")
    stage.submit("slow")
    stage.work(left=timedelta(minutes=5))

    # then its outcome is told as discarded, and counted as nothing
    assert stage.words == ["accepted", "started", "started"]
    assert stage.counted() == {"JobsAccepted": 1, "JobsStarted": 2}
    assert _outcomes(stage) == ["fenced"]
    actions = [record.__dict__.get("action") for record in stage.caplog.records]
    assert actions.count("fenced") == 1


def _outcomes(stage: Watched) -> list[Any]:
    return [span.notes["outcome"] for span in stage.tracer.spans if "outcome" in span.notes]


def test_a_trace_leads_from_the_sender_to_the_task_over_all_attempts(stage: Watched):
    # given a job that fails once, submitted in somebody's span
    stage.fails(times=1, backoff=AT_ONCE)
    with stage.tracer.span("request"):
        job = stage.submit()
    stage.work()

    # then all hangs together, each attempt below the message that led to it
    spans = {span.number: span for span in stage.tracer.spans}
    tree = [
        (span.name, spans[span.parent].name if span.parent is not None else None) for span in spans.values()
    ]
    assert tree == [
        ("request", None),
        ("send", "request"),
        ("job", "send"),
        ("work", "job"),
        ("send", "job"),
        ("job", "send"),
        ("work", "job"),
    ]
    first, second = (span for span in spans.values() if span.name == "job")
    assert first.notes == {"job_id": job.id, "task": "work", "attempt": 1, "epoch": 1, "outcome": "retried"}
    assert second.notes == {
        "job_id": job.id,
        "task": "work",
        "attempt": 2,
        "epoch": 2,
        "outcome": "succeeded",
    }
    assert (first.fault, second.fault) == (True, False)
    assert all(span.ended for span in spans.values())


def test_a_batch_and_what_is_no_message_are_counted(stage: Watched):
    def handle(wakeup: Any, record: Record) -> bool:
        raise AssertionError("nobody's job")

    records = [Record(message_id=f"m{number}", receipt="r", body="{}") for number in range(3)]
    assert consume(records, handle, lane="low", parts=stage.parts) == []
    assert stage.counted() == {"BatchSize": 3, "Quarantined": 3}


def test_the_tick_says_how_far_the_sweep_is_behind(stage: Watched):
    drive.tick(stage.parts)
    [lag] = [one for one in stage.metrics.added if one.measure is Measure.SWEEP_LAG]
    assert (lag.value, lag.lane, lag.task) == (0, None, None)


def test_one_request_for_many_jobs_is_told_job_by_job(stage: Watched):
    stage.works()
    requests = [JobRequest(task="work", args={}, how=Submission()) for _ in range(5)]
    with stage.tracer.span("request"):
        answers = enqueue(requests, parts=stage.parts)
    assert stage.words == ["accepted"] * 5
    assert stage.counted() == {"JobsAccepted": 5}
    [send] = [span for span in stage.tracer.spans if span.name == "send"]
    assert send.notes == {"messages": 5}
    assert all(message.trace == str(send.number) for message in stage.queue.messages)
    assert {row.state for row in stage.store.rows.values()} == {State.QUEUED}
    assert len(answers) == 5


@pytest.mark.parametrize(
    "ask",
    [
        lambda store, world: store.read("x"),
        lambda store, world: store.unattended(world.now(), world.now()),
        lambda store, world: list(store.newest("x", world.now())),
        lambda store, world: store.due(world.now(), 5),
        lambda store, world: store.dead(None, 5),
        lambda store, world: store.watermark("fast"),
        lambda store, world: store.move_watermark("other", None, world.now()),
    ],
)
def test_questions_pass_through(stage: Watched, ask: Callable[[Any, Any], Any]):
    # given two stores with the same rows, one of them watched
    stage.works()
    stage.submit()
    through = ask(stage.parts.store, stage.world)
    assert through == ask(Watched(stage.caplog).store if through is True else stage.store, stage.world)


def test_the_queue_behind_is_asked(stage: Watched):
    assert stage.parts.queue.depths() == stage.queue.depths()
    stage.works()
    stage.submit()
    [message] = stage.queue.receive("default")
    stage.parts.queue.extend("default", message.receipt, timedelta(hours=2))
    assert stage.queue.messages[0].visible == stage.world.now() + timedelta(hours=2)
