"""One batch in, the ids of those to deliver again out; each record on its own."""

import logging

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State, Wakeup
from chalicelib.pipeline.consume import ODDITY_CHARS, Record, WholeBatchFailed, consume
from chalicelib.pipeline.messages import encode
from tests.support.drive import drain, run_until_quiet
from tests.support.faults import How, Trap, trapped


def records(*bodies):
    return [Record(message_id=f"m{n}", receipt=f"r{n}", body=body) for n, body in enumerate(bodies)]


def wakeup_body(n, tenant="default"):
    return f'{{"v":1,"tenant":"{tenant}","job":"0{n:025d}","epoch":0}}'


def batch(stage, answers):
    """Consume a batch in which handling each message answers, or raises, this."""
    left = iter(answers)

    def handle(wakeup, record):
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return consume(
        records(*(wakeup_body(n) for n in range(len(answers)))), handle, lane="default", parts=stage.parts
    )


@pytest.mark.parametrize(
    ("answers", "again"),
    [
        ([], []),
        ([True], []),
        ([True] * 10, []),
        ([True, False, True], ["m1"]),
        ([False, True, False], ["m0", "m2"]),
        ([True, ValueError("bug"), True], ["m1"]),
        ([ValueError("bug"), Unavailable("down"), True], ["m0", "m1"]),
    ],
    ids=str,
)
def test_exactly_the_failed_are_delivered_again(stage, answers, again):
    assert batch(stage, answers) == again


@pytest.mark.parametrize(
    "answers", [[False], [False] * 10, [ValueError("bug")], [False, ValueError("bug")]], ids=str
)
def test_when_all_failed_the_batch_fails(stage, answers):
    with pytest.raises(WholeBatchFailed, match=f"none of {len(answers)}"):
        batch(stage, answers)


@pytest.mark.parametrize("answer", [None, 1, "yes", object()])
def test_only_true_is_done(stage, answer):
    assert batch(stage, [True, answer]) == ["m1"]


def test_a_bug_is_told_with_its_message(stage, caplog):
    batch(stage, [ValueError("bug"), True])
    (line,) = caplog.records
    assert "m0" in line.getMessage()
    assert line.exc_info[1].args == ("bug",)


@pytest.mark.parametrize(
    "body", ["", "{}", "null", "hello", '{"v":1}', "\ud800", "\x00" * 10_000, "[" * 100], ids=repr
)
def test_what_is_no_wakeup_is_kept_for_a_person_and_done_with(stage, body, caplog):
    caplog.set_level(logging.ERROR)
    assert consume(records(body), lambda *_: False, lane="low", parts=stage.parts) == []
    (oddity,) = stage.parts.quarantine.kept.values()
    assert (oddity.message_id, oddity.lane, oddity.at) == ("m0", "low", stage.world.now())
    assert oddity.why
    assert len(oddity.body) <= ODDITY_CHARS
    oddity.body.encode()
    assert caplog.records[0].action == "quarantined"


def test_an_oddity_among_good_messages_disturbs_nobody(stage):
    stage.works()
    stage.submit()
    stage.queue.put("default", "{")
    stage.submit()
    drain(stage.parts)
    assert stage.runs() == 2
    assert stage.messages == 0
    assert len(stage.parts.quarantine.kept) == 1


def test_an_oddity_that_cannot_be_kept_comes_again(stage):
    stage.queue.put("default", "{")
    stage.parts = trapped(stage.parts, Trap(how=How.NO_ANSWER, at=1))
    drain(stage.parts)
    assert stage.messages == 1
    run_until_quiet(stage.parts)
    assert len(stage.parts.quarantine.kept) == 1


def test_each_record_of_a_batch_is_its_own(stage):
    # given a batch of a success, a failure, a phantom, a stranger's message and a broken one
    stage.works()
    stage.fails("bad", max_attempts=1)
    good, bad = stage.submit(), stage.submit("bad")
    stage.queue.put("default", wakeup_body(5))
    stage.queue.put("default", encode_for(good, tenant="evil"))
    stage.queue.put("default", "?")
    drain(stage.parts)
    assert stage.row(good).state is State.SUCCEEDED
    assert stage.row(bad).state is State.DEAD
    assert stage.messages == 0


def encode_for(job, **facts):
    return encode(Wakeup(**{"tenant": job.tenant, "job_id": job.id, "epoch": 0, **facts}))


def test_a_task_that_fails_is_no_failure_of_the_batch(stage):
    stage.fails(max_attempts=1)
    job = stage.submit()
    drain(stage.parts)
    assert stage.messages == 0
    assert stage.row(job).state is State.DEAD


def test_a_batch_of_ten_runs_each_once(stage):
    stage.works()
    for _ in range(25):
        stage.submit()
    drain(stage.parts)
    assert stage.runs() == 25


def test_a_message_of_newer_code_is_given_back_and_not_judged(stage):
    # given a batch in which one message is of a version that is not known here
    newer = wakeup_body(1).replace('"v":1', '"v":2')
    again = consume(
        records(wakeup_body(0), newer), lambda wakeup, record: True, lane="default", parts=stage.parts
    )
    # then that one comes again, and nobody took it for an oddity
    assert again == ["m1"]
    assert not stage.parts.quarantine.kept
