"""One tenant never meets another: not by id, not in a list, not by a key, not by a filter, not by a wish in the body."""

import pytest

from chalicelib.entrypoints.api.routes import ROUTES
from tests.api.desk import Caller, Desk

UNKNOWN = "01KDWPVNG0FMNSVKE1CC0RQBKJ"


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if "id" in route.names], ids=lambda route: route.path
)
@pytest.mark.parametrize("state", ["QUEUED", "SUCCEEDED", "DEAD", "CANCELLED"])
def test_a_foreign_job_is_answered_as_one_that_never_was(desk: Desk, ann: Caller, bob: Caller, route, state):
    # given a job of ann's
    job_id = ann.submit("fail", {"why": "x"}) if state == "DEAD" else ann.submit()
    if state == "CANCELLED":
        ann.post(f"/jobs/{job_id}/cancel")
    if state in ("SUCCEEDED", "DEAD"):
        desk.work()
    before = desk.row(job_id)
    assert before.state == state

    # when bob asks for it, and for one that never was
    foreign = bob.ask(route.method, route.path.replace("{id}", job_id), route.example)
    unknown = bob.ask(route.method, route.path.replace("{id}", UNKNOWN), route.example)

    # then but for the id the answers are the same, and the job is untouched
    def blurred(reply):
        body = {**reply.body, "request_id": "", "detail": reply.body["detail"].replace(job_id, UNKNOWN)}
        headers = {name: value for name, value in reply.headers.items() if name != "X-Request-Id"}
        return reply.status, body, headers

    assert foreign.status == 404
    assert blurred(foreign) == blurred(unknown)
    assert desk.row(job_id) == before


def test_lists_show_a_tenants_own_jobs_only(desk: Desk, ann: Caller, bob: Caller):
    mine, dead = ann.submit(), ann.submit("fail", {"why": "x"})
    theirs = bob.submit("fail", {"why": "x"})
    desk.work()
    assert {job["id"] for job in ann.get("/jobs").body["jobs"]} == {mine, dead}
    assert {job["id"] for job in bob.get("/jobs").body["jobs"]} == {theirs}
    assert [job["id"] for job in ann.get("/dead").body["jobs"]] == [dead]
    assert [group["count"] for group in bob.get("/dead/groups").body["groups"]] == [1]


def test_a_redrive_by_filter_takes_a_tenants_own_jobs_only(desk: Desk, ann: Caller, bob: Caller):
    mine, theirs = ann.submit("fail", {"why": "x"}), bob.submit("fail", {"why": "x"})
    desk.work()
    reply = ann.post("/dead/redrive", {})
    assert [job["id"] for job in reply.body["redriven"]] == [mine]
    assert desk.row(theirs).state == "DEAD"


def test_the_same_idempotency_key_of_two_tenants_is_two_keys(ann: Caller, bob: Caller):
    headers = {"Idempotency-Key": "order-17"}
    mine = ann.post("/jobs", {"task": "add", "args": {"a": 1}}, headers=headers)
    theirs = bob.post("/jobs", {"task": "add", "args": {"a": 2}}, headers=headers)
    assert (mine.status, theirs.status) == (202, 202)
    assert mine.body["id"] != theirs.body["id"]
    assert (mine.body["tenant"], theirs.body["tenant"]) == ("ann", "bob")


def test_a_page_of_one_tenant_goes_on_behind_the_jobs_of_others(ann: Caller, bob: Caller):
    # given one job of bob's before and one behind sixty of ann's
    first = bob.submit()
    for _ in range(60):
        ann.submit()
    last = bob.submit()

    # when bob reads page by page, one job a page
    seen, cursor = [], ""
    for _ in range(5):
        page = bob.get(f"/jobs?limit=1{cursor}").body
        seen += [job["id"] for job in page["jobs"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"

    # then he sees his own
    assert sorted(seen) == sorted([first, last])
