"""Webhooks by HTTP: endpoints of a tenant, whose secrets are shown once."""

from datetime import timedelta

import pytest

from chalicelib.pipeline.ports import Receipt
from tests.api.desk import Caller, Desk

URL = "https://hooks.example.org/jobline?token=planted"


@pytest.fixture
def made(desk: Desk, ann: Caller):
    """An endpoint as it is shown when it is made; its receiver takes everything."""
    desk.parts.courier.answers["hooks.example.org"] = lambda parcel: Receipt(status=204)  # type: ignore[attr-defined]
    reply = ann.post("/webhooks", {"url": URL, "description": "billing"})
    assert reply.status == 201, reply.text
    assert reply.headers["Location"].endswith(f"/webhooks/{reply.body['id']}")
    return reply.body


def delivered(desk: Desk):
    return desk.parts.courier.delivered  # type: ignore[attr-defined]


def test_a_secret_is_shown_when_it_is_made_and_never_again(ann: Caller, made):
    assert made["secret"].startswith("whsec_")
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert shown == {
        "id": made["id"],
        "url": "https://hooks.example.org/jobline?…",
        "description": "billing",
        "events": ["succeeded", "dead"],
        "enabled": True,
        "disabled_because": None,
        "old_secret_until": None,
        "created_at": "2026-01-01T12:00:00.000Z",
    }
    assert ann.get(f"/webhooks/{made['id']}").body == shown
    assert ann.get("/webhooks").body == {"webhooks": [shown]}
    assert "planted" not in ann.get("/webhooks").text


def test_a_job_names_its_endpoint(desk: Desk, ann: Caller, made):
    ann.submit(webhook=made["id"])
    for _ in range(2):
        desk.work()
    assert len(delivered(desk)) == 1
    (job,) = [job for job in ann.get("/jobs").body["jobs"] if job["task"] == "jobline.webhook"]
    assert job["state"] == "SUCCEEDED"
    assert job["result"] == {"status": 204}
    assert "planted" not in str(job)
    assert made["secret"] not in str(job)


@pytest.mark.parametrize("endpoint", ["wh_0000000000", "", "x", "https://hooks.example.org"])
def test_an_endpoint_that_is_not_there_is_named(desk: Desk, ann: Caller, endpoint):
    reply = ann.post("/jobs", {"task": "add", "args": {"a": 1}, "webhook": endpoint})
    assert (reply.status, reply.argument) == (422, "webhook")
    assert desk.store.rows == {}


def test_an_endpoint_is_changed_switched_off_and_on(desk: Desk, ann: Caller, made):
    path = f"/webhooks/{made['id']}"
    changed = ann.ask(
        "PATCH", path, {"url": "https://new.example.org/", "events": ["dead"], "enabled": False}
    ).body
    assert (changed["url"], changed["events"], changed["description"]) == (
        "https://new.example.org/",
        ["dead"],
        "billing",
    )
    assert (changed["enabled"], changed["disabled_because"]) == (False, "switched off")
    assert ann.ask("PATCH", path, {"enabled": True}).body["enabled"] is True
    assert ann.ask("PATCH", path, {}).body == ann.get(path).body


def test_a_deleted_endpoint_is_gone(ann: Caller, made):
    path = f"/webhooks/{made['id']}"
    assert ann.ask("DELETE", path).status == 204
    assert ann.get(path).status == 404
    assert ann.ask("DELETE", path).status == 404
    assert ann.get("/webhooks").body == {"webhooks": []}


def test_a_new_secret_is_shown_once_and_the_old_one_holds_for_a_while(desk: Desk, ann: Caller, made):
    path = f"/webhooks/{made['id']}"
    rotated = ann.post(f"{path}/rotate", {"overlap": 3600}).body
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] == "2026-01-01T13:00:00.000Z"
    assert "secret" not in ann.get(path).body
    desk.world.advance(timedelta(hours=1))
    assert ann.get(path).body["old_secret_until"] is None
    assert ann.post(f"{path}/rotate", {}).status == 200


def test_a_test_message_is_a_job(desk: Desk, ann: Caller, made):
    reply = ann.post(f"/webhooks/{made['id']}/test")
    assert reply.status == 202
    desk.work()
    assert len(delivered(desk)) == 1
    assert ann.get(f"/jobs/{reply.body['job']}").body["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ({}, "url"),
        ({"url": "http://hooks.example.org"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://hooks.example.org:8443/"}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["started"]}, "events[0]"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ({"url": URL, "secret": "whsec_mine"}, "secret"),
        ({"url": URL, "tenant": "bob"}, "tenant"),
    ],
)
def test_what_is_wrong_with_an_endpoint_is_named(ann: Caller, body, argument):
    reply = ann.post("/webhooks", body)
    assert (reply.status, reply.argument) == (422, argument)


def test_another_tenants_endpoint_never_was(desk: Desk, ann: Caller, bob: Caller, made):
    path = f"/webhooks/{made['id']}"
    asked = [
        bob.get(path),
        bob.ask("PATCH", path, {"enabled": False}),
        bob.ask("DELETE", path),
        bob.post(f"{path}/rotate", {}),
        bob.post(f"{path}/test"),
    ]
    assert {reply.status for reply in asked} == {404}
    assert bob.get("/webhooks").body == {"webhooks": []}
    assert bob.post("/jobs", {"task": "add", "args": {"a": 1}, "webhook": made["id"]}).argument == "webhook"
    assert ann.get(path).body["enabled"]
    assert delivered(desk) == []


def test_the_fifty_first_endpoint_is_refused(ann: Caller, made):
    for _ in range(49):
        assert ann.post("/webhooks", {"url": URL}).status == 201
    reply = ann.post("/webhooks", {"url": URL})
    assert (reply.status, reply.slug) == (409, "not-possible")
