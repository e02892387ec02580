"""Every error is a problem: each of ours has its line in the table, and what is not the caller's business is not told."""

import json
import logging

import pytest

from chalicelib import wiring
from chalicelib.domain import errors
from chalicelib.domain.errors import CallerError, Denied, NewerRow, ServiceRefused, Unavailable
from chalicelib.entrypoints.api import refusals
from chalicelib.entrypoints.api.problem import problem
from chalicelib.entrypoints.api.problem_kinds import ALL_KINDS, INTERNAL, KINDS, kind_of
from chalicelib.settings import BadSetting
from tests.api.desk import Caller, Desk


def _below(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(_below(one) for one in kind.__subclasses__()))


def test_every_error_of_the_caller_has_a_line_of_its_own():
    ours = {kind for kind in _below(CallerError) if kind.__module__ in (errors.__name__, refusals.__name__)}
    assert ours <= set(KINDS)
    assert len(ours) >= 13


def test_every_status_of_the_caller_is_a_4xx_and_no_two_kinds_share_a_name():
    assert all(400 <= kind.status < 500 for error, kind in KINDS.items() if issubclass(error, CallerError))
    assert len({kind.slug for kind in ALL_KINDS}) == len({kind.type for kind in ALL_KINDS}) == len(ALL_KINDS)
    assert all(kind.title and kind.mend.endswith(".") for kind in ALL_KINDS)


def test_whoever_is_known_but_may_not_is_told_apart_from_who_is_not_known():
    assert kind_of(Denied("x", known=True)).status == 403
    assert kind_of(Denied("x", known=False)).status == 401


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), ServiceRefused("x"), RecursionError("x")])
def test_what_nobody_foresaw_is_a_500_that_tells_nothing(error):
    assert kind_of(error) is INTERNAL
    assert "x" not in problem(error, "r").body["detail"].split()


def test_an_unforeseen_error_is_logged_with_the_id_that_the_caller_was_told(
    desk: Desk, ann: Caller, monkeypatch, caplog
):
    # given a bug
    def bug(job_id):
        raise RuntimeError("secret: the table is called jobline-prod")

    monkeypatch.setattr(desk.store, "read", bug)

    # when it is met
    reply = ann.get("/jobs/01KDWPVNG0FMNSVKE1CC0RQBKJ")

    # then the caller learns an id, and the log has the rest under that id
    assert (reply.status, reply.slug) == (500, "internal")
    assert "secret" not in reply.text
    logged = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert logged.request_id == reply.body["request_id"]
    assert "secret" in logged.exc_text


@pytest.mark.parametrize(
    "error", [Unavailable("PutItem: Throttling at host-17"), NewerRow("a state of tomorrow")]
)
def test_what_passes_by_itself_is_to_be_tried_again(desk: Desk, ann: Caller, monkeypatch, error):
    def broken(*_args):
        raise error

    monkeypatch.setattr(desk.store, "create", broken)
    monkeypatch.setattr(desk.store, "read", broken)
    monkeypatch.setattr(desk.store, "newest", broken)
    monkeypatch.setattr(desk.store, "dead", broken)
    monkeypatch.setattr(desk.queue, "depths", broken)
    replies = [
        ann.post("/jobs", {"task": "add", "args": {"a": 1}}),
        ann.get("/jobs/01KDWPVNG0FMNSVKE1CC0RQBKJ"),
        ann.post("/jobs/01KDWPVNG0FMNSVKE1CC0RQBKJ/cancel"),
        ann.post("/jobs/01KDWPVNG0FMNSVKE1CC0RQBKJ/retry"),
        ann.get("/jobs"),
        ann.get("/dead"),
        ann.get("/dead/groups"),
        ann.post("/dead/redrive", {}),
        ann.get("/lanes"),
    ]
    for reply in replies:
        assert (reply.status, reply.slug, reply.headers["Retry-After"]) == (503, "unavailable", "1")
        assert "host-17" not in reply.text
        assert "tomorrow" not in reply.text


def test_a_door_that_cannot_ask_for_keys_lets_nobody_in(desk: Desk, ann: Caller, monkeypatch):
    def broken(key_id):
        raise Unavailable("GetItem")

    monkeypatch.setattr(desk.api_keys, "find", broken)
    assert ann.get("/lanes").status == 503


def test_a_message_that_cannot_be_sent_is_no_error(desk: Desk, ann: Caller, monkeypatch):
    monkeypatch.setattr(desk.queue, "send", lambda wakeups: wakeups)
    assert ann.post("/jobs", {"task": "add", "args": {"a": 1}}).status == 202


def test_a_stage_that_is_set_up_wrongly_answers_all_the_same(desk: Desk, ann: Caller, monkeypatch):
    def wrong():
        raise BadSetting("JOBLINE_STAGE=secret")

    monkeypatch.setattr(wiring, "parts", wrong)
    reply = ann.get("/jobs")
    assert (reply.status, reply.slug) == (500, "internal")
    assert "secret" not in reply.text


def test_a_flicker_is_ridden_out(desk: Desk, ann: Caller, monkeypatch):
    # given a table that fails three times
    fails = iter([True] * 3)
    create = desk.store.create

    def flicker(job):
        if next(fails, False):
            raise Unavailable("PutItem")
        return create(job)

    monkeypatch.setattr(desk.store, "create", flicker)

    # then the job is accepted all the same
    assert ann.post("/jobs", {"task": "add", "args": {"a": 1}}).status == 202


def test_405_says_which_methods_there_are(desk: Desk):
    allows = {
        "/jobs": "GET, HEAD, POST, OPTIONS",
        "/jobs/batch": "POST, OPTIONS",
        "/jobs/x": "GET, HEAD, OPTIONS",
        "/jobs/x/cancel": "POST, OPTIONS",
        "/health": "GET, HEAD, OPTIONS",
    }
    for path, allow in allows.items():
        refused, asked = desk.nobody().ask("DELETE", path), desk.nobody().ask("OPTIONS", path)
        assert (refused.status, refused.headers["Allow"]) == (405, allow)
        assert (asked.status, asked.headers["Allow"]) == (204, allow)


def test_head_is_get_without_a_body(desk: Desk, ann: Caller):
    assert ann.ask("HEAD", "/jobs").status == 200
    assert ann.ask("HEAD", "/jobs/x").status == 404
    assert desk.nobody().ask("HEAD", "/jobs").status == 401
    assert desk.nobody().ask("HEAD", "/health").status == 200


def test_an_event_that_is_no_request_of_a_rest_api_is_answered_with_a_problem(desk: Desk):
    from app import app

    answer = app({"version": "2.0", "rawPath": "/jobs", "requestContext": {}}, None)
    assert answer["statusCode"] == 500
    assert answer["headers"]["Content-Type"] == "application/problem+json"


def test_location_leads_back_through_the_stage_that_api_gateway_put_before_the_path(desk: Desk, ann: Caller):
    # given an event as API Gateway makes it for https://<id>.execute-api.<region>.amazonaws.com/api/jobs
    from app import app

    event = {
        "requestContext": {"resourcePath": "/jobs", "path": "/api/jobs", "httpMethod": "POST"},
        "headers": {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": '{"task": "add", "args": {"a": 1}}',
        "isBase64Encoded": False,
    }

    # then
    answer = app(event, None)
    assert answer["statusCode"] == 202
    assert answer["headers"]["Location"] == f"/api/jobs/{json.loads(answer['body'])['id']}"
