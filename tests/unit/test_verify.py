"""`jobline verify`: a history that was written by the pipeline holds, and each way to change it is told."""

import json
import logging
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters.json_log import JsonFormatter
from chalicelib.adapters.memory.sealing import memory_sealer
from chalicelib.adapters.observed import ObservedStore
from chalicelib.domain.errors import Retry
from chalicelib.entrypoints.api.document import whole
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.nobody import NOBODY_COUNTS, NOBODY_TRACES
from chalicelib.pipeline.redrive import redrive
from jobline.logs.line import parsed, stamp
from jobline.verify.law import broken
from jobline.verify.witness import contradicted, unwitnessed
from tests.support.drive import drain, run_until_quiet
from tests.support.stage import Stage


class Told(ObservedStore):
    """What is told, and a twin that can be looked into."""

    def __getattr__(self, name):
        return getattr(self._store, name)


class Witnessed(Stage):
    """A stage whose transitions are told to the log; `lines` are its lines, with virtual times."""

    def __init__(self):
        super().__init__()
        self.lines = []
        stage, formatter = self, JsonFormatter()

        class Ear(logging.Handler):
            def emit(self, record):
                told = json.loads(formatter.format(record))
                line = parsed(json.dumps({**told, "at": stamp(stage.world.now())}), "log")
                stage.lines.append(line)

        self.log = logging.getLogger("jobline.life")
        self.ear = Ear()
        self.log.addHandler(self.ear)
        self.level, self.log.level = self.log.level, logging.INFO
        self.parts = replace(self.parts, store=Told(self.store, NOBODY_TRACES, NOBODY_COUNTS))

    def document(self, job):
        told = whole(self.row(job), self.parts)
        return {
            name: bytes(value).decode() if hasattr(value, "__bytes__") else value
            for name, value in told.items()
        }


@pytest.fixture
def stage():
    made = Witnessed()
    yield made
    made.log.removeHandler(made.ear)
    made.log.setLevel(made.level)


def plain(stage):
    stage.works()
    return stage.submit()


def retried(stage):
    stage.fails(times=2)
    return stage.submit()


def dead_and_redriven(stage):
    stage.fails(times=2, max_attempts=2)
    job = stage.submit()
    run_until_quiet(stage.parts)
    stage.advance(minutes=10)
    redrive(job.id, tenant=job.tenant, parts=stage.parts)
    return job


def dead(stage):
    stage.fails(max_attempts=2)
    return stage.submit()


def cancelled(stage):
    stage.works()
    job = stage.submit(delay=timedelta(hours=1))
    cancel(job.id, tenant=job.tenant, parts=stage.parts)
    return job


def lost_a_worker(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job, seconds=30)
    return job


def workflow(stage):
    stage.works()
    step = {"task": "work", "args": {"x": 1}}
    return stage.submit(
        "jobline.workflow", {"workflow": {"chain": [step, step, step, {"group": [step, step]}]}}
    )


def in_parts(stage):
    from chalicelib import current_job

    def work():
        job = current_job()
        at = (job.state or {"at": 0})["at"]
        stage.advance(minutes=20)
        if at < 5:
            job.checkpoint({"at": at + 1})
            raise Retry(after=0)
        return at

    stage.task(work, max_attempts=20)
    return stage.submit()


STORIES = [plain, retried, dead_and_redriven, dead, cancelled, lost_a_worker, workflow, in_parts]


@pytest.mark.parametrize("story", STORIES)
def test_what_the_pipeline_wrote_holds(stage, story):
    job = story(stage)
    drain(stage.parts)
    running = stage.document(job)
    assert (list(broken(running)), list(contradicted(running, stage.lines))) == ([], [])
    run_until_quiet(stage.parts)
    for row in stage.store.rows.values():
        told = stage.document(row)
        assert list(broken(told)) == []
        assert list(contradicted(told, stage.lines)) == []
        assert list(unwitnessed(told, stage.lines)) == []


def shifted(entry, **span):
    entry["at"] = stamp(datetime.fromisoformat(entry["at"]) + timedelta(**span))


CASES: list[Any] = []


def change(name, story):
    """What somebody with rights to the table alone does to a row."""
    return lambda how: CASES.append(pytest.param(story, how, id=name))


@change("an entry is dropped", retried)
def _change_1(job):
    del job["history"][1]


@change("each of a life's claims is dropped", retried)
def _change_2(job):
    job["history"] = [entry for entry in job["history"] if entry["event"] != "claimed"]


@change("the whole history is dropped", retried)
def _change_3(job):
    job["history"] = []


@change("a failed attempt is dropped, all of it", retried)
def _change_4(job):
    del job["history"][:2]
    job["attempts"] -= 1


@change("a life is dropped", dead_and_redriven)
def _change_5(job):
    at = [entry["event"] for entry in job["history"]].index("redriven")
    job["history"] = job["history"][at + 1 :]


@change("an entry is added", plain)
def _change_6(job):
    job["history"].append(deepcopy(job["history"][-1]))


@change("an attempt is added that never was", plain)
def _change_7(job):
    claim, end = job["history"]
    retry = {**claim, "event": "retry_scheduled"}
    job["history"] = [claim, retry, {**claim, "epoch": 2, "by": "2.x"}, {**end, "epoch": 2, "by": "2.x"}]
    job["epoch"], job["attempts"] = 2, 2


@change("entries change places", retried)
def _change_8(job):
    job["history"][0], job["history"][1] = job["history"][1], job["history"][0]


@change("an end is made of another", dead)
def _change_9(job):
    job["history"][-1] |= {"event": "succeeded", "note": ""}
    job["state"], job["reason"], job["result"] = "SUCCEEDED", None, 1


@change("a death's end is made a cancellation", dead)
def _change_10(job):
    job["history"][-1] |= {"event": "cancelled", "note": ""}
    job["state"], job["reason"] = "CANCELLED", None


@change("a time is changed", plain)
def _change_11(job):
    for entry in job["history"]:
        shifted(entry, hours=3)


@change("a time is set before the job", plain)
def _change_12(job):
    shifted(job["history"][0], hours=-1)


@change("a mark is changed", plain)
def _change_13(job):
    job["history"][1]["by"] = "1.other"


@change("an epoch is changed", plain)
def _change_14(job):
    for entry in job["history"]:
        entry |= {"epoch": 7, "by": "7.x"}
    job["epoch"] = 7


@change("attempts are counted down", retried)
def _change_15(job):
    job["attempts"] = 1


@change("the state alone is changed", plain)
def _change_16(job):
    job["state"], job["result"] = "QUEUED", None


@change("a result is put where none can be", dead)
def _change_17(job):
    job["result"] = "paid"


@change("the task is another", plain)
def _change_18(job):
    job["task"] = "other"


@change("the tenant is another", plain)
def _change_19(job):
    job["tenant"] = "thief"


@pytest.mark.parametrize(("story", "how"), CASES)
def test_whoever_changes_the_row_alone_is_found_out(stage, story, how):
    job = story(stage)
    run_until_quiet(stage.parts)
    told = deepcopy(stage.document(job))
    how(told)
    found = [*broken(told), *contradicted(told, stage.lines), *unwitnessed(told, stage.lines)]
    assert found


def test_the_row_of_another_job_is_not_this_ones(stage):
    stage.works()
    stage.fails("other", max_attempts=2)
    one, other = stage.submit(), stage.submit("other")
    run_until_quiet(stage.parts)
    told = {**stage.document(other), "id": one.id}
    assert list(contradicted(told, stage.lines))


def test_a_line_that_came_twice_and_one_that_is_lost_accuse_nobody(stage):
    job = retried(stage)
    run_until_quiet(stage.parts)
    told = stage.document(job)
    assert list(contradicted(told, [*stage.lines, *stage.lines])) == []
    fewer = [line for line in stage.lines if line.fields["action"] != "succeeded"]
    assert list(contradicted(told, fewer)) == []
    assert list(unwitnessed(told, fewer)) == ["entry 6, succeeded in epoch 3"]


@pytest.mark.parametrize("size", [1, 500])
def test_a_result_of_another_job_is_told_where_results_are_sealed(stage, size):
    stage.parts = replace(stage.parts, sealer=memory_sealer(stage.parts.items, stage.world))
    stage.task(lambda x: x, "echo")
    one, other = (stage.submit("echo", {"x": text * size}) for text in "ab")
    run_until_quiet(stage.parts)
    stage.store.rows[one.id] = replace(stage.row(one), result=stage.row(other).result)
    bodies = stage.parts.payloads.bodies
    bodies |= {(one.id, digest): body for (job_id, digest), body in bodies.items() if job_id == other.id}
    assert list(broken(stage.document(one))) == [
        "its result was not stored so: gone, changed, or another job's"
    ]
    assert list(broken(stage.document(other))) == []
