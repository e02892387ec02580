"""A stage is taken down: Chalice takes what is its own, the stack and the data stay; then the rest goes."""

from typing import Any

from e2e.project import STAGE
from e2e.story import Story
from e2e.world import NAMES, World

story = Story("end")

DATA = ("table", "bucket")


def standing(world: World) -> dict[str, list[str]]:
    """What there is of anything, by kind."""
    ask = world.cloud.ask
    found: dict[str, list[str]] = {
        "function": _names(ask("lambda").list_functions()["Functions"], "FunctionName"),
        "mapping": _names(ask("lambda").list_event_source_mappings()["EventSourceMappings"], "UUID"),
        "rule": _names(ask("events").list_rules()["Rules"], "Name"),
        "API": _names(ask("apigateway").get_rest_apis()["items"], "name"),
        "role": _names(ask("iam").list_roles()["Roles"], "RoleName"),
        "queue": list(ask("sqs").list_queues().get("QueueUrls", [])),
        "topic": _names(ask("sns").list_topics()["Topics"], "TopicArn"),
        "log group": _names(ask("logs").describe_log_groups()["logGroups"], "logGroupName"),
        "alarm": _names(ask("cloudwatch").describe_alarms()["MetricAlarms"], "AlarmName"),
        "dashboard": _names(ask("cloudwatch").list_dashboards()["DashboardEntries"], "DashboardName"),
        "table": list(ask("dynamodb").list_tables()["TableNames"]),
        "bucket": _names(ask("s3").list_buckets()["Buckets"], "Name"),
    }
    return {kind: names for kind, names in found.items() if names}


def _names(found: list[dict[str, Any]], key: str) -> list[str]:
    return sorted(each[key] for each in found)


OURS, CHALICES = (
    ("queue", "topic", "log group", "alarm", "dashboard", *DATA),
    ("function", "mapping", "rule", "API", "role"),
)
"""What the stack makes, and what Chalice makes."""


@story.check("chalice delete leaves nothing of its own; the stack and its rows stay", quick=True)
def deleted(world: World) -> str:
    before, rows = standing(world), _count(world)
    assert set(CHALICES) <= before.keys(), f"there was no {set(CHALICES) - before.keys()}"
    world.chalice("delete", "--stage", STAGE)
    after = standing(world)
    left = {kind: after[kind] for kind in CHALICES if kind in after}
    assert not left, f"left behind: {left}"
    gone = {kind: before[kind] for kind in OURS if before.get(kind) != after.get(kind)}
    assert not gone, f"it took the stack's: {gone}"
    assert _count(world) == rows, f"{rows} rows before, {_count(world)} after"
    return f"{rows} rows stay"


def _count(world: World) -> int:
    pages = world.cloud.ask("dynamodb").get_paginator("scan").paginate(TableName=NAMES.table, Select="COUNT")
    return sum(page["Count"] for page in pages)


@story.check("python -m infra destroy takes the stack; the table and the bucket stay")
def destroyed(world: World) -> None:
    world.infra("destroy", "--stage", STAGE, "--yes")
    left = standing(world)
    assert set(left) == set(DATA), f"left: {left}"
    assert left["table"] == [NAMES.table], left["table"]


@story.check("with --yes-delete-data nothing is left at all", quick=True)
def forgotten(world: World) -> None:
    world.infra("destroy", "--stage", STAGE, "--yes", "--yes-delete-data")
    left = standing(world)
    assert not left, f"left: {left}"
    assert not (world.project / ".chalice" / "deployed" / f"{STAGE}.json").exists(), (
        "Chalice's memory is left"
    )
