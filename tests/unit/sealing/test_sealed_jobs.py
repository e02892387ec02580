"""A pipeline that seals: all works as before, nothing readable is kept, and without the key jobs wait and are not lost."""

import json
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from chalicelib import current_job
from chalicelib.adapters.memory.sealing import MASTER
from chalicelib.domain.errors import KeyReused, KeyUnavailable
from chalicelib.domain.history import KEYLESS
from chalicelib.domain.job import INLINE_BYTES, Reason, Sealed, State, Stored
from chalicelib.entrypoints.api.document import brief, whole
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.enqueue import JobRequest, enqueue, request_hash
from chalicelib.pipeline.handle import JobHandle, JobNotSucceeded
from chalicelib.pipeline.other_args import OtherArgs
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.redrive import DeadFilter, redrive
from chalicelib.pipeline.release import other_args
from chalicelib.pipeline.release_change import find_release, make_release
from chalicelib.pipeline.schedule_args import args_text
from chalicelib.pipeline.schedule_change import Changes, NewSchedule, create, update
from chalicelib.pipeline.sealer import NOT_SEALED, args_of, result_of
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.timetable import Rule
from tests.support.drive import drain, replay, run_until_quiet

CANARY = "canary-7f3e"
OTHER = MASTER.replace("key/0", "key/1")


def said(stage, job):
    row = stage.row(job)
    return load(row.result, whose=result_of(row), parts=stage.parts)


def kept(stage):
    """All that the twins hold, as text."""
    store, parts = stage.store, stage.parts
    held = [*map(asdict, store.rows.values()), *parts.payloads.bodies.values()]
    held += [parts.items.__dict__, parts.inputs.__dict__, parts.keys.__dict__, stage.queue.ever]
    return "\n".join(map(repr, held))


@pytest.mark.parametrize("size", [1, INLINE_BYTES, 1000, 10_000])
def test_a_job_runs_as_it_would_and_its_row_tells_nothing(stage, size):
    stage.task(lambda x: x, "echo")
    job = stage.submit("echo", {"x": CANARY * (size // len(CANARY) + 1)})
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert said(stage, job) == CANARY * (size // len(CANARY) + 1)
    assert {type(row.args), type(row.result)} == ({Sealed} if size < INLINE_BYTES else {Stored})
    assert CANARY not in kept(stage)
    replay(stage.parts)


def test_lists_say_that_it_is_sealed_and_the_job_alone_shows_it(stage):
    stage.task(lambda x: x, "echo")
    job = stage.submit("echo", {"x": CANARY})
    run_until_quiet(stage.parts)
    listed, shown = brief(stage.row(job), stage.parts), whole(stage.row(job), stage.parts)
    assert (listed["args"], listed["args_stored"]["why"], listed["result_stored"]["why"]) == (
        None,
        "sealed",
        "sealed",
    )
    assert json.loads(bytes(shown["args"])) == {"x": CANARY}
    assert json.loads(bytes(shown["result"])) == CANARY
    # and where the key cannot be used, it says so
    stage.kms.off.add(MASTER)
    stage.advance(hours=1)
    assert whole(stage.row(job), stage.parts)["result_stored"]["why"] == "sealed"


def test_what_a_task_raises_and_says_is_sealed_and_shown_to_who_asks(stage):
    def work(x):
        raise ValueError(f"cannot do {x}")

    stage.task(work, max_attempts=1)
    job = stage.submit("work", {"x": CANARY})
    run_until_quiet(stage.parts)
    assert CANARY not in kept(stage)
    assert brief(stage.row(job), stage.parts)["error"]["message"] == "(sealed)"
    error = whole(stage.row(job), stage.parts)["error"]
    assert error["message"] == f"cannot do {CANARY}"
    assert CANARY in error["traceback"]
    with pytest.raises(JobNotSucceeded, match=CANARY):
        JobHandle(job.id, tenant=job.tenant, parts=stage.parts).result(0)


def test_an_exception_may_say_what_looks_like_sealed_text(stage):
    def work():
        raise ValueError("sealed:" + CANARY)

    stage.task(work, max_attempts=1)
    job = stage.submit("work", {})
    run_until_quiet(stage.parts)
    assert CANARY not in kept(stage)
    assert whole(stage.row(job), stage.parts)["error"]["message"] == "sealed:" + CANARY
    # and one that was kept before anything was sealed is shown as it is
    stage.parts = replace(stage.parts, sealer=NOT_SEALED)
    job = stage.submit("work", {})
    run_until_quiet(stage.parts)
    stage.reseal()
    assert whole(stage.row(job), stage.parts)["error"]["message"] == "sealed:" + CANARY


@pytest.mark.parametrize("words", ["sealed: the envelope", "sealed:AQIDBA==", "sealed:AAAA", "sealed:"])
def test_where_nothing_is_sealed_no_words_of_an_exception_keep_what_follows_from_being_done(stage, words):
    told = []

    def work():
        current_job().progress(0.5, words)
        raise ValueError(words)

    stage.task(work, max_attempts=1, on_failure="tell")
    stage.task(lambda job: told.append(job["error"]["message"]), "tell")
    stage.parts = replace(stage.parts, sealer=NOT_SEALED)
    job = stage.submit("work", {})
    run_until_quiet(stage.parts)
    assert told == [words]
    assert whole(stage.row(job), stage.parts)["error"]["message"] == words


def test_without_the_key_a_job_waits_loses_no_attempt_and_goes_on_when_it_is_back(stage):
    stage.task(lambda x: x, "echo", max_attempts=2)
    job = stage.submit("echo", {"x": CANARY})
    stage.kms.off.add(MASTER)
    stage.reseal()  # a consumer that has not held the key
    for _ in range(6 * 60):
        drain(stage.parts)
        stage.advance(minutes=1)
    row = stage.row(job)
    assert (row.state, row.attempts, row.error) == (State.QUEUED, 0, None)
    assert [entry.note for entry in row.history] == [KEYLESS], "of many waits the row keeps the last"
    stage.kms.off.clear()
    run_until_quiet(stage.parts)
    assert said(stage, job) == CANARY


def test_without_the_key_nothing_is_accepted_in_the_clear(stage):
    stage.task(lambda x: x, "echo")
    stage.kms.fails = KeyUnavailable("no answer")
    with pytest.raises(KeyUnavailable):
        stage.submit("echo", {"x": CANARY})
    assert stage.store.rows == {}
    assert CANARY not in kept(stage)


def test_a_key_that_goes_away_while_a_task_runs_costs_it_nothing(stage):
    def work():
        stage.kms.off.add(MASTER)
        stage.advance(minutes=14)
        return CANARY

    stage.task(work)
    job = stage.submit("work", {})
    drain(stage.parts)
    row = stage.row(job)
    assert (row.state, row.attempts) == (State.SUCCEEDED, 1)
    assert isinstance(row.result, Sealed)


def test_a_wish_to_cancel_is_heard_where_the_key_is_not(stage):
    stage.task(lambda x: x, "echo")
    job = stage.submit("echo", {"x": 1})
    stage.kms.off.add(MASTER)
    stage.reseal()
    drain(stage.parts)
    cancel(job.id, tenant=job.tenant, parts=stage.parts)
    assert stage.row(job).state is State.CANCELLED


@pytest.mark.parametrize("size", [1, 1000])
def test_turned_on_turned_off_and_turned_to_another_key_with_jobs_in_flight(stage, size):
    stage.task(lambda x: x, "echo")
    text = CANARY * size
    sealer = stage.parts.sealer
    stage.parts = replace(stage.parts, sealer=NOT_SEALED)
    jobs = [stage.submit("echo", {"x": text}, delay=timedelta(minutes=14))]
    stage.parts = replace(stage.parts, sealer=sealer)  # on
    jobs.append(stage.submit("echo", {"x": text}, delay=timedelta(minutes=14)))
    stage.reseal(seals=OTHER)  # another
    jobs.append(stage.submit("echo", {"x": text}, delay=timedelta(minutes=14)))
    sealed = (Sealed, Sealed) if size == 1 else (Stored, Stored)
    assert (type(jobs[1].args), type(jobs[2].args)) == sealed
    run_until_quiet(stage.parts)
    assert [said(stage, job) for job in jobs] == [text] * 3
    stage.reseal(seals=None)  # off: what was sealed with the first key still opens
    assert not stage.parts.sealer.on
    assert load(stage.row(jobs[1]).args, whose=args_of(jobs[1]), parts=stage.parts) == {"x": text}
    clear = stage.submit("echo", {"x": text})
    run_until_quiet(stage.parts)
    assert said(stage, clear) == text
    assert type(stage.row(clear).result) is not Sealed


def test_turned_off_without_a_word_of_the_key_sealed_jobs_wait(stage):
    stage.task(lambda x: x, "echo", max_attempts=1)
    job = stage.submit("echo", {"x": CANARY})
    sealer = stage.parts.sealer
    stage.parts = replace(stage.parts, sealer=NOT_SEALED)
    drain(stage.parts)
    assert (stage.row(job).state, stage.row(job).attempts) == (State.QUEUED, 0)
    stage.parts = replace(stage.parts, sealer=sealer)
    run_until_quiet(stage.parts)
    assert said(stage, job) == CANARY


@pytest.mark.parametrize("size", [1, 1000])
def test_arguments_of_another_job_are_not_run_but_missed(stage, size):
    stage.task(lambda x: x, "echo", max_attempts=2)
    mine, other = (stage.submit("echo", {"x": text * size}) for text in ("mine", "other"))
    stage.store.rows[mine.id] = replace(mine, args=other.args)
    for (job_id, digest), body in list(stage.parts.payloads.bodies.items()):
        if job_id == other.id:
            stage.parts.payloads.bodies[mine.id, digest] = body
    run_until_quiet(stage.parts)
    row = stage.row(mine)
    assert (row.state, row.reason, row.attempts) == (State.DEAD, Reason.PAYLOAD_MISSING, 2)
    assert said(stage, other) == "other" * size


def test_a_job_given_to_another_tenant_shows_it_nothing(stage):
    stage.task(lambda x: x, "echo")
    job = stage.submit("echo", {"x": CANARY})
    stage.store.rows[job.id] = replace(job, tenant="thief")
    shown = whole(stage.row(job), stage.parts)
    assert shown["args_stored"]["why"] == "missing"
    assert CANARY not in repr(shown)


def ask(stage, x, key="k"):
    how = Submission(tenant="default", key=key)
    (answer,) = enqueue([JobRequest(task="echo", args={"x": x}, how=how)], parts=stage.parts)
    return answer


@pytest.mark.parametrize("change", ["nothing", "an hour", "another key", "off", "on"])
def test_the_same_key_means_the_same_request_whatever_happened_to_the_sealing(stage, change):
    stage.task(lambda x: x, "echo")
    if change == "on":
        sealer, stage.parts = stage.parts.sealer, replace(stage.parts, sealer=NOT_SEALED)
    first = ask(stage, CANARY)
    if change == "on":
        stage.parts = replace(stage.parts, sealer=sealer)
    if change == "an hour":
        stage.advance(hours=1)
    if change == "another key":
        stage.reseal(seals=OTHER)
    if change == "off":
        stage.reseal(seals=None)
    assert ask(stage, CANARY).id == first.id
    assert isinstance(ask(stage, "another"), KeyReused)


def test_a_digest_that_could_be_guessed_is_kept_nowhere(stage):
    stage.task(lambda x: x, "echo")
    ask(stage, CANARY)
    how = Submission(tenant="default", key="k")
    plain = request_hash(JobRequest(task="echo", args={"x": CANARY}, how=how))
    assert plain not in kept(stage)


def test_a_schedule_keeps_its_arguments_sealed_and_fires_with_them(stage):
    stage.task(lambda x: x, "echo")
    new = NewSchedule(task="echo", args={"x": CANARY}, id="s", rule=Rule(every=timedelta(hours=1)))
    made = create(new, tenant="default", parts=stage.parts)
    assert create(new, tenant="default", parts=stage.parts).seed == made.seed
    assert json.loads(args_text(made, stage.parts)) == {"x": CANARY}
    same = update("s", Changes(args={"x": CANARY}), tenant="default", parts=stage.parts)
    assert (same.args, same.revision) == (made.args, made.revision)
    update("s", Changes(args={"x": CANARY * 2}), tenant="default", parts=stage.parts)
    assert CANARY not in kept(stage)


def test_a_release_keeps_its_change_sealed(stage):
    def work(x):
        raise ValueError

    stage.task(work, max_attempts=1)
    stage.submit("work", {"x": 1})
    run_until_quiet(stage.parts)
    wanted = DeadFilter(tenant="default", task="work")
    other = OtherArgs(args={"x": CANARY})
    made = make_release(wanted, other, rate=1, stop_at=0, by="me", parts=stage.parts)
    assert CANARY not in kept(stage)
    found = find_release(made.id, tenant="default", parts=stage.parts)
    assert other_args(found, stage.parts) == other


def test_a_redrive_with_other_arguments_seals_those(stage):
    stage.fails("work", times=1, max_attempts=1)
    job = stage.submit("work", {"x": CANARY})
    run_until_quiet(stage.parts)
    patch = OtherArgs(patch=({"op": "replace", "path": "/x", "value": CANARY * 2},))
    redrive(job.id, tenant="default", parts=stage.parts, other=patch)
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert CANARY not in kept(stage)


def test_no_task_starts_whose_result_could_not_be_sealed(stage):
    # given a consumer that holds the key of what it is to run, and not the next hour's
    stage.task(lambda x: stage.note("echo") or x, "echo")
    stage.advance(minutes=58)
    job = stage.submit("echo", {"x": CANARY}, delay=timedelta(minutes=3))
    stage.reseal()
    load(job.args, whose=args_of(job), parts=stage.parts)
    stage.advance(minutes=3)
    # when KMS does not answer
    stage.kms.fails = KeyUnavailable("no answer")
    drain(stage.parts)
    # then nothing was done in vain
    assert stage.ran == []
    assert (stage.row(job).state, stage.row(job).attempts) == (State.QUEUED, 0)
    stage.kms.fails = None
    run_until_quiet(stage.parts)
    assert stage.runs("echo") == 1
