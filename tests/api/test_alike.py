"""Unique, debounced and throttled tasks over HTTP: who is answered with what."""

from datetime import timedelta

import pytest

from chalicelib.domain.flow import Debounce, Throttle, Unique
from chalicelib.pipeline.task import Options
from tests.api.desk import Caller, Desk, add

KEY = ("a",)
POLICIES = {
    "existing": {"unique": Unique(key=KEY)},
    "refuse": {"unique": Unique(key=KEY, on_conflict="refuse")},
    "debounce": {"debounce": Debounce(wait=timedelta(seconds=5), key=KEY)},
    "throttle": {"throttle": Throttle(limit=1, per=timedelta(seconds=90), key=KEY)},
}


@pytest.fixture(autouse=True)
def tasks(desk: Desk):
    """A task of each kind."""
    for name, options in POLICIES.items():
        desk.parts.registry.add(add, name, Options(**options))


def _job(name: str, **args: int):
    return {"task": name, "args": {"a": 1, **args}}


def test_a_new_job_says_nothing_of_others(ann: Caller):
    assert not [name for name in ann.post("/jobs", _job("existing")).headers if name.startswith("Jobline")]


def test_the_job_that_is_there_answers_and_says_so(ann: Caller):
    first = ann.post("/jobs", _job("existing")).body["id"]
    again = ann.post("/jobs", _job("existing", b=2))
    assert (again.status, again.body["id"], again.headers["Jobline-Job"]) == (202, first, "existing")
    assert again.headers["Location"].endswith(f"/jobs/{first}")


def test_a_task_that_refuses_names_the_job_that_is_there(ann: Caller):
    first = ann.post("/jobs", _job("refuse")).body["id"]
    again = ann.post("/jobs", _job("refuse"))
    assert (again.status, again.slug) == (409, "not-unique")
    assert first in again.body["detail"]


def test_replaced_arguments_are_said_to_be_that(desk: Desk, ann: Caller):
    first = ann.post("/jobs", _job("debounce")).body["id"]
    again = ann.post("/jobs", _job("debounce", b=2))
    assert (again.status, again.body["id"], again.headers["Jobline-Job"]) == (202, first, "replaced")
    assert again.body["args"] == {"a": 1, "b": 2}


def test_a_throttled_request_is_told_when_to_come_again(desk: Desk, ann: Caller):
    ann.post("/jobs", _job("throttle"))
    desk.world.advance(timedelta(seconds=10.5))
    refused = ann.post("/jobs", _job("throttle"))
    assert (refused.status, refused.slug) == (429, "throttled")
    assert refused.headers["Retry-After"] == "80"
    assert refused.body["retry_after"] == 80
    desk.world.advance(timedelta(seconds=80))
    assert ann.post("/jobs", _job("throttle")).status == 202


def test_in_a_batch_each_is_told_for_itself(ann: Caller):
    wanted = [_job(name) for name in POLICIES for _ in range(2)]
    entries = ann.post("/jobs/batch", {"jobs": wanted}).body["jobs"]
    assert [(entry["status"], entry.get("made")) for entry in entries] == [
        (202, None),
        (202, "existing"),
        (202, None),
        (409, None),
        (202, None),
        (202, "replaced"),
        (202, None),
        (429, None),
    ]
    assert entries[-1]["problem"]["retry_after"] == 90


def test_the_same_key_gets_the_same_answer(ann: Caller):
    headers = {"Idempotency-Key": "k"}
    first = ann.post("/jobs", _job("existing"))
    for _ in range(2):
        again = ann.post("/jobs", _job("existing"), headers=headers)
        assert (again.body["id"], again.headers["Jobline-Job"]) == (first.body["id"], "existing")


def test_tenants_do_not_meet(ann: Caller, bob: Caller):
    for name in POLICIES:
        for caller in (ann, bob):
            answer = caller.post("/jobs", _job(name))
            assert answer.status == 202
            assert "Jobline-Job" not in answer.headers
