"""Many jobs at once are cancelled by a filter: looked at first, then done, page by page, each with its receipt."""

from typing import Any

from e2e.api import IN_TIME
from e2e.patience import until
from e2e.story import Story
from e2e.world import World

story = Story("cancel by filter")

TAG = "unwanted"
FILTER = {"tag": TAG}
WAITING, PAGE = 5, 4
DELAY = 90
"""Seconds: longer than this story takes. Their messages come when it is over, and find nothing to do."""


@story.check("a dry run says which jobs it would be, and does nothing")
def tried(world: World) -> str:
    waiting = world.api.submit_many(
        [{"task": "echo", "args": {"text": ""}, "delay": DELAY, "tags": [TAG]} for _ in range(WAITING)],
        ends="CANCELLED",
    )
    runs = world.api.submit(
        "count_down", args={"steps": 100, "seconds": 0.2}, tags=[TAG], lane="high", ends="CANCELLED"
    )
    spared = world.api.submit("echo", args={"text": "spared"}, delay=5, tags=["wanted"])
    until("it says how far it is", lambda: world.api.job(runs)["progress"], bool, within=IN_TIME)
    would = world.api.call("POST", "/jobs/cancel", {**FILTER, "dry_run": True})
    assert {job["id"] for job in would["found"]} == {*waiting, runs}, would
    assert (would["dry_run"], would["cancelled"], would["refused"]) == (True, [], []), would
    states = {job["id"]: job["state"] for job in world.api.tagged(TAG)}
    assert states == {**dict.fromkeys(waiting, "QUEUED"), runs: "RUNNING"}, states
    for name, left in (("waiting", waiting), ("running", runs), ("spared", spared)):
        world.leave(f"unwanted, {name}", left)
    return f"{len(states)} jobs, none of them touched"


@story.check(
    "then it is done, page by page: what waits is cancelled, what runs is asked to stop, each has a receipt"
)
def done(world: World) -> str:
    waiting, runs = world.left("unwanted, waiting"), world.left("unwanted, running")
    receipts: dict[str, Any] = {}
    pages, cursor = 0, None
    while cursor or not pages:
        body = {**FILTER, "limit": PAGE, **({"cursor": cursor} if cursor else {})}
        answer = world.api.call("POST", "/jobs/cancel", body)
        assert answer["refused"] == [], answer["refused"]
        assert len(answer["cancelled"]) <= PAGE, f"{len(answer['cancelled'])} in a page of {PAGE}"
        receipts |= {job["id"]: job["receipt"] for job in answer["cancelled"]}
        pages, cursor = pages + 1, answer["cursor"]
        assert pages <= WAITING, "it has no end"
    assert receipts.keys() == {*waiting, runs}, receipts
    told = {(receipts[job]["outcome"], receipts[job]["state_before"]) for job in waiting}
    assert told == {("cancelled", "QUEUED")}, told
    asked = receipts[runs]
    assert (asked["outcome"], asked["state_before"], asked["attempts"]) == ("asked", "RUNNING", 1), asked
    assert asked["may_still_succeed"], asked
    assert asked["progress"]["message"].startswith("step "), asked
    return f"{len(receipts)} in {pages} pages; the one that ran had said {asked['progress']['message']!r}"


@story.check("all of them are cancelled, others are not, and there is nothing left to cancel")
def over(world: World) -> None:
    stopped = world.api.ended(world.left("unwanted, running"))
    assert stopped["state"] == "CANCELLED", f"{stopped['state']}: {stopped['error']}"
    states = {job["state"] for job in world.api.tagged(TAG)}
    assert states == {"CANCELLED"}, states
    again = world.api.call("POST", "/jobs/cancel", FILTER)
    assert (again["cancelled"], again["refused"], again["cursor"]) == ([], [], None), again
    assert world.api.succeeded(world.left("unwanted, spared"))["result"] == "spared"


@story.check("a filter that names nothing is refused, and so is a state in which jobs have ended")
def guarded(world: World) -> None:
    for body in ({}, {"since": "2020-01-01T00:00:00Z"}, {"state": "SUCCEEDED"}):
        answer = world.api.http.post("/jobs/cancel", json=body)
        assert answer.status_code == 422, f"{body} was answered {answer.status_code}: {answer.text[:300]}"
