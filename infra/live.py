"""A stage as it stands in the cloud, read by its names: functions, the mappings that feed them, the REST API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.names import API, Names
from infra.place import Place


class Ambiguous(Exception):
    """There are several where there should be one; says which, and what to do."""


@dataclass(frozen=True, kw_only=True)
class QueueMapping:
    """One event source mapping: a queue that feeds a function."""

    uuid: str
    queue_arn: str
    function_arn: str
    state: str
    partial: bool
    """Whether it reports failed records one by one."""


def functions(place: Place, names: Names) -> dict[str, dict[str, Any]]:
    """Each function's configuration, by its name in app.py; the ones that are missing are not there."""
    found = {}
    for function, called in names.functions.items():
        answer = _or_none(
            lambda called=called: place.client("lambda").get_function_configuration(FunctionName=called),
            "ResourceNotFoundException",
        )
        if answer is not None:
            found[function] = answer
    return found


def mappings(place: Place, function: str) -> list[QueueMapping]:
    """What SQS queues feed this function (its name on Lambda)."""
    pages = place.client("lambda").get_paginator("list_event_source_mappings").paginate(FunctionName=function)
    return [
        QueueMapping(
            uuid=mapping["UUID"],
            queue_arn=mapping["EventSourceArn"],
            function_arn=mapping["FunctionArn"],
            state=mapping.get("State", ""),
            partial="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []),
        )
        for page in pages
        for mapping in page["EventSourceMappings"]
        if ":sqs:" in mapping.get("EventSourceArn", "")
    ]


def rest_api(place: Place, names: Names) -> str | None:
    """The id of the API that may call this stage's function, and is there. Raises Ambiguous.

    Names do not tell: older deploys called every stage's API after the app. What the function's own policy lets in does.
    """
    policy = _or_none(
        lambda: place.client("lambda").get_policy(FunctionName=names.functions[API])["Policy"],
        "ResourceNotFoundException",
    )
    ids = sorted(_callers(json.loads(policy))) if policy else []
    there = [api for api in ids if _exists(place, api)]
    if len(there) > 1:
        raise Ambiguous(
            f"{len(there)} REST APIs may call {names.functions[API]}: {', '.join(there)}; delete those nobody uses "
            f"(aws apigateway delete-rest-api --rest-api-id ...) and try again"
        )
    return there[0] if there else None


def role(place: Place, name: str) -> str | None:
    """A role's ARN."""
    answer = _or_none(lambda: place.client("iam").get_role(RoleName=name), "NoSuchEntity")
    return answer["Role"]["Arn"] if answer else None


def rule(place: Place, names: Names) -> str | None:
    """The ARN of the tick's rule."""
    answer = _or_none(
        lambda: place.client("events").describe_rule(Name=names.rule), "ResourceNotFoundException"
    )
    return answer["Arn"] if answer else None


def _exists(place: Place, api: str) -> bool:
    return (
        _or_none(lambda: place.client("apigateway").get_rest_api(restApiId=api), "NotFoundException")
        is not None
    )


def _callers(policy: Mapping[str, Any]) -> set[str]:
    """The APIs in a function's policy: their ids stand in arn:aws:execute-api:<region>:<account>:<id>/*."""
    found = set()
    for statement in policy["Statement"]:
        for values in statement.get("Condition", {}).values():
            arn = values.get("AWS:SourceArn", values.get("aws:SourceArn", ""))
            if ":execute-api:" in arn:
                found.add(arn.split(":")[5].partition("/")[0])
    return found


def _or_none(ask: Any, code: str) -> Any:
    """The answer; None when the service says by this code that there is no such thing."""
    try:
        return ask()
    except ClientError as error:
        if error.response["Error"]["Code"] == code:
            return None
        raise
