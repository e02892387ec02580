"""What a task may say about the flow of its jobs, and what people may do to it: each once, on the deployed thing."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from e2e.api import IN_TIME
from e2e.patience import until
from e2e.story import Story
from e2e.world import World

story = Story("control")
under_way = Story("release")
later = Story("control, later")

FIRES = 240.0
"""Seconds for a schedule that fires each minute: the tick has to see it, and puts its job up to two minutes ahead."""
RELEASE = 400.0
"""Seconds for a release: each wave waits for a tick."""
LONG = {"parts": 8, "seconds": 5.0}
"""Work of 40 seconds, where an invocation has 30."""
SOONER, LATER = 5.0, 40.0
"""Seconds by which an estimate may be wrong: what a part takes is known, how long a busy machine takes to start a function is not."""


@story.check(
    "a schedule is made, says when it will fire, and fires at once when it is told to (its next fire is looked for below)"
)
def schedule(world: World) -> str:
    body = {
        "id": "each-minute",
        "task": "chime",
        "cron": "* * * * *",
        "timezone": "Asia/Kathmandu",
    }
    world.api.call("POST", "/schedules", body, status=201)
    fires = world.api.call("GET", "/schedules/each-minute/next", query={"n": "3"})["fires"]
    assert [fire[16:] for fire in fires] == [":00.000Z"] * 3, fires
    made = world.api.call("POST", "/schedules/each-minute/fire", status=202)
    world.api.promised[made["id"]] = "SUCCEEDED"
    world.leave("told to fire", made["id"])
    world.api.succeeded(made["id"])
    return f"next at {', '.join(fire[11:16] for fire in fires)} UTC"


@story.check("a long job is begun (looked for below)")
def long_begun(world: World) -> None:
    world.leave("long job", world.api.submit("long", args=LONG, lane="low"))


@story.check(
    "a long job says how far it is and when it will be done, while it runs (the second is looked at below)"
)
def progress(world: World) -> str:
    def look() -> list[Any]:
        found = world.api.job(world.left("long job"))
        if (told := found["progress"]) and told["eta"] and told["fraction"] not in [at for at, _, _ in seen]:
            assert found["state"] == "RUNNING", found["state"]
            seen.append((told["fraction"], told["at"], told["eta"]))
        return seen

    seen: list[tuple[float, str, str]] = []
    until("it tells two parts", look, lambda told: len(told) >= 2, within=IN_TIME, every=0.5)
    assert seen == sorted(seen), f"it went back: {seen}"
    assert all(_time(eta) > _time(at) for _, at, eta in seen), f"it was to be over when it told: {seen}"
    world.leave("estimate", seen[-1][2])
    return ", ".join(f"at {fraction:.0%} done by {eta[11:19]}" for fraction, _, eta in seen)


@story.check("while a unique job is there, another request gets it; when it has ended, one of its own")
def unique(world: World) -> None:
    body = {"task": "invoice", "args": {"order": 7, "seconds": 3.0}}
    first = world.api.http.post("/jobs", json=body)
    again = world.api.http.post("/jobs", json=body)
    assert first.json()["id"] == again.json()["id"], (first.text, again.text)
    assert (first.headers.get("Jobline-Job"), again.headers.get("Jobline-Job")) == (None, "existing")
    world.api.promised[first.json()["id"]] = "SUCCEEDED"
    world.api.succeeded(first.json()["id"])
    assert world.api.submit("invoice", args={"order": 7, "seconds": 0.0}) != first.json()["id"]


@story.check("of many requests for a debounced job the last one counts")
def debounced(world: World) -> str:
    ids = {world.api.submit("index", args={"page": 1, "text": text}) for text in ("a", "ab", "abc")}
    assert len(ids) == 1, ids
    found = world.api.succeeded(ids.pop())
    assert found["result"] == "1: abc", found["result"]
    return " ".join(entry["event"] for entry in found["history"])


@story.check("a throttled task takes two jobs, and says when the third may come")
def throttled(world: World) -> str:
    for _ in range(2):
        world.api.submit("scarce")
    refused = world.api.http.post("/jobs", json={"task": "scarce"})
    assert refused.status_code == 429, refused.text
    after = int(refused.headers["Retry-After"])
    assert 500 < after <= 600, after
    return f"Retry-After: {after}"


@story.check("jobs over a rate limit wait for their moments, and no attempt is used by that")
def rate(world: World) -> str:
    ids = world.api.submit_many([{"task": "paced", "tags": ["paced"]} for _ in range(4)])
    found = world.api.all_succeeded("paced", ids, within=IN_TIME)
    times = sorted(job["result"] for job in found.values())
    # When a task's first line runs is the machine's business; over all of them the limit shows.
    assert times[-1] - times[0] > 4.0, times
    gaps = sorted(after - before for before, after in pairwise(times))
    assert gaps[1] > 0.5, f"more than one of them began together with another: {times}"
    assert {job["attempts"] for job in found.values()} == {1}, found
    return f"{', '.join(f'{after - before:.1f}' for before, after in pairwise(times))} s between them"


@story.check("an event runs each of its subscribers once, however often it is published")
def topics(world: World) -> str:
    event = {"id": "order-17-paid", "payload": {"number": 17}}
    first, again = (world.api.call("POST", "/topics/order.paid/events", event, status=202) for _ in range(2))
    assert first == again, (first, again)
    jobs = {job["task"]: job["id"] for job in first["jobs"]}
    assert set(jobs) == {"send_receipt", "audit"}, jobs
    world.api.promised |= dict.fromkeys(jobs.values(), "SUCCEEDED")
    assert world.api.succeeded(jobs["send_receipt"])["result"] == "receipt for order 17"
    assert world.api.succeeded(jobs["audit"])["result"] == "order.paid"
    heard = {topic["topic"]: topic["tasks"] for topic in world.api.call("GET", "/topics")["topics"]}
    assert heard == {"order.paid": ["send_receipt"], "order.*": ["audit"]}, heard
    return f"event {first['id']}"


@story.check("the jobs of a batch task run in one call, each with an outcome of its own")
def together(world: World) -> str:
    jobs = [
        {"task": "weigh", "args": {"thing": "feather" * number}, "tags": ["weighed"]}
        for number in range(1, 11)
    ]
    ids = world.api.submit_many(jobs)
    found = world.api.all_succeeded("weighed", ids, within=IN_TIME)
    weights = [found[job_id]["result"] for job_id in ids]
    assert [weight for weight, _ in weights] == [7 * number for number in range(1, 11)], weights
    assert max(beside for _, beside in weights) > 1, weights
    return f"up to {max(beside for _, beside in weights)} in one call"


@story.check("a paused lane runs nothing; resumed, all of it")
def paused(world: World) -> str:
    world.api.call("POST", "/lanes/high/pause")
    ids = world.api.submit_many(
        [{"task": "echo", "args": {"text": "later"}, "lane": "high", "tags": ["paused"]} for _ in range(5)]
    )
    lanes = {lane["lane"]: lane["paused"] for lane in world.api.call("GET", "/lanes")["lanes"]}
    assert lanes["high"], lanes
    assert not lanes["low"], lanes
    echo = world.api.submit("echo", args={"text": "now"})
    world.api.succeeded(echo)
    states = {job["state"] for job in world.api.tagged("paused")}
    assert states == {"QUEUED"}, states
    world.api.call("POST", "/lanes/high/resume")
    world.api.all_succeeded("paused", ids, within=IN_TIME)
    return f"by {lanes['high']['by']}"


@story.check("jobs over a concurrency limit wait for a slot, and no attempt is used by that")
def slots(world: World) -> str:
    ids = world.api.submit_many(
        [{"task": "alone", "args": {"seconds": 1.0}, "tags": ["alone"]} for _ in range(4)]
    )
    found = world.api.all_succeeded("alone", ids, within=2 * IN_TIME)
    spans = sorted(job["result"] for job in found.values())
    overlaps = [after[0] - before[1] for before, after in pairwise(spans)]
    assert min(overlaps) >= 0, spans
    assert {job["attempts"] for job in found.values()} == {1}, found
    return f"one at a time, {', '.join(f'{gap:.1f}' for gap in overlaps)} s between them"


@story.check("jobs of one ordered group run one at a time, in the order in which they were accepted")
def ordered(world: World) -> str:
    jobs = [
        {"task": "post", "args": {"account": "a", "number": number}, "tags": ["posted"]}
        for number in range(6)
    ]
    ids = world.api.submit_many(jobs)
    found = world.api.all_succeeded("posted", ids, within=2 * IN_TIME)
    spans = [found[job_id]["result"] for job_id in ids]
    assert all(before[1] <= after[0] for before, after in pairwise(spans)), spans
    return f"six in {spans[-1][1] - spans[0][0]:.1f} s"


@story.check("a webhook's address inside the network is refused")
def guarded(world: World) -> str:
    hosts = ("169.254.169.254", "localhost", "10.0.0.1", "[::1]", "2130706433")
    answers = {host: world.api.http.post("/webhooks", json={"url": f"https://{host}/hook"}) for host in hosts}
    wrong = {host: answer.text for host, answer in answers.items() if answer.status_code != 422}
    assert not wrong, wrong
    return ", ".join(hosts)


@story.check("jobs die of a bug, to be released when it is mended (looked for below)")
def die(world: World) -> None:
    ids = [world.api.submit("mend", ends="SUCCEEDED") for _ in range(3)]
    for job in ids:
        assert world.api.ended(job)["state"] == "DEAD"
    world.leave("to release", ids)


@under_way.check("a release of dead jobs is tried dry, and begun")
def released(world: World) -> str:
    wanted = {"task": "mend", "stop_at": 50}
    until(
        "the index knows all dead",
        lambda: world.api.call("POST", "/dead/releases", {**wanted, "dry_run": True}),
        lambda found: found["jobs"] >= len(world.left("to release")),
        within=20,
    )
    made = world.api.call("POST", "/dead/releases", wanted, status=201)
    world.leave("release", made["id"])
    return f"release {made['id']}, rate {made['rate']} a minute"


@later.check("the release has gone out in waves, and all its jobs succeeded")
def release_done(world: World) -> str:
    found = until(
        "the release is done",
        lambda: world.api.call("GET", f"/dead/releases/{world.left('release')}"),
        lambda release: release["state"] != "running",
        within=RELEASE,
        every=2.0,
    )
    assert found["state"] == "done", found
    assert found["succeeded"] == found["redriven"] >= len(world.left("to release")), found
    for job in world.left("to release"):
        assert world.api.job(job)["state"] == "SUCCEEDED"
    return f"{found['redriven']} jobs; {found['why']}"


@later.check("the long job went on in another invocation, and did no part twice")
def long_ended(world: World) -> str:
    found = world.api.succeeded(world.left("long job"), within=LONG["parts"] * LONG["seconds"] + IN_TIME)
    assert [part.rpartition(" in ")[0] for part in found["result"]] == [
        f"part {number}" for number in range(int(LONG["parts"]))
    ], found["result"]
    epochs = {part.rpartition(" ")[2] for part in found["result"]}
    assert len(epochs) > 1, f"all in epoch {epochs}"
    assert found["attempts"] == 1, found["attempts"]
    return f"{len(epochs)} invocations, one attempt"


@later.check("it was done about when it had said, and says no more when it will be")
def estimated(world: World) -> str:
    found = world.api.job(world.left("long job"))
    late = (_time(found["finished_at"]) - _time(world.left("estimate"))).total_seconds()
    # Another invocation has to be started, which nobody can foresee; what was said is the work alone.
    assert -SOONER < late < LATER, f"{late:.1f} s after what it had said"
    assert found["progress"] is None or found["progress"]["eta"] is None, found["progress"]
    return f"{late:.1f} s after what it had said"


@later.check("the schedule fires each minute, once, to the second; after it was deleted, no more")
def fired(world: World) -> str:
    def chimes() -> list[Any]:
        jobs = world.api.call("GET", "/jobs", query={"task": "chime", "limit": "100"})["jobs"]
        return [job for job in jobs if job["id"] != world.left("told to fire")]

    def over() -> list[Any]:
        return [job for job in chimes() if job["state"] == "SUCCEEDED"]

    found = until("two fires", over, lambda jobs: len(jobs) >= 2, within=FIRES, every=2.0)
    world.api.call("DELETE", "/schedules/each-minute")
    ahead = [job for job in chimes() if job["state"] == "CANCELLED"]
    world.api.promised |= {job["id"]: job["state"] for job in ahead}
    world.api.promised |= {job["id"]: "SUCCEEDED" for job in chimes() if job not in ahead}
    minutes = [job["created_at"] for job in found]
    assert len(set(minutes)) == len(minutes), f"a minute fired twice: {minutes}"
    late = [(_time(job["started_at"]) - _time(job["created_at"])).total_seconds() for job in found]
    assert min(late) > -0.1, f"started early: {late}"
    return f"{', '.join(f'{seconds:.1f} s' for seconds in late)} after their minute; {len(ahead)} that were ahead are cancelled"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
