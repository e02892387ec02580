"""The job document: large values are loaded where there is room for them, and said to be elsewhere where not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from chalicelib.domain.job import Entry, Inline, Job, Place, Progress, Reason, State, Stored
from chalicelib.entrypoints.api import document
from chalicelib.entrypoints.api.document import brief
from chalicelib.entrypoints.api.job_shape import ReasonName, StateName
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.handle import JobHandle
from tests.api.desk import Caller, Desk

LARGE = "x" * 5000


def test_every_state_and_every_reason_is_in_the_shape_of_the_document():
    assert {state.value for state in State} <= set(get_args(StateName))
    assert {reason.value for reason in Reason} == set(get_args(ReasonName))


def test_large_arguments_and_results_are_loaded_for_one_job_and_left_out_of_lists(desk: Desk, ann: Caller):
    # given a job whose arguments and result do not fit into its row
    accepted = ann.post("/jobs", {"task": "echo", "args": {"value": LARGE}}).body
    desk.work()

    # then the answer to its submission and a list say that they are elsewhere, and how large they are
    listed = ann.get("/jobs").body["jobs"][0]
    assert isinstance(desk.row(accepted["id"]).args, Stored)
    for body in (accepted, listed):
        assert (body["args"], body["args_stored"]["why"], body["args_stored"]["bytes"]) == (
            None,
            "not_loaded",
            5012,
        )
    assert (listed["result"], listed["result_stored"]["bytes"]) == (None, 5002)

    # and the job by itself has them
    body = ann.get(f"/jobs/{accepted['id']}").body
    assert (body["args"], body["result"]) == ({"value": LARGE}, LARGE)
    assert "args_stored" not in body
    assert "result_stored" not in body


def test_a_lost_payload_does_not_hide_the_job(desk: Desk, ann: Caller):
    job_id = ann.submit("echo", {"value": LARGE})
    desk.payloads.bodies.clear()
    body = ann.get(f"/jobs/{job_id}").body
    assert (body["args"], body["args_stored"]["why"]) == (None, "missing")


def test_a_result_that_leaves_no_room_for_the_arguments_comes_first(desk: Desk, ann: Caller, monkeypatch):
    monkeypatch.setattr(document, "ROOM", 6000)
    job_id = ann.submit("echo", {"value": LARGE})
    desk.work()
    body = ann.get(f"/jobs/{job_id}").body
    assert body["result"] == LARGE
    assert body["args_stored"]["why"] == "too_large"


def test_what_does_not_fit_as_it_is_sent_is_not_sent(desk: Desk, ann: Caller, monkeypatch):
    # given a result that fits by itself, but not once Lambda has put it into a JSON string
    monkeypatch.setattr(document, "ROOM", 6000)
    job_id = ann.submit("echo", {"value": ['"'] * 1000})
    desk.work()
    row = desk.row(job_id)
    assert isinstance(row.result, Stored)
    assert row.result.size < 6000

    # then it is said to be elsewhere
    assert ann.get(f"/jobs/{job_id}").body["result_stored"]["why"] == "too_large"


def test_the_largest_answer_fits_into_what_lambda_takes(desk: Desk, ann: Caller):
    job_id = ann.submit("echo", {"value": "x" * 4_000_000})
    desk.work()
    reply = ann.get(f"/jobs/{job_id}")
    assert len(reply.body["result"]) == 4_000_000
    assert "args_stored" in reply.body
    assert len(reply.text) < 6_000_000


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1.5,
        "",
        "\u2028\u202e<script>",
        [],
        {},
        [[[]]],
        {"": None},
        10**37,
        1e-300,
        "\U0001f4a3",
    ],
    ids=repr,
)
def test_any_json_value_comes_back_as_it_was(desk: Desk, ann: Caller, value: Any):
    job_id = ann.submit("echo", {"value": value})
    desk.work()
    body = ann.get(f"/jobs/{job_id}").body
    assert (body["args"], body["result"]) == ({"value": value}, value)


def test_a_result_that_the_reader_of_requests_would_refuse_is_shown(desk: Desk, ann: Caller):
    # given a result nested deeper than any request may be
    deep: Any = 0
    for _ in range(200):
        deep = [deep]
    job_id = ann.submit()
    row = replace(
        desk.row(job_id), state=State.SUCCEEDED, ready=None, result=Inline(json=strict_json.write(deep))
    )
    desk.store.rows[job_id] = row

    # then it is shown all the same
    assert ann.get(f"/jobs/{job_id}").body["result"] == deep
    assert ann.get("/jobs").body["jobs"][0]["result"] == deep


def test_nothing_of_the_row_but_what_is_named_is_shown(desk: Desk, ann: Caller):
    job_id = ann.submit()
    shown = set(brief(desk.row(job_id), desk.parts))
    hidden = {field for field in Job.__slots__ if field not in shown}
    assert {"owner", "lease", "ready", "outbox", "attention", "key", "forget"} <= hidden


def test_a_stored_result_anywhere_is_told_in_the_same_words(desk: Desk, ann: Caller):
    job_id = ann.submit()
    stored = Stored(place=Place.OBJECT, sha256="0" * 64, size=10_000_000)
    desk.store.rows[job_id] = replace(desk.row(job_id), state=State.SUCCEEDED, ready=None, result=stored)
    told = ann.get(f"/jobs/{job_id}").body["result_stored"]
    assert told == {"bytes": 10_000_000, "sha256": "0" * 64, "why": "too_large"}


def test_what_a_running_task_said_of_itself_is_shown(desk: Desk, ann: Caller):
    job_id = ann.submit()
    said = Progress(fraction=0.25, message="a quarter", at=desk.world.now())
    desk.store.rows[job_id] = replace(desk.row(job_id), progress=said)
    told = ann.get(f"/jobs/{job_id}").body["progress"]
    assert told == {"fraction": 0.25, "message": "a quarter", "at": "2026-01-01T12:00:00.000Z", "eta": None}


def test_a_running_task_that_says_how_far_it_is_says_when_it_will_be_done(desk: Desk, ann: Caller):
    job_id = ann.submit()
    now = desk.world.now()
    begun = (Entry(at=now - timedelta(minutes=1), event="claimed", epoch=1),)
    said = Progress(fraction=0.25, message="a quarter", at=now)
    desk.store.rows[job_id] = replace(desk.row(job_id), progress=said, history=begun)
    assert ann.get(f"/jobs/{job_id}").body["progress"]["eta"] == "2026-01-01T12:03:00.000Z"
    assert JobHandle(job_id, tenant="ann", parts=desk.parts).eta == now + timedelta(minutes=3)
