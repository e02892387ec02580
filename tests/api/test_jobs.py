"""Submit, show, list, cancel, retry: each route's good path, door to door."""

from datetime import timedelta

from tests.api.desk import Caller, Desk


def test_a_submitted_job_is_accepted_and_can_be_asked_for_where_the_answer_says(desk: Desk, ann: Caller):
    # when a job is submitted
    reply = ann.post(
        "/jobs", {"task": "add", "args": {"a": 2}, "tags": ["sums"], "lane": "high", "max_attempts": 7}
    )

    # then it is accepted, has a row and a message, and Location leads to it
    assert reply.status == 202
    assert reply.headers["Location"] == f"/jobs/{reply.body['id']}"
    assert ann.get(reply.headers["Location"]).body == reply.body
    row = desk.row(reply.body["id"])
    assert (row.tenant, row.task, row.lane, row.max_attempts, row.tags) == (
        "ann",
        "add",
        "high",
        7,
        ("sums",),
    )
    assert [message.lane for message in desk.queue.messages] == ["high"]


def test_the_document_tells_a_whole_life(desk: Desk, ann: Caller):
    # given a job that ran a second after it was submitted
    job_id = ann.submit("add", {"a": 2, "b": 3})
    desk.world.advance(timedelta(seconds=1))
    desk.work()

    # when it is asked for
    body = ann.get(f"/jobs/{job_id}").body

    # then all of it is there
    assert body == {
        "id": job_id,
        "task": "add",
        "state": "SUCCEEDED",
        "lane": "default",
        "tenant": "ann",
        "tags": [],
        "args": {"a": 2, "b": 3},
        "attempts": 1,
        "max_attempts": 5,
        "epoch": 1,
        "created_at": "2026-01-01T12:00:00.000Z",
        "due_at": None,
        "started_at": "2026-01-01T12:00:01.000Z",
        "finished_at": "2026-01-01T12:00:01.000Z",
        "expires_at": None,
        "progress": None,
        "result": 5,
        "error": None,
        "reason": None,
        "cause": None,
        "workflow": None,
        "limits": [],
        "events": [],
        "webhook": None,
        "cancel_requested": False,
        "history": [
            {
                "at": "2026-01-01T12:00:01.000Z",
                "event": "claimed",
                "epoch": 1,
                "by": body["history"][0]["by"],
                "note": "",
            },
            {
                "at": "2026-01-01T12:00:01.000Z",
                "event": "succeeded",
                "epoch": 1,
                "by": body["history"][1]["by"],
                "note": "",
            },
        ],
    }


def test_a_delayed_job_says_when_it_is_due_and_until_when_it_may_start(ann: Caller):
    body = ann.post("/jobs", {"task": "add", "args": {"a": 1}, "delay": 90.5, "expires": 120}).body
    assert (body["due_at"], body["expires_at"]) == ("2026-01-01T12:01:30.500Z", "2026-01-01T12:02:00.000Z")
    assert body["state"] == "QUEUED"


def test_a_job_at_a_time_is_scheduled_for_that_time(ann: Caller):
    body = ann.post("/jobs", {"task": "add", "args": {"a": 1}, "at": "2026-01-02T01:00:00+01:00"}).body
    assert (body["state"], body["due_at"]) == ("SCHEDULED", "2026-01-02T00:00:00.000Z")


def test_a_dead_job_shows_why(desk: Desk, ann: Caller):
    job_id = ann.submit("fail", {"why": "no paper"})
    desk.work()
    body = ann.get(f"/jobs/{job_id}").body
    assert (body["state"], body["reason"]) == ("DEAD", "failed")
    assert (body["error"]["type"], body["error"]["message"]) == ("ValueError", "no paper")
    assert "raise ValueError(why)" in body["error"]["traceback"]
    assert body["error"]["fingerprint"]


def test_a_waiting_job_is_cancelled_at_once_and_asking_twice_is_asking_once(ann: Caller):
    job_id = ann.submit()
    first, second = ann.post(f"/jobs/{job_id}/cancel"), ann.post(f"/jobs/{job_id}/cancel", {})
    assert (first.status, first.body["state"]) == (200, "CANCELLED")
    again = {**second.body, "receipt": {**second.body["receipt"], "state_before": "QUEUED"}}
    assert (second.status, again) == (200, first.body)


def test_a_running_job_is_asked_to_stop(desk: Desk, ann: Caller):
    # given a job that tries to be cancelled while it runs
    job_id = ann.submit("echo", {"value": "x"})
    seen = []
    desk.parts.registry["echo"].__dict__["function"] = lambda value: seen.append(
        ann.post(f"/jobs/{job_id}/cancel")
    )

    # when it runs
    desk.work()

    # then the wish is recorded, and the success that landed first wins
    assert (seen[0].status, seen[0].body["state"], seen[0].body["cancel_requested"]) == (202, "RUNNING", True)
    assert ann.get(f"/jobs/{job_id}").body["state"] == "SUCCEEDED"


def test_a_dead_job_has_another_life_and_begins_it_anew(desk: Desk, ann: Caller):
    # given a dead job
    job_id = ann.submit("fail", {"why": "x"})
    desk.work()
    desk.world.advance(timedelta(hours=1))

    # when it is retried
    reply = ann.post(f"/jobs/{job_id}/retry")

    # then it waits again, and what its first life was is in the history only
    assert (reply.status, reply.headers["Location"]) == (202, f"/jobs/{job_id}")
    assert (reply.body["state"], reply.body["attempts"], reply.body["started_at"]) == ("QUEUED", 0, None)
    assert [entry["event"] for entry in reply.body["history"]] == ["claimed", "died", "redriven"]
    desk.work()
    assert ann.get(f"/jobs/{job_id}").body["started_at"] == "2026-01-01T13:00:00.000Z"


def test_only_a_dead_job_can_be_retried(ann: Caller):
    reply = ann.post(f"/jobs/{ann.submit()}/retry")
    assert (reply.status, reply.slug) == (409, "not-possible")


def test_jobs_are_listed_newest_first_and_filtered(desk: Desk, ann: Caller):
    # given three jobs a minute apart
    first = ann.submit("add", tags=["red"])
    desk.world.advance(timedelta(minutes=1))
    second = ann.submit("fail", {"why": "x"}, tags=["red", "blue"])
    desk.world.advance(timedelta(minutes=1))
    third = ann.submit("echo", {})
    desk.work()

    # then each filter takes what it says
    def ids(query: str) -> list[str]:
        return [job["id"] for job in ann.get(f"/jobs?{query}").body["jobs"]]

    assert ids("") == [third, second, first]
    assert ids("limit=2") == [third, second]
    assert ids("state=DEAD") == [second]
    assert ids("state=SUCCEEDED&task=add") == [first]
    assert ids("tag=red") == [second, first]
    assert ids("tag=blue") == [second]
    assert ids("since=2026-01-01T12:00:30Z") == [third, second]
    assert ids("until=2026-01-01T12:00:30Z") == [first]
    assert ids("since=2026-01-01T13:00:30%2B01:00&until=2026-01-01T12:01:30.5Z") == [second]


def test_a_list_shows_nothing_of_a_job_that_is_forgotten(desk: Desk, ann: Caller):
    ann.submit()
    desk.work()
    desk.world.advance(timedelta(days=6, hours=23))
    assert len(ann.get("/jobs").body["jobs"]) == 1
    desk.world.advance(timedelta(hours=2))
    assert ann.get("/jobs?since=2025-12-31T00:00:00Z").body == {"jobs": [], "cursor": None}
