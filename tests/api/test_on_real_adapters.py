"""The same doors before the real adapters: a life of many jobs, told over HTTP, kept in DynamoDB and SQS as moto plays them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from chalicelib import wiring
from chalicelib.adapters import json_log
from chalicelib.entrypoints.api.cursor import wrap
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.messages import decode
from tests.api.desk import Caller, Desk
from tests.contract.backends import Aws, in_process

SEEDS = count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with in_process() as aws:
        yield aws


@pytest.fixture
def desk(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(json_log, "configure", lambda: None)
    ports = ("store", "keys", "payloads", "queue", "api_keys", "quarantine")
    # The table outlives the desk: each has ids of its own.
    desk = Desk(next(SEEDS), **{port: getattr(aws, port) for port in ports})
    wiring.use(desk.parts)
    yield desk
    wiring.use(None)


def _work(desk: Desk, aws: Aws) -> None:
    while found := aws.receive("default"):
        for message in found:
            ends = desk.world.now() + timedelta(seconds=60)
            assert execute(
                decode(message.body, "default"), ends=ends, receipt=message.receipt, parts=desk.parts
            )
            aws.delete("default", message.receipt)


def _pages(caller: Caller, path: str, limit: int) -> list[str]:
    seen: list[str] = []
    cursor = ""
    for _ in range(200):
        body = caller.get(f"{path}limit={limit}{cursor}").body
        seen += [job["id"] for job in body["jobs"]]
        if body["cursor"] is None:
            return seen
        cursor = f"&cursor={body['cursor']}"
    raise AssertionError("the pages do not end")


def test_many_jobs_live_their_lives(desk: Desk, aws: Aws, ann: Caller, bob: Caller):
    # given thirty jobs of ann's, ten of which fail, and ten failing ones of bob's
    good = [{"task": "add", "args": {"a": number}} for number in range(20)]
    bad = [{"task": "fail", "args": {"why": "x"}}] * 10
    mine = [entry["job"]["id"] for entry in ann.post("/jobs/batch", {"jobs": [*good, *bad]}).body["jobs"]]
    theirs = [entry["job"]["id"] for entry in bob.post("/jobs/batch", {"jobs": bad}).body["jobs"]]

    # when they have run
    assert ann.get("/lanes").body["lanes"][1]["waiting"] == 40
    _work(desk, aws)

    # then all is told, in pages of any size, to each his own
    assert sorted(_pages(ann, "/jobs?", 7)) == sorted(mine)
    assert sorted(_pages(ann, "/jobs?state=DEAD&", 4)) == sorted(mine[20:])
    for limit in (1, 3, 100):
        assert sorted(_pages(ann, "/dead?", limit)) == sorted(mine[20:])
    assert sorted(_pages(bob, "/dead?", 5)) == sorted(theirs)
    assert [group["count"] for group in ann.get("/dead/groups").body["groups"]] == [10]
    assert ann.get(f"/jobs/{mine[5]}").body["result"] == 6
    assert bob.get(f"/jobs/{mine[5]}").status == 404

    # and the dead have another life
    dry = ann.post("/dead/redrive", {"limit": 6, "dry_run": True}).body
    done = ann.post("/dead/redrive", {"limit": 6}).body
    assert (len(dry["redriven"]), dry["more"], len(done["redriven"]), done["more"]) == (6, True, 6, True)
    assert len(_pages(ann, "/dead?", 100)) == 4


def test_one_job_with_all_that_a_request_can_hold(desk: Desk, aws: Aws, ann: Caller):
    headers = {"Idempotency-Key": "schluessel-\u007e1", "Prefer": "wait=1"}
    body = {
        "task": "echo",
        "args": {"value": "x" * 300_000},
        "tags": ["large", "\u00fcber"],
        "max_attempts": 2,
        "expires": 900,
    }
    first, second = ann.post("/jobs", body, headers=headers), ann.post("/jobs", body, headers=headers)
    assert (first.status, second.status, first.body) == (202, 202, second.body)
    assert ann.post("/jobs", {**body, "tags": []}, headers=headers).status == 409
    _work(desk, aws)
    found = ann.get("/jobs?tag=%C3%BCber&state=SUCCEEDED").body["jobs"]
    assert [job["id"] for job in found] == [first.body["id"]]
    whole = ann.get(f"/jobs/{first.body['id']}").body
    assert whole["result"] == whole["args"]["value"] == "x" * 300_000


def test_cancel_and_schedule(desk: Desk, ann: Caller):
    job_id = ann.post("/jobs", {"task": "add", "args": {"a": 1}, "at": "2026-03-01T00:00:00Z"}).body["id"]
    assert ann.get(f"/jobs/{job_id}").body["state"] == "SCHEDULED"
    assert ann.post(f"/jobs/{job_id}/cancel").body["state"] == "CANCELLED"
    assert ann.post(f"/jobs/{job_id}/retry").status == 409


def test_health_is_what_the_services_say(desk: Desk):
    assert desk.nobody().get("/health").status == 200


@pytest.mark.parametrize(
    "place",
    [
        "dead#0",
        "dead#0 ",
        "dead#0   ",
        "dead#9  ",
        "due#0  ",
        "dead#0 1 ",
        "dead#0 x 01KDWPVNG0FMNSVKE1CC0RQBKJ",
        "x",
        "dead#0 -1 01KDWPVNG0FMNSVKE1CC0RQBKJ",
        "dead#0 1 01kdwpvng0fmnsvke1cc0rqbkj",
        "dead#0 1 x",
        " ",
        "٣",
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(ann: Caller, place: str):
    reply = ann.get(f"/dead?cursor={wrap(place)}")
    assert (reply.status, reply.argument) == (422, "cursor")
