"""Publishing by HTTP, and who hears what."""

import pytest

from chalicelib import Event
from chalicelib.pipeline.task import Options
from tests.api.desk import Caller, Desk, Point


@pytest.fixture
def heard(desk: Desk):
    """What the subscriber of `place.*` heard."""
    events = []

    def visit(event: Event[Point]) -> None:
        events.append(event)

    desk.parts.registry.add(visit, None, Options(topics=("place.*",)))
    desk.parts.registry.send_outside(("place.found",))
    return events


def test_an_event_is_accepted_with_the_jobs_that_it_led_to(desk: Desk, ann: Caller, heard):
    reply = ann.post("/topics/place.found/events", {"payload": {"x": 1, "y": 2}, "id": "here"})
    assert reply.status == 202
    assert reply.body == {
        "id": "here",
        "topic": "place.found",
        "at": "2026-01-01T12:00:00.000Z",
        "jobs": [
            {"id": reply.body["jobs"][0]["id"], "task": "visit"},
            {"id": reply.body["jobs"][1]["id"], "task": "jobline.publish"},
        ],
    }
    desk.work()
    assert heard[0]["payload"] == Point(x=1, y=2)
    job = ann.get(f"/jobs/{reply.body['jobs'][1]['id']}").body
    assert (job["state"], job["task"], job["tenant"]) == ("SUCCEEDED", "jobline.publish", "ann")


def test_the_same_id_is_the_same_event_and_for_another_one_it_is_refused(
    desk: Desk, ann: Caller, bob: Caller, heard
):
    there = {"payload": {"x": 1, "y": 2}, "id": "here"}
    first = ann.post("/topics/place.found/events", there)
    assert ann.post("/topics/place.found/events", there).body == first.body
    other = ann.post("/topics/place.found/events", {**there, "payload": {"x": 3, "y": 4}})
    assert (other.status, other.slug) == (409, "key-reused")
    assert bob.post("/topics/place.found/events", there).body["jobs"] != first.body["jobs"]
    desk.work()
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("topic", "body", "argument"),
    [
        ("place.found", {"payload": {"x": 1}}, "payload.y"),
        ("place.found", {"payload": {"x": "1", "y": 2}}, "payload.x"),
        ("place.found", {"payload": None}, "payload"),
        ("place..found", {}, "topic"),
        ("job.dead", {}, "topic"),
        ("other", {"id": ""}, "id"),
        ("other", {"id": "a" * 101}, "id"),
        ("other", {"id": "\u2028"}, "id"),
        ("other", {"tenant": "bob"}, "tenant"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(desk: Desk, ann: Caller, heard, topic, body, argument):
    reply = ann.post(f"/topics/{topic}/events", body)
    assert (reply.status, reply.slug, reply.argument) == (422, "invalid-input", argument)
    assert desk.store.rows == {}


def test_topics_are_listed_with_those_who_hear_them(ann: Caller, heard):
    assert ann.get("/topics").body == {
        "topics": [
            {"topic": "place.*", "tasks": ["visit"], "external": False},
            {"topic": "place.found", "tasks": [], "external": True},
        ]
    }


def test_a_job_may_be_asked_to_tell_of_its_moments(desk: Desk, ann: Caller):
    told = []

    def audit(event: Event) -> None:
        told.append(event["topic"])

    desk.parts.registry.add(audit, None, Options(topics=("job.*",)))
    ann.submit(events=["accepted", "succeeded"])
    desk.work()  # the job, and whoever hears that it was accepted
    desk.work()  # whoever hears that it succeeded
    assert told == ["job.accepted", "job.succeeded"]
    reply = ann.post("/jobs", {"task": "add", "args": {"a": 1}, "events": ["born"]})
    assert (reply.status, reply.argument) == (422, "events")


def test_joblines_own_tasks_are_not_for_callers(desk: Desk, ann: Caller):
    reply = ann.post("/jobs", {"task": "jobline.publish", "args": {"event": {}}})
    assert (reply.status, reply.slug) == (422, "unknown-task")
    assert ann.get("/tasks/jobline.publish").status == 404
    assert "jobline.publish" not in [task["name"] for task in ann.get("/tasks").body["tasks"]]
