"""Steps, checkpoints, progress, workflows, events and webhooks in a pipeline that seals: each works, and none of it can be read."""

import pytest

from chalicelib import Event, FinishedJob, current_job
from chalicelib.adapters.memory.sealing import MASTER
from chalicelib.domain.errors import Retry
from chalicelib.domain.job import State
from chalicelib.entrypoints.api.document import whole
from chalicelib.pipeline.publish import publish
from chalicelib.pipeline.workflows.keeping import kept as kept_items
from chalicelib.pipeline.workflows.many import Many
from tests.support.drive import drain, replay, run_until_quiet, tick
from tests.unit.sealing.test_sealed_jobs import CANARY, kept, said


@pytest.mark.parametrize("size", [1, 2000])
def test_steps_checkpoints_and_progress_are_found_again(stage, size):
    seen = []

    def work(x):
        job = current_job()
        job.progress(0.5, CANARY)
        found = job.step("one", lambda: x * size)
        if job.attempt == 1:
            job.checkpoint({"at": x})
            raise Retry(after=1)
        seen.append((job.state, found))

    stage.task(work)
    job = stage.submit("work", {"x": CANARY})
    run_until_quiet(stage.parts)
    assert seen == [({"at": CANARY}, CANARY * size)]
    assert CANARY not in kept(stage)
    assert whole(stage.row(job), stage.parts)["progress"]["message"] == CANARY


def tree():
    return {
        "chain": [
            {"task": "echo", "args": {"x": CANARY}},
            {"group": [{"task": "echo", "args": {"x": CANARY}}, {"task": "echo", "args": {"x": "other"}}]},
            {"map": {"task": "echo", "into": "x"}, "from": "before"},
        ]
    }


def test_a_workflow_passes_its_results_on_and_nothing_of_them_is_kept_in_the_clear(stage):
    stage.task(lambda x: x, "echo")
    job = stage.submit("jobline.workflow", {"workflow": tree()})
    run_until_quiet(stage.parts)
    assert said(stage, job) == [CANARY, "other"]
    assert CANARY not in kept(stage)
    replay(stage.parts)


def test_a_workflow_that_loses_its_key_in_the_middle_goes_on_where_it_was(stage):
    stage.task(lambda x: stage.note("echo") or x, "echo")
    job = stage.submit("jobline.workflow", {"workflow": tree()})
    for _ in range(2):
        stage.kms.off.clear()
        stage.advance(minutes=1)
        drain(stage.parts)
        stage.kms.off.add(MASTER)
        stage.reseal()
        drain(stage.parts)
    stage.kms.off.clear()
    run_until_quiet(stage.parts)
    assert said(stage, job) == [CANARY, "other"]
    assert stage.runs("echo") == 5


def test_what_a_child_died_of_is_told_by_its_workflow_and_sealed_in_both(stage):
    def broken(x):
        raise ValueError(x)

    stage.task(broken, max_attempts=1)
    job = stage.submit("jobline.workflow", {"workflow": {"task": "broken", "args": {"x": CANARY}}})
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert CANARY not in kept(stage)
    assert CANARY in whole(stage.row(job), stage.parts)["error"]["message"]


def test_the_items_of_a_long_map_are_sealed_line_by_line_and_the_same_again(stage):
    stage.task(lambda x: x, "echo")
    items = [f"{CANARY} {number}" for number in range(250)]

    def ask():
        node = {"map": {"task": "echo", "into": "x"}, "object": Many(items)}
        return kept_items(node, tenant="default", parts=stage.parts)

    once = ask()
    stage.advance(hours=2)
    assert ask() == once
    assert CANARY not in kept(stage)
    job = stage.submit("jobline.workflow", {"workflow": once})
    run_until_quiet(stage.parts)
    assert said(stage, job) == items
    assert CANARY not in kept(stage)


def test_a_line_that_was_moved_within_its_object_is_not_run(stage):
    stage.task(lambda x: x, "echo")
    node = {"map": {"task": "echo", "into": "x"}, "object": Many(["aaa", "bbb"])}
    tree = kept_items(node, tenant="default", parts=stage.parts)
    bodies = stage.parts.inputs.bodies
    one, other, _ = bodies[tree["object"]].split(b"\n")
    bodies[tree["object"]] = b"\n".join([other, one, b""])
    job = stage.submit("jobline.workflow", {"workflow": tree})
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert {row.id for row in stage.store.rows.values()} == {job.id}


def test_followers_subscribers_and_dead_ends_are_told_in_full(stage):
    told = []

    def follow(job: FinishedJob):
        told.append(("follow", job["result"], job["error"] and job["error"]["message"]))

    def hear(event: Event):
        told.append(("hear", event["payload"]["result"], event["payload"]["error"]))

    def broken(x):
        raise ValueError(x)

    stage.task(follow)
    stage.task(hear, topics=("job.succeeded",))
    stage.task(lambda x: x, "echo", on_success="follow", events=("succeeded",))
    stage.task(broken, max_attempts=1, on_failure="follow")
    stage.submit("echo", {"x": CANARY})
    stage.submit("broken", {"x": CANARY})
    publish("news.all", {"text": CANARY}, id="n", tenant="default", parts=stage.parts)
    publish("news.all", {"text": CANARY}, id="n", tenant="default", parts=stage.parts)
    run_until_quiet(stage.parts)
    assert sorted(told, key=repr) == [
        ("follow", CANARY, None),
        ("follow", None, CANARY),
        ("hear", CANARY, None),
    ]
    assert CANARY not in kept(stage)


def test_what_a_job_owes_waits_for_the_key_and_is_done_once(stage):
    told = []

    def follow(job: FinishedJob):
        told.append(job["result"])

    def work():
        stage.kms.off.add(MASTER)
        stage.advance(minutes=14)
        return CANARY

    stage.task(follow)
    stage.task(work, on_success="follow")
    job = stage.submit("work", {})
    for _ in range(10):
        drain(stage.parts)
        tick(stage.parts)
        stage.advance(minutes=1)
    assert stage.row(job).state is State.SUCCEEDED
    assert stage.row(job).outbox
    stage.kms.off.clear()
    run_until_quiet(stage.parts)
    assert told == [CANARY]
    assert stage.row(job).outbox == ()
