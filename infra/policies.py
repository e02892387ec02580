"""What each Lambda function may do, and no more: one IAM policy a function and stage, written to .chalice/policies/.

    python -m infra policies        after a change here, or of a stage's names in .chalice/config.json

Chalice's own generator reads nothing but app.py and grants every call on every resource; hence `autogen_policy: false` there.
Names follow from app and stage, so the files hold no account and no region. They are committed: a reader, and a review, sees
what a function may do.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib.lanes import DECLARED, LANES
from chalicelib.settings import Settings
from infra.config import CONFIG
from infra.names import API, DEAD_LETTERS, Names
from infra.own_key import VARIABLE as OWN_KEY

ROWS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
POLLING = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
"""What Lambda's poller does in the function's name:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions"""

TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")

Statement = Mapping[str, Any]

_OURS = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}


def policy(
    function: str,
    *,
    app: str,
    stage: str,
    bucket: str | None = None,
    seal_key: str | None = None,
    open_keys: Sequence[str] = (),
    data_key: str | None = None,
) -> dict[str, Any]:
    """The policy document of one of this stage's functions. KeyError for a function that is not ours."""
    prefix = f"{app}-{stage}"
    lanes = [_queue(prefix, lane) for lane in LANES]
    dead = _queue(prefix, DEAD_LETTERS)
    sending = _allow("Send", ["sqs:GetQueueUrl", "sqs:SendMessage"], lanes)
    depths = [
        _allow("Depths", ["sqs:GetQueueAttributes"], [*lanes, dead]),
        _allow("FindDeadLetters", ["sqs:GetQueueUrl"], [dead]),
    ]
    # All of them: whoever performs what a finished job owes reads its result, and makes the next job of it.
    accepting = [
        _rows(prefix),
        sending,
        *_payloads(bucket or _any_bucket(app, stage)),
        *_sealing(prefix, seal_key, open_keys),
        *_at_rest(data_key),
    ]

    def consumer(lane: str) -> list[Statement]:
        return [
            _allow("Receive", [*POLLING, "sqs:ChangeMessageVisibility"], [_queue(prefix, lane)]),
            *accepting,
            _inputs(bucket or _any_bucket(app, stage)),
            _items_gone(prefix),
            _items_listed(prefix),
            _outside(app, stage),
        ]

    grants: Mapping[str, list[Statement]] = {
        API: [
            *accepting,
            _lists(prefix),
            _lists_of_dead(prefix),
            _items_gone(prefix),
            *depths,
            *_feeds(prefix),
        ],
        **{lane.consumer: consumer(lane.name) for lane in DECLARED},
        "tick": [
            *accepting,
            _lists_of_dead(prefix),
            _lists(prefix),
            _items_gone(prefix),
            *_feeds(prefix),
        ],
        "dead_letters": [_allow("Receive", POLLING, [dead]), *accepting, _items_listed(prefix)],
    }
    return {
        "Version": "2012-10-17",
        "Statement": [*grants[function], _credentials_stay(prefix), _logs(app, stage, function), _traces()],
    }


def _rows(prefix: str) -> Statement:
    return _allow("Rows", ROWS, [f"arn:aws:dynamodb:*:*:table/{prefix}"])


def _items_gone(prefix: str) -> Statement:
    """Small items (slots, numbers in line) come and go. Rows, payloads and keys do not: nobody deletes one."""
    return _of_items(_allow("ItemsGone", ["dynamodb:DeleteItem"], [f"arn:aws:dynamodb:*:*:table/{prefix}"]))


def _items_listed(prefix: str) -> Statement:
    """Who holds a slot, who waits for one, who is first in line, what a job's steps came to. Those who take messages list nothing else."""
    return _of_items(_allow("ItemsListed", ["dynamodb:Query"], [f"arn:aws:dynamodb:*:*:table/{prefix}"]))


def _of_items(statement: Statement) -> Statement:
    """Of one partition a call, so that any value is all of them; and where AWS names none, it is not allowed."""
    return {**statement, "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["item#*"]}}}


def _outside(app: str, stage: str) -> Statement:
    """Consumers alone: what goes outside is a job of Jobline's own. The topic's key is SNS's: who may publish may use it."""
    return _allow("Outside", ["sns:Publish"], [f"arn:aws:sns:*:*:{Names(app=app, stage=stage).events}"])


def _lists(prefix: str) -> Statement:
    """Sweeps and listings. No Scan: nothing here needs to read the whole table."""
    table = f"arn:aws:dynamodb:*:*:table/{prefix}"
    return _allow("Lists", ["dynamodb:Query"], [table, f"{table}/index/attention"])


def _lists_of_dead(prefix: str) -> Statement:
    """The index holds keys alone; the rows are asked for by them. (No index takes BatchGetItem.)"""
    return _allow("ListsOfDead", ["dynamodb:BatchGetItem"], [f"arn:aws:dynamodb:*:*:table/{prefix}"])


def _feeds(prefix: str) -> list[Statement]:
    """Pausing lanes: the mappings of our consumers alone, told by the function that they feed, since their own names are made up.

    Who is looking for one has to list them, and for that AWS takes nothing but `*`:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    """
    consumers = [f"arn:aws:lambda:*:*:function:{prefix}-{lane.consumer}" for lane in DECLARED]
    turning = _allow(
        "TurnLanes", ["lambda:UpdateEventSourceMapping"], ["arn:aws:lambda:*:*:event-source-mapping:*"]
    )
    return [
        {**turning, "Condition": {"StringLike": {"lambda:FunctionArn": consumers}}},
        _allow("MappingsListedHaveNoResource", ["lambda:ListEventSourceMappings"], ["*"]),
    ]


def _credentials_stay(prefix: str) -> Statement:
    """API keys are made and revoked by people. No function writes one, so neither does a task that runs in a consumer."""
    return {
        "Sid": "CredentialsStay",
        "Effect": "Deny",
        "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
        "Resource": [f"arn:aws:dynamodb:*:*:table/{prefix}"],
        "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["apikey#*"]}},
    }


def _payloads(bucket: str) -> list[Statement]:
    """Our own account's bucket only: bucket names are global, and another may have taken this one.

    The name holds the account, twelve digits, and the region; the files hold neither, so that one file serves every account.
    ListBucket is there for the answer to a GetObject of what is gone: without it S3 says 403, not 404.
    """
    objects = _allow("Payloads", ["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{bucket}/payloads/*"])
    told = _allow("PayloadsToldMissing", ["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"])
    return [{**objects, "Condition": _OURS}, {**told, "Condition": _OURS}]


def _sealing(prefix: str, seal_key: str | None, open_keys: Sequence[str]) -> list[Statement]:
    """Of a stage that names keys, and for its own data keys alone: those are wrapped with the stage's name. docs/sealing.md"""
    bound = {"Condition": {"StringEquals": {"kms:EncryptionContext:stage": prefix}}}
    opens = sorted({*open_keys, *([seal_key] if seal_key else [])})
    made = [{**_allow("Seal", ["kms:GenerateDataKey"], [seal_key]), **bound}] if seal_key else []
    return [*made, {**_allow("Open", ["kms:Decrypt"], opens), **bound}] if opens else []


def _at_rest(data_key: str | None) -> list[Statement]:
    """Of a stage whose table, bucket, queues and topic are encrypted by a key of its own: through those services, and in no other way.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html and the same of S3, SQS and SNS.
    """
    if not data_key:
        return []
    through = [f"{service}.*.amazonaws.com" for service in ("dynamodb", "s3", "sns", "sqs")]
    used = _allow(
        "AtRest", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], [data_key]
    )
    return [{**used, "Condition": {"StringLike": {"kms:ViaService": through}}}]


def _inputs(bucket: str) -> Statement:
    """Consumers alone: they read the long inputs of maps, and tasks submit such maps. Of every tenant's: which one's is looked after in code."""
    objects = _allow("Inputs", ["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{bucket}/inputs/*"])
    return {**objects, "Condition": _OURS}


def _any_bucket(app: str, stage: str) -> str:
    """The stage's bucket in whatever account and region."""
    return Names(app=app, stage=stage).bucket(account="?" * 12, region="*")


def _logs(app: str, stage: str, function: str) -> Statement:
    """Not to make the group: the stack makes it, with an end to what it keeps; Lambda's own would keep everything for ever."""
    group = Names(app=app, stage=stage).log_groups[function]
    return _allow(
        "Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"arn:aws:logs:*:*:log-group:{group}:*"]
    )


def _traces() -> Statement:
    """The one `*`: X-Ray has no resource for segments, and IAM takes nothing else there.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    """
    return _allow("TracesHaveNoResource", TRACES, ["*"])


def _queue(prefix: str, name: str) -> str:
    return f"arn:aws:sqs:*:*:{prefix}-{name}"


def _allow(sid: str, actions: Iterable[str], resources: list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}


def files(config: Mapping[str, Any]) -> dict[Path, str]:
    """Every policy file that config.json names, and the text that it should hold."""
    made = {}
    for stage in config["stages"].values():
        environment = stage["environment_variables"]
        named = Settings.from_env(environment)  # raises for what no function would start with
        names: dict[str, Any] = {
            "app": named.app,
            "stage": named.stage,
            "seal_key": named.seal_key,
            "open_keys": named.open_keys,
            "data_key": environment.get(OWN_KEY),
        }
        for function, settings in stage["lambda_functions"].items():
            document = policy(function, **names, bucket=environment.get("JOBLINE_BUCKET"))
            made[CONFIG.parent / settings["iam_policy_file"]] = json.dumps(document, indent=2) + "\n"
    return made


def outdated(config: Mapping[str, Any]) -> list[str]:
    """The files that do not say what they should, or are missing, by name."""
    texts = {path: path.read_text(encoding="utf-8") if path.exists() else None for path in files(config)}
    return sorted(path.name for path, text in files(config).items() if texts[path] != text)


def write() -> None:
    """Write them all, and take away those of functions that are gone."""
    made = files(json.loads(CONFIG.read_text(encoding="utf-8")))
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in (CONFIG.parent / "policies").glob("*.json"):
        if path not in made:
            path.unlink()
