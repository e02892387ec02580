"""Chalice's memory of a stage, made again from the stage itself.

Chalice writes .chalice/deployed/<stage>.json at the end of a deploy that went well, and nowhere else does it remember the id of the REST
API or of the mappings. A deploy without it fails on the mappings and makes a second API (aws/chalice#1075, #1570). All of it can be
read from the cloud by names.
"""

from typing import Any

from infra import live
from infra.config import Stage
from infra.names import API, FED_BY
from infra.place import Place

State = dict[str, Any]
"""What the file holds, as Chalice 1.34 reads it."""


def recover(place: Place, stage: Stage) -> State | None:
    """What Chalice would have written; None when nothing of the stage is there. Raises Ambiguous.

    In the order in which Chalice deploys, since it deletes in the reverse.
    """
    names, found = stage.names, live.functions(place, stage.names)
    resources = []
    for function, role_name in names.roles.items():
        if arn := live.role(place, role_name):
            resources.append(_resource(f"{function}_role", "iam_role", role_arn=arn, role_name=role_name))
        if function in found:
            resources.append(
                _resource(function, "lambda_function", lambda_arn=found[function]["FunctionArn"])
            )
    for function in FED_BY:
        if function in found:
            resources.extend(_fed(place, stage, function))
    if live.rule(place, names):
        resources.append(_resource("tick-event", "cloudwatch_event", rule_name=names.rule))
    if API in found and (api := live.rest_api(place, names)):
        url = place.api_url(api, stage.api_stage) + "/"
        resources.append(_resource("rest_api", "rest_api", rest_api_id=api, rest_api_url=url))
    return {"resources": resources, "schema_version": "2.0", "backend": "api"} if resources else None


def _fed(place: Place, stage: Stage, function: str) -> list[dict[str, str]]:
    queue = stage.names.queues[FED_BY[function]]
    return [
        _resource(
            f"{function}-sqs-event-source",
            "sqs_event",
            queue_arn=mapping.queue_arn,
            event_uuid=mapping.uuid,
            queue=queue,
            lambda_arn=mapping.function_arn,
        )
        for mapping in live.mappings(place, stage.names.functions[function])
        if mapping.queue_arn.endswith(f":{queue}")
    ]


def _resource(name: str, kind: str, **values: str) -> dict[str, str]:
    return {"name": name, "resource_type": kind, **values}
