"""All that a caller can ask of a stage, over HTTP and by nothing else."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from e2e.api import ENDED, IN_TIME, Document
from e2e.patience import until
from e2e.story import Story
from e2e.world import NAMES, World
from infra import live

story = Story("ask")

LARGE = 700_000
"""Characters: more than a row may hold."""
BATCH, SMALL_BATCH = 1000, 40
DELAY = 6.0  # seconds
PAUSED = 20.0


@story.check("it is healthy, and says what it can do in OpenAPI 3.1", quick=True)
def health(world: World) -> str:
    found = world.api.call("GET", "/health")
    assert found == {"status": "ok", "checks": {"table": "ok", "queues": "ok"}}, found
    document = world.api.call("GET", "/openapi.json")
    assert document["openapi"].startswith("3.1"), document["openapi"]
    tasks = {each["name"] for each in world.api.call("GET", "/tasks")["tasks"]}
    assert {"echo", "stumble", "mend", "count_down", "stretch_key"} <= tasks, tasks
    page = world.api.http.get("/docs")
    assert page.status_code == 200, page.status_code
    assert "text/html" in page.headers["Content-Type"], page.headers
    return f"{len(document['paths'])} paths, {len(tasks)} tasks"


@story.check("a job whose message is lost is accepted all the same (looked for below)")
def loses_a_message(world: World) -> str:
    job = world.api.submit("echo", args={"text": "found"}, lane="low", delay=20)
    world.leave("lost job", job)
    queue = world.cloud.ask("sqs").get_queue_url(QueueName=NAMES.queues["low"])["QueueUrl"]
    assert _delayed(world, queue) == 1, "its message is not there to be lost"
    world.cloud.ask("sqs").purge_queue(QueueUrl=queue)
    assert _delayed(world, queue) == 0, "the queue is not empty"
    return "its queue was purged while the message was delayed"


def _delayed(world: World, queue: str) -> int:
    name = "ApproximateNumberOfMessagesDelayed"
    found = world.cloud.ask("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
    return int(found["Attributes"][name])


@story.check("a schedule is made, for once, in two and a half minutes (looked for below)")
def scheduled(world: World) -> str:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=150)
    asked = {"id": "once", "task": "echo", "args": {"text": "scheduled"}, "at": at.isoformat()}
    made = world.api.call("POST", "/schedules", asked, status=201)
    assert world.api.call("POST", "/schedules", asked, status=201) == made, "the same again is another"
    assert world.api.call("GET", "/schedules/once/next") == {"fires": [made["next_fire"]]}
    world.leave("schedule", made["next_fire"])
    return f"for {made['next_fire']}"


@story.check("a job is submitted, watched, and succeeds", quick=True)
def watched(world: World) -> str:
    job = world.api.submit("count_down", args={"steps": 4, "seconds": 1.0})
    seen: list[str] = []
    told: set[str] = set()

    def look() -> Document:
        found = world.api.job(job)
        if not seen or seen[-1] != found["state"]:
            seen.append(found["state"])
        if found["progress"]:
            told.add(found["progress"]["message"])
        return found

    found = until(f"job {job} ends", look, lambda job: job["state"] in ENDED, within=IN_TIME, every=0.1)
    assert seen[-2:] == ["RUNNING", "SUCCEEDED"], f"it was seen {seen}: {found['error']}"
    assert found["result"] == "4 steps done", found["result"]
    assert told, "it was never seen to make progress"
    return " → ".join(seen)


@story.check("a task for the processor runs in a child process")
def in_a_child(world: World) -> None:
    args = {"passphrase": "a", "salt": "b", "rounds": 1000}
    found = world.api.succeeded(world.api.submit("stretch_key", args=args, lane="high"))
    assert len(found["result"]) == 64, found["result"]


@story.check("a task that fails twice succeeds at its third attempt", quick=True)
def retried(world: World) -> str:
    found = world.api.succeeded(world.api.submit("stumble", args={"times": 2}))
    assert (found["result"], found["attempts"]) == (3, 3), found
    events = [entry["event"] for entry in found["history"]]
    assert events.count("retry_scheduled") == 2, events
    return " ".join(events)


@story.check("a task that always fails dies, and is listed with its cause", quick=True)
def dies(world: World) -> str:
    job = world.api.submit("mend", ends="DEAD")
    found = world.api.ended(job)
    assert (found["state"], found["reason"], found["attempts"]) == ("DEAD", "failed", 2), found
    assert found["error"]["message"] == "version 1 has a bug", found["error"]
    listed = until(
        "it is listed among the dead",
        lambda: world.api.call("GET", "/dead", query={"task": "mend"})["jobs"],
        lambda jobs: job in {each["id"] for each in jobs},
        within=20,
    )
    groups = world.api.call("GET", "/dead/groups")["groups"]
    assert [(group["task"], group["count"]) for group in groups] == [("mend", 1)], groups
    world.leave("dead job", job)
    return f"{len(listed)} dead, fingerprint {found['error']['fingerprint']}"


@story.check("a job is cancelled before it starts, and while it runs")
def cancelled(world: World) -> None:
    waiting = world.api.submit("echo", args={"text": ""}, delay=30, ends="CANCELLED")
    assert world.api.call("POST", f"/jobs/{waiting}/cancel")["state"] == "CANCELLED"
    running = world.api.submit("count_down", args={"steps": 50, "seconds": 0.2}, ends="CANCELLED")
    until("it runs", lambda: world.api.job(running)["state"], "RUNNING".__eq__, within=IN_TIME)
    world.api.call("POST", f"/jobs/{running}/cancel", status=202)
    found = world.api.ended(running)
    assert found["state"] == "CANCELLED", f"{found['state']}: {found['error']}"


@story.check("a delayed job runs when it is due, and not before; one far ahead is scheduled")
def delayed(world: World) -> str:
    began = time.monotonic()
    found = world.api.succeeded(world.api.submit("echo", args={"text": "late"}, delay=DELAY))
    took = time.monotonic() - began
    assert took >= DELAY, f"it had ended after {took:.1f} s"
    late = _time(found["started_at"]) - _time(found["created_at"]) - timedelta(seconds=DELAY)
    assert late > timedelta(seconds=-0.1), f"it started {-late} early"
    far = world.api.submit("echo", args={"text": ""}, delay=86_400, ends="CANCELLED")
    assert world.api.job(far)["state"] == "SCHEDULED"
    assert world.api.call("POST", f"/jobs/{far}/cancel")["state"] == "CANCELLED"
    return f"{late.total_seconds():.1f} s after it was due"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@story.check("what no row can hold goes in and comes out by way of the bucket", quick=True)
def large(world: World) -> str:
    text = "abcdefg" * (LARGE // 7)
    job = world.api.submit("echo", args={"text": text})
    found = world.api.succeeded(job)
    assert found["result"] == text, f"the result has {len(found['result'] or '')} characters"
    bucket = NAMES.bucket(account=world.cloud.place.account, region=world.cloud.place.region)
    kept = world.cloud.ask("s3").list_objects_v2(Bucket=bucket, Prefix="payloads/").get("Contents", [])
    assert len(kept) == 2, f"{len(kept)} objects, not arguments and result"
    return f"{LARGE:,} characters each way, {sum(each['Size'] for each in kept):,} bytes stored"


@story.check("every job of one batch ends well, each with its own result", quick=True)
def batch(world: World) -> str:
    number = SMALL_BATCH if world.quick else BATCH
    began = time.monotonic()
    jobs = [{"task": "echo", "args": {"text": str(n)}, "tags": ["batch"]} for n in range(number)]
    ids = world.api.submit_many(jobs)
    accepted = time.monotonic() - began
    found = world.api.all_succeeded("batch", ids, within=60 + number / 10)
    wrong = [job_id for n, job_id in enumerate(ids) if found[job_id]["result"] != str(n)]
    assert not wrong, f"{len(wrong)} have another's result, such as {wrong[0]}"
    ended = time.monotonic() - began
    return (
        f"{number} accepted in {accepted:.1f} s, ended after {ended:.1f} s; "
        "the emulator hands out five batches of ten at a time"
    )


@story.check("the same idempotency key means the same job, and another request under it is refused")
def idempotent(world: World) -> None:
    body: dict[str, Any] = {"task": "echo", "args": {"text": "once"}}
    key = {"Idempotency-Key": "order-17"}
    first = world.api.call("POST", "/jobs", body, status=202, headers=key)["id"]
    world.api.promised[first] = "SUCCEEDED"
    world.api.succeeded(first)
    assert world.api.call("POST", "/jobs", body, status=200, headers=key)["id"] == first
    world.api.call("POST", "/jobs", {**body, "args": {"text": "twice"}}, status=409, headers=key)


@story.check("a caller that prefers to wait gets the result with the answer")
def waited(world: World) -> None:
    found = world.api.call(
        "POST", "/jobs", {"task": "echo", "args": {"text": "now"}}, headers={"Prefer": "wait=20"}
    )
    world.api.promised[found["id"]] = "SUCCEEDED"
    assert (found["state"], found["result"]) == ("SUCCEEDED", "now"), found


@story.check("jobs are listed by state and by task, and the lanes are counted")
def listed(world: World) -> None:
    dead = world.api.call("GET", "/jobs", query={"state": "DEAD"})["jobs"]
    assert {job["task"] for job in dead} == {"mend"}, dead
    stumbled = world.api.call("GET", "/jobs", query={"task": "stumble"})["jobs"]
    assert [job["state"] for job in stumbled] == ["SUCCEEDED"], stumbled
    lanes = [lane["lane"] for lane in world.api.call("GET", "/lanes")["lanes"]]
    assert lanes == ["high", "default", "low", "dead-letters"], lanes


@story.check("a lane is paused: its job waits, others run; it goes on")
def rests(world: World) -> str:
    paused = world.api.call("POST", "/lanes/low/pause")["paused"]
    (mapping,) = live.mappings(world.cloud.place, NAMES.functions["consume_low"])
    assert mapping.state == "Disabled", mapping.state
    waiting = world.api.submit("echo", args={"text": "rested"}, lane="low")
    world.api.succeeded(world.api.submit("echo", args={"text": "on"}, lane="high"))
    time.sleep(PAUSED)
    found = world.api.job(waiting)
    assert (found["state"], found["attempts"]) == ("QUEUED", 0), found
    shown = {lane["lane"]: lane for lane in world.api.call("GET", "/lanes")["lanes"]}
    assert shown["low"]["paused"] == paused, shown
    assert (shown["low"]["waiting"], shown["low"]["in_flight"]) == (1, 0), shown
    assert world.api.call("POST", "/lanes/low/resume")["paused"] is None
    assert world.api.succeeded(waiting)["attempts"] == 1
    return f"paused by {paused['by']}, {PAUSED:g} s and two sweeps, one message, no delivery"


@story.check("a consumer is refused what its policy does not grant")
def confined(world: World) -> str:
    found = world.api.succeeded(world.api.submit("trespass"))
    allowed = [name for name, answer in found["result"].items() if "Denied" not in answer]
    assert not allowed, f"a task may {', '.join(allowed)}: {found['result']}"
    return f"{', '.join(found['result'])}: all refused"
