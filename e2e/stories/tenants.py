"""Two tenants are limited by an operator while the stage runs; a third one shares their queues and never notices."""

import re
import time
from itertools import pairwise
from typing import Any

from e2e.api import IN_TIME, Api
from e2e.patience import until
from e2e.project import STAGE
from e2e.story import Story
from e2e.world import World

story = Story("tenants")
limited = Story("tenants, limited")
later = Story("tenants, later")

RATE = {"rate": {"limit": 1, "per": 3.0}, "accepted": {"limit": 5, "per": 3600.0}}
SLOTS = {"concurrency": 1}
TAG = "busy"
ASKED = 7
"""Two more than the quota has places for."""
KNOWN = 62.0
"""Seconds until every process knows of limits: each lists them once a minute."""


@story.check("two tenants get keys, and an operator sets limits for them, which they cannot themselves")
def set_up(world: World) -> str:
    for tenant, limits in (("acme", RATE), ("globex", SLOTS)):
        said = world.jobline("keys", "create", "--stage", STAGE, "--tenant", tenant, "--name", "e2e")
        (key,) = re.findall(r"^jl_\S+", said, re.MULTILINE)
        world.leave(tenant, world.api.caller(key))
        found = world.api.call("PUT", f"/tenants/{tenant}/limits", limits)
        assert {name: found[name] for name in limits} == _whole(limits), found
    world.leave("limits set", time.monotonic())
    listed = [tenant["tenant"] for tenant in world.api.call("GET", "/tenants")["tenants"]]
    assert listed == ["acme", "globex"], listed
    acme: Api = world.left("acme")
    for method, path in (
        ("GET", "/tenants"),
        ("PUT", "/tenants/acme/limits"),
        ("DELETE", "/tenants/acme/limits"),
    ):
        answer = acme.http.request(method, path, json=SLOTS if method == "PUT" else None)
        assert answer.status_code == 403, f"{method} {path} was answered {answer.status_code}"
    return f"acme {RATE}, globex {SLOTS}"


def _whole(limits: dict[str, Any]) -> dict[str, Any]:
    """As the answer shows them."""
    return {**limits, "rate": {**limits["rate"], "burst": 1}} if "rate" in limits else limits


@limited.check(
    "a tenant's rate and quota, and another's slots, hold for them; a third is neither slowed nor refused"
)
def held(world: World) -> str:
    acme, globex = world.left("acme"), world.left("globex")
    time.sleep(max(0.0, world.left("limits set") + KNOWN - time.monotonic()))
    answers = acme.call("POST", "/jobs/batch", {"jobs": [_job(0.1)] * ASKED})["jobs"]
    ids = [answer["job"]["id"] for answer in answers if answer["status"] == 202]
    acme.promised |= dict.fromkeys(ids, "SUCCEEDED")
    assert [answer["status"] for answer in answers] == [202] * 5 + [429] * 2, answers
    refused = acme.http.post("/jobs", json=_job(0.1))
    assert refused.status_code == 429, refused.text
    after = int(refused.headers["Retry-After"])
    # Of the ten slices that make an hour, the one that counted has to be over.
    assert 3600 < after <= 3600 + 360, after
    slow = globex.submit_many([_job(1.0)] * 4)
    free = world.api.submit_many([_job(1.0)] * 8)
    spans = {
        name: sorted(job["result"] for job in who.all_succeeded(TAG, jobs, within=2 * IN_TIME).values())
        for name, who, jobs in (("dev", world.api, free), ("acme", acme, ids), ("globex", globex, slow))
    }
    starts = [begun for begun, _ in spans["acme"]]
    # When a task's first line runs is the machine's business; over all of them the limit shows.
    assert starts[-1] - starts[0] > 4 * 3.0 - 2.0, spans
    assert all(before[1] <= after[0] for before, after in pairwise(spans["globex"])), spans
    beside = max(sum(one[0] <= at[0] < one[1] for one in spans["dev"]) for at in spans["dev"])
    assert beside > 1, spans
    assert spans["dev"][-1][1] < starts[-1], f"who has no limits was done after who has: {spans}"
    attempts = {job["attempts"] for who, jobs in ((acme, ids), (globex, slow)) for job in map(who.job, jobs)}
    assert attempts == {1}, attempts
    return (
        f"acme: {', '.join(f'{b - a:.1f}' for a, b in pairwise(starts))} s between its starts, Retry-After: {after}; "
        f"globex: one at a time; dev, asked last: all 8 in {spans['dev'][-1][1] - spans['dev'][0][0]:.1f} s, up to {beside} at once"
    )


def _job(seconds: float) -> dict[str, Any]:
    return {"task": "busy", "args": {"seconds": seconds}, "tags": [TAG]}


@limited.check("no tenant sees another's jobs, nor can it touch them")
def apart(world: World) -> None:
    acme, globex = world.left("acme"), world.left("globex")
    job = globex.submit("busy", args={"seconds": 0.0})
    assert acme.http.get(f"/jobs/{job}").status_code == 404
    assert world.api.http.get(f"/jobs/{job}").status_code == 404, (
        "not even an administrator of another tenant"
    )
    assert acme.http.post(f"/jobs/{job}/cancel").status_code in (403, 404)
    seen = world.api.call("POST", "/jobs/cancel", {"task": "busy", "dry_run": True})["found"]
    assert job not in {found["id"] for found in seen}, seen
    listed = {found["id"] for found in acme.call("GET", "/jobs", query={"limit": "100"})["jobs"]}
    assert len(listed) == 5, f"it sees {len(listed)} jobs, and has five"
    globex.succeeded(job)


@limited.check("an operator takes a tenant's limits away (looked for below)")
def taken_away(world: World) -> None:
    assert world.api.http.delete("/tenants/acme/limits").status_code == 204
    assert [tenant["tenant"] for tenant in world.api.call("GET", "/tenants")["tenants"]] == ["globex"]
    world.leave("limits gone", time.monotonic())


@later.check("within a minute that tenant is refused nothing any more")
def free_again(world: World) -> None:
    acme, gone = world.left("acme"), world.left("limits gone")
    answer = until(
        "a job is accepted",
        lambda: acme.http.post("/jobs", json=_job(0.0)),
        lambda answer: answer.status_code != 429,
        within=max(1.0, gone + KNOWN - time.monotonic()),
        every=1.0,
    )
    assert answer.status_code == 202, answer.text
    acme.promised[answer.json()["id"]] = "SUCCEEDED"
    acme.succeeded(answer.json()["id"])
