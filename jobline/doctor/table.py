"""The table, which is the truth: its keys and its index, and what protects it."""

from collections.abc import Iterator
from typing import Any

from chalicelib.adapters.aws.keys import INDEX
from jobline.doctor.finding import Fix, Seen, check, fail, ok
from jobline.doctor.live import Live

KEYS = [("pk", "HASH"), ("sk", "RANGE")]
INDEX_KEYS = [("attention", "HASH"), ("attention_at", "RANGE")]
TTL = "ttl"
DEPLOY = "python -m infra deploy --stage STAGE: the template has it; somebody changed the table by hand."


@check(
    "table keys",
    why="Every address is worked out from the keys, and what needs somebody is found by the index alone.",
    mend="A table of other keys is another table: restore the right one under this name (docs/operations.md, Disaster recovery).",
)
def keys(live: Live) -> Iterator[Seen]:
    table = live.table
    has = _keys(table)
    yield ok(f"keys {_told(has)}") if has == KEYS else fail(f"keys {_told(has)}, not {_told(KEYS)}")
    indexes = {each["IndexName"]: each for each in table.get("GlobalSecondaryIndexes", [])}
    if INDEX not in indexes:
        yield fail(f"no index {INDEX}")
        return
    has, status = _keys(indexes[INDEX]), indexes[INDEX].get("IndexStatus", "ACTIVE")
    right = has == INDEX_KEYS and status == "ACTIVE"
    told = f"index {INDEX} on {_told(has)}, {status}"
    yield ok(told) if right else fail(told)


def _keys(of: Any) -> list[tuple[str, str]]:
    return [(each["AttributeName"], each["KeyType"]) for each in of["KeySchema"]]


def _told(keys: list[tuple[str, str]]) -> str:
    return " + ".join(name for name, _ in keys)


@check(
    "table TTL",
    why="Without it nothing that is over is ever deleted, and the table grows, and its bill.",
    mend=DEPLOY,
)
def ttl(live: Live) -> Iterator[Seen]:
    table = live.names.table
    found = live.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    status, attribute = found["TimeToLiveStatus"], found.get("AttributeName", TTL)
    if status in ("ENABLED", "ENABLING") and attribute == TTL:
        yield ok(f"on {TTL}")
    elif attribute != TTL:
        yield fail(f"on {attribute}, not on {TTL}")
    else:
        specification = {"AttributeName": TTL, "Enabled": True}
        yield fail(
            f"is {status}",
            Fix(
                what=f"let DynamoDB delete rows of {table} whose `{TTL}` is past",
                do=lambda: live.client("dynamodb").update_time_to_live(
                    TableName=table, TimeToLiveSpecification=specification
                ),
            ),
        )


@check(
    "table recovery",
    why="Point-in-time recovery is the only way back from a bad deploy or a wrong hand that wrote over rows.",
    mend=DEPLOY,
)
def recovery(live: Live) -> Iterator[Seen]:
    table, dynamodb = live.names.table, live.client("dynamodb")
    found = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    status = found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    if status == "ENABLED":
        yield ok("to any second of the last days")
        return
    yield fail(
        "point-in-time recovery is off",
        Fix(
            what=f"turn point-in-time recovery of {table} on (it costs by the gigabyte)",
            do=lambda: dynamodb.update_continuous_backups(
                TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            ),
        ),
    )


@check(
    "table protection",
    why="Without deletion protection one wrong command deletes every job that there is.",
    mend=DEPLOY,
)
def protection(live: Live) -> Iterator[Seen]:
    table = live.names.table
    if live.table.get("DeletionProtectionEnabled"):
        yield ok("cannot be deleted by mistake")
        return
    yield fail(
        "can be deleted by mistake",
        Fix(
            what=f"turn deletion protection of {table} on",
            do=lambda: live.client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=True),
        ),
    )


CHECKS = (keys, ttl, recovery, protection)
