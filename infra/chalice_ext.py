"""What `chalice deploy` and `chalice package` leave out, put in: each function hears of failed records one by one, may feed itself
retries, and knows its bucket; the API has its stage's name, and errors in the gateway's own words are ours; it asks for AWS signatures
where the stage says so.

Chalice 1.34 has no setting for any of it, so this patches private parts of it. They are pinned with chalice in requirements-dev.in and
held by tests/infra/test_chalice_ext.py. app.py installs it in Chalice's command alone: Lambda's zip has no infra.

- `ReportBatchItemFailures` goes into the very call that makes a mapping (aws/chalice#2029). Without it, Lambda takes an answer that names
  failed messages for a success and deletes them all.
- A mapping's limit that a lane no longer declares is taken away; Chalice would leave it as it was.
- Lambda ends what looks like an endless loop, function to queue to the same function, after about 16 rounds. A task with many retries
  looks like that. So the functions that queues feed get RecursiveLoop=Allow *before* their queue is connected.
- A deploy deletes the concurrency reserved by hand, when none is configured. A reserved 0 is how people stop a function at once; that stays.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from chalice.app import IAMAuthorizer
from chalice.awsclient import TypedAWSClient
from chalice.deploy.swagger import SwaggerGenerator
from chalice.package import SAMTemplateGenerator
from chalice.utils import to_cfn_resource_name

from infra.gateway_responses import GATEWAY_RESPONSES
from infra.names import Names
from infra.packaging import hook

PARTIAL = ["ReportBatchItemFailures"]
ALLOW = "Allow"
BUCKET = "JOBLINE_BUCKET"
SIGNED = "JOBLINE_IAM"
OPEN = frozenset({"/health", "/openapi.json", "/docs", "/dashboard", "/dashboard/{file}"})
"""Paths that nobody needs a credential for. A test holds them to the routes."""

_call = TypedAWSClient._call_client_method_with_retries  # noqa: SLF001 - there is no other way in
_create_function = TypedAWSClient.create_function
_update_function = TypedAWSClient.update_function
_generate_swagger = SwaggerGenerator.generate_swagger
_package_mapping = SAMTemplateGenerator._generate_sqseventsource  # noqa: SLF001 - there is no other way in
_package_function = SAMTemplateGenerator._generate_lambdafunction  # noqa: SLF001 - there is no other way in
_package_api = SAMTemplateGenerator._generate_restapi  # noqa: SLF001 - there is no other way in


def names(environment: Mapping[str, str] = os.environ) -> Names:
    """Of the stage that is being deployed: Chalice sets the stage's environment before it imports app.py."""
    return Names(
        app=environment.get("JOBLINE_APP", "jobline"), stage=environment.get("JOBLINE_STAGE", "local")
    )


def allow_recursion(lambda_client: Any, function: str) -> bool:
    """Let a function feed itself through a queue. False: this cloud knows no such setting, as some partitions and all emulators."""
    try:
        lambda_client.put_function_recursion_config(FunctionName=function, RecursiveLoop=ALLOW)
    except ClientError as error:
        if _unknown(error):
            return False
        raise
    return True


def recursion(lambda_client: Any, function: str) -> str | None:
    """What the setting is: "Allow" or "Terminate"; None where there is no such setting."""
    try:
        answer: str = lambda_client.get_function_recursion_config(FunctionName=function)["RecursiveLoop"]
    except (ClientError, KeyError) as error:
        if isinstance(error, KeyError) or _unknown(error):
            return None
        raise
    return answer


def _unknown(error: ClientError) -> bool:
    """Whether it is the operation that is unknown, and not the function."""
    found: Any = error.response
    status = found.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status in (404, 405, 501) and found["Error"].get("Code") != "ResourceNotFoundException"


# ----------------------------------------------------------------------------------------------------- chalice deploy


def call(self: Any, method: Any, kwargs: dict[str, Any], *args: Any, **more: Any) -> Any:
    """Any call of Lambda's that Chalice repeats while AWS settles; the ones about mappings say more than Chalice knows."""
    name = getattr(method, "__name__", "")
    client = self._client("lambda")
    if name == "create_event_source_mapping" and ":sqs:" in kwargs["EventSourceArn"]:
        allow_recursion(client, kwargs["FunctionName"])
        kwargs = {**kwargs, "FunctionResponseTypes": PARTIAL}
    elif name == "update_event_source_mapping":
        mapping = client.get_event_source_mapping(UUID=kwargs["UUID"])
        if ":sqs:" in mapping["EventSourceArn"]:
            allow_recursion(client, mapping["FunctionArn"])
            kwargs = {"ScalingConfig": {}, **kwargs, "FunctionResponseTypes": PARTIAL}
    return _call(self, method, kwargs, *args, **more)


def create_function(self: Any, *args: Any, **kwargs: Any) -> Any:
    return _create_function(self, *args, **_knowing_its_bucket(self, kwargs))


def update_function(self: Any, *args: Any, **kwargs: Any) -> Any:
    return _update_function(self, *args, **_knowing_its_bucket(self, kwargs))


def _knowing_its_bucket(client: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The account is in the role's ARN: arn:aws:iam::123456789012:role/jobline-dev-tick."""
    given = kwargs.get("environment_variables") or {}
    if given.get(BUCKET):
        return kwargs
    account = kwargs["role_arn"].split(":")[4]
    bucket = names(given).bucket(account=account, region=client.region_name)
    return {**kwargs, "environment_variables": {**given, BUCKET: bucket}}


def delete_function_concurrency(self: Any, function_name: str) -> None:
    """Take away what is reserved, but not a 0: somebody stopped this function, and a deploy does not start it."""
    client = self._client("lambda")
    reserved = client.get_function_concurrency(FunctionName=function_name).get("ReservedConcurrentExecutions")
    if reserved == 0:
        print(f"{function_name} is stopped (reserved concurrency 0), and stays so")
        return
    client.delete_function_concurrency(FunctionName=function_name)


# ------------------------------------------------------------------------------------------ both, and chalice package


def generate_swagger(self: Any, app: Any, rest_api: Any = None) -> dict[str, Any]:
    """The API's own document, called after the stage and with answers for what never reaches the function."""
    document: dict[str, Any] = _generate_swagger(self, app, rest_api)
    document["info"]["title"] = names().rest_api
    document["x-amazon-apigateway-gateway-responses"] = GATEWAY_RESPONSES
    if os.environ.get(SIGNED) == "on":
        sign(document)
    return document


def sign(document: dict[str, Any]) -> None:
    """Let API Gateway ask for AWS signatures on every path, but those that are open to all."""
    signature = IAMAuthorizer()
    document["securityDefinitions"] = {signature.name: signature.to_swagger()}
    for path, methods in document["paths"].items():
        for method in () if path in OPEN else methods.values():
            method["security"] = [{signature.name: []}]


def package_mapping(self: Any, resource: Any, template: dict[str, Any]) -> None:
    _package_mapping(self, resource, template)
    function = template["Resources"][to_cfn_resource_name(resource.lambda_function.resource_name)]
    function["Properties"]["RecursiveLoop"] = ALLOW
    for event in function["Properties"]["Events"].values():
        if event["Type"] == "SQS":
            event["Properties"]["FunctionResponseTypes"] = PARTIAL


def package_function(self: Any, resource: Any, template: dict[str, Any]) -> None:
    """The function, under the name that logs, alarms and its own policy go by; CloudFormation would make one up."""
    _package_function(self, resource, template)
    function = template["Resources"][to_cfn_resource_name(resource.resource_name)]
    function["Properties"]["FunctionName"] = resource.function_name
    variables = function["Properties"].setdefault("Environment", {}).setdefault("Variables", {})
    if not variables.get(BUCKET):
        bucket = names(variables).bucket(account="${AWS::AccountId}", region="${AWS::Region}")
        variables[BUCKET] = {"Fn::Sub": bucket}


def package_api(self: Any, resource: Any, template: dict[str, Any]) -> None:
    """`chalice deploy` turns tracing on for the API's stage where `xray` says so; `chalice package` forgets."""
    _package_api(self, resource, template)
    template["Resources"]["RestAPI"]["Properties"]["TracingEnabled"] = bool(resource.xray)


PATCHES: Mapping[type, Mapping[str, Callable[..., Any]]] = {
    TypedAWSClient: {
        "_call_client_method_with_retries": call,
        "create_function": create_function,
        "update_function": update_function,
        "delete_function_concurrency": delete_function_concurrency,
    },
    SwaggerGenerator: {"generate_swagger": generate_swagger},
    SAMTemplateGenerator: {
        "_generate_sqseventsource": package_mapping,
        "_generate_lambdafunction": package_function,
        "_generate_restapi": package_api,
    },
}


def install() -> None:
    """Teach Chalice, in this process. Once or many times is the same."""
    for owner, methods in PATCHES.items():
        for name, method in methods.items():
            setattr(owner, name, method)
    hook.install()
