"""Looked at from behind: the schedule, the rows, the queues, the logs, where callers cannot see."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chalicelib.adapters.aws.rows import from_item
from chalicelib.domain.job import Job
from e2e.patience import until
from e2e.project import VISIBILITY
from e2e.story import Story
from e2e.world import NAMES, World
from infra.names import API, FED_BY
from tests.support.invariants import check_row

schedule = Story("schedule")
story = Story("evidence")

TICKS = 150.0
"""Seconds for two ticks of a minute each, and for what they wake: one tick finds a job, perhaps only the next one's time has come."""
QUIET = VISIBILITY + 30.0
"""Seconds for the queues to be empty: a message that was given back hides that long."""
PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
"""Lambda's own lines."""


@schedule.check("the schedule ticks by itself")
def ticks(world: World) -> str:
    lines = until(
        "the rule invokes the tick",
        lambda: [line for line in told(world, "tick") if line.get("action") == "tick"],
        bool,
        within=TICKS,
        every=2.0,
    )
    return f"{len(lines)} ticks, by the emulator's own EventBridge: it looks every 10 s"


@schedule.check("a job whose message was lost is found by the sweep, and succeeds")
def swept(world: World) -> str:
    job = world.left("lost job")
    found = world.api.succeeded(job, within=TICKS)
    assert found["result"] == "found", found["result"]
    woken = sum(line.get("woken", 0) for line in told(world, "tick") if line.get("action") == "tick")
    assert woken, "no tick says that it woke a job"
    return f"due {found['created_at']} + 20 s, started {found['started_at']}"


@schedule.check("a schedule has fired once, at its time")
def fired(world: World) -> str:
    at = world.left("schedule")
    found = until(
        "the schedule fires",
        lambda: world.api.call("GET", "/schedules/once"),
        lambda found: found["state"] == "finished",
        within=TICKS + 60.0,
        every=2.0,
    )
    assert found["last_fire"] == at, found
    jobs = world.api.call("GET", "/jobs", query={"task": "echo", "since": at, "limit": "100"})["jobs"]
    mine = [job for job in jobs if job["args"] == {"text": "scheduled"}]
    assert [job["created_at"] for job in mine] == [at], f"{len(mine)} jobs have that fire time"
    world.api.promised[mine[0]["id"]] = "SUCCEEDED"
    started = world.api.succeeded(mine[0]["id"])["started_at"]
    world.api.call("DELETE", "/schedules/once")
    return f"due {at}, started {started}"


@story.check("every job that was accepted has its row, whole and sound, and ended as it had to", quick=True)
def ledger(world: World) -> str:
    promised = world.api.promised
    found = until(
        "all rows have ended and owe nothing",
        lambda: _rows(world),
        lambda rows: all(job.finished for job in rows.values()),
        within=QUIET,
        every=1.0,
    )
    lost = promised.keys() - found.keys()
    assert not lost, f"{len(lost)} of {len(promised)} accepted jobs have no row, such as {min(lost)}"
    stray = {job for job in found.keys() - promised.keys() if found[job].workflow not in found}
    assert not stray, f"{len(stray)} rows are of jobs that nobody submitted, such as {min(stray)}"
    wrong = {job: found[job] for job, state in promised.items() if found[job].state.value != state}
    assert not wrong, f"{len(wrong)} ended otherwise than they had to, such as {next(iter(wrong.values()))}"
    for job in found.values():
        check_row(job)
    ended = Counter(job.state.value.lower() for job in found.values())
    told_ended = " ".join(f"{state}={number}" for state, number in sorted(ended.items()))
    return f"accepted={len(promised)} {told_ended} lost=0"


def _rows(world: World) -> dict[str, Job]:
    """Every job's row, straight from the table."""
    pages = (
        world.cloud.ask("dynamodb").get_paginator("scan").paginate(TableName=NAMES.table, ConsistentRead=True)
    )
    items = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("job#")]
    return {job.id: job for job in map(from_item, items)}


@story.check("all queues are empty, and nothing was undeliverable", quick=True)
def queues(world: World) -> None:
    until(
        "the queues are empty",
        lambda: {name: number for name, number in _depths(world).items() if number},
        lambda full: not full,
        within=QUIET,
        every=1.0,
    )


def _depths(world: World) -> dict[str, int]:
    sqs, counts = world.cloud.ask("sqs"), {}
    for name in (*NAMES.queues.values(), NAMES.undelivered):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        counts[name] = sum(
            int(found[f"ApproximateNumberOfMessages{which}"]) for which in ("", "NotVisible", "Delayed")
        )
    return counts


@story.check("each function's log is JSON, line by line, and no function failed", quick=True)
def logs(world: World) -> str:
    counts = {}
    for function in (API, *FED_BY, "tick"):
        lines = list(raw(world, function))
        ours = [line for line in lines if not line.startswith(PLATFORM)]
        plain = [line for line in ours if not line.startswith("{")]
        assert not plain, f"{NAMES.functions[function]} wrote what is no JSON: {plain[0][:300]}"
        read = [json.loads(line) for line in ours]
        bad = [line for line in read if line.get("level") in ("ERROR", "CRITICAL") or "errorType" in line]
        assert not bad, f"{NAMES.functions[function]} failed: {bad[0]}"
        counts[function] = len(read)
    for needed in (API, "consume_default"):
        assert counts[needed], f"{NAMES.functions[needed]} has logged nothing"
    return " ".join(f"{name}={number}" for name, number in counts.items())


@story.check("a job's lines are found by its id, and the metrics are in the log", quick=True)
def observed(world: World) -> str:
    lines = told(world, "consume_default")
    ran = {line["job_id"] for line in lines if "job_id" in line}
    parts = {line["job_id"] for line in lines if "job_id" in line and "workflow" in line}
    assert ran - parts <= world.api.promised.keys(), "lines of jobs that nobody submitted"
    assert ran, "no line has a job's id"
    documents = [line for line in lines if "_aws" in line]
    assert documents, "no line is a metric"
    found = {
        metric["Name"]
        for document in documents
        for directive in document["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
    assert all(d["service"] == NAMES.prefix for d in documents), documents[0]["service"]
    return f"lines of {len(ran)} jobs, {len(documents)} EMF documents: {', '.join(sorted(found))}"


def told(world: World, function: str) -> list[dict[str, Any]]:
    """What a function has logged itself, as far as it is JSON."""
    found = (line for line in raw(world, function) if line.startswith("{"))
    return [json.loads(line) for line in found]


def raw(world: World, function: str) -> Iterator[str]:
    """Every line of its log group."""
    pages = world.cloud.ask("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=NAMES.log_groups[function]):
        for event in page["events"]:
            yield event["message"].rstrip("\n")
