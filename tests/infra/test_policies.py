"""Each function may do what it does, on this stage's own things, and no more."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder
from chalice.deploy.models import FileBasedIAMPolicy, LambdaFunction, RestAPI

from chalicelib.lanes import DECLARED
from infra import names
from infra.config import CONFIG, ROOT
from infra.names import API, Names
from infra.policies import files, policy
from infra.stack import TEMPLATE

CONFIGURED = json.loads(CONFIG.read_text())
STAGES = sorted(CONFIGURED["stages"])
FUNCTIONS = sorted(names.FUNCTIONS)


def statements(function: str, effect: str = "Allow") -> list[dict]:
    document = policy(function, app="jobline", stage="dev")
    return [statement for statement in document["Statement"] if statement["Effect"] == effect]


def may(function: str, action: str, resource: str) -> bool:
    """Whether an Allow covers it; conditions are not looked at."""
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in statements(function)
    )


def queue(name: str) -> str:
    return f"arn:aws:sqs:eu-central-1:123456789012:jobline-dev-{name}"


def test_the_committed_files_are_the_generated_ones():
    wanted = files(CONFIGURED)

    there = {path: path.read_text() for path in (CONFIG.parent / "policies").glob("*.json")}

    assert there == wanted, "run: python -m infra policies"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_configures_every_function(stage):
    assert sorted(CONFIGURED["stages"][stage]["lambda_functions"]) == FUNCTIONS


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_names_are_those_that_chalice_gives_its_functions(stage):
    environment = CONFIGURED["stages"][stage]["environment_variables"]

    assert environment["JOBLINE_APP"] == CONFIGURED["app_name"]
    assert environment["JOBLINE_STAGE"] == stage


@pytest.mark.parametrize("stage", STAGES)
def test_chalice_finds_a_timeout_a_policy_and_names_for_all_that_it_deploys(stage):
    # given the app as `chalice deploy` sees it
    import app

    config = Config(
        chalice_stage=stage,
        user_provided_params={"project_dir": str(ROOT), "chalice_app": app.app},
        config_from_disk=CONFIGURED,
    )

    graph = ApplicationGraphBuilder().build(config, stage)

    functions = []
    for resource in graph.resources:
        if isinstance(resource, RestAPI):
            assert resource.endpoint_type == "REGIONAL"
            functions.append(resource.lambda_function)
        else:
            functions.append(getattr(resource, "lambda_function", resource))
    assert {function.resource_name for function in functions} == set(FUNCTIONS)
    for function in functions:
        assert isinstance(function, LambdaFunction)
        assert function.timeout == (29 if function.resource_name == API else 60)
        assert function.environment_variables["JOBLINE_STAGE"] == stage
        assert isinstance(function.role.policy, FileBasedIAMPolicy)
        assert Path(function.role.policy.filename).name == f"{function.resource_name}-{stage}.json"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nobody_may_do_everything_or_touch_everything(function):
    for statement in statements(function):
        assert not any("*" in action for action in statement["Action"])
        if statement["Sid"] == "TracesHaveNoResource":  # AWS's own exception
            assert all(action.startswith("xray:Put") for action in statement["Action"])
            continue
        if statement["Sid"] == "MappingsListedHaveNoResource":
            assert statement["Action"] == ["lambda:ListEventSourceMappings"]
            continue
        for resource in statement["Resource"]:
            assert "jobline-dev" in resource or statement["Sid"] == "TurnLanes"


def test_who_pauses_lanes_touches_no_other_functions_mappings():
    for function in FUNCTIONS:
        for statement in statements(function):
            if "lambda:UpdateEventSourceMapping" in statement["Action"]:
                fed = statement["Condition"]["StringLike"]["lambda:FunctionArn"]
                assert function in (API, "tick")
                assert fed == [
                    f"arn:aws:lambda:*:*:function:jobline-dev-{lane.consumer}" for lane in DECLARED
                ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nobody_may_scan_or_delete_rows(function):
    table = "arn:aws:dynamodb:eu-central-1:123456789012:table/jobline-dev"
    for action in ("Scan", "DeleteTable", "BatchWriteItem"):
        assert not may(function, f"dynamodb:{action}", table)
    for statement in statements(function):
        if "dynamodb:DeleteItem" in statement["Action"]:
            assert statement["Action"] == ["dynamodb:DeleteItem"]
            assert statement["Condition"] == ITEMS_ONLY


ITEMS_ONLY = {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["item#*"]}}
"""Of small items, which come and go."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_another_stage_is_out_of_reach(function):
    assert not may(function, "sqs:SendMessage", queue("x").replace("dev", "prod"))
    assert not may(
        function, "dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/jobline-prod"
    )
    assert not may(
        function, "dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/jobline-dev2"
    )


@pytest.mark.parametrize("lane", ["high", "default", "low"])
def test_a_consumer_takes_from_its_own_lane_and_sends_to_any(lane):
    for other in ("high", "default", "low", "dead-letters"):
        assert may(f"consume_{lane}", "sqs:ReceiveMessage", queue(other)) == (other == lane)
        assert may(f"consume_{lane}", "sqs:SendMessage", queue(other)) == (other != "dead-letters")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_writes_a_credential(function):
    (deny,) = statements(function, "Deny")

    assert {"dynamodb:PutItem", "dynamodb:UpdateItem"} == set(deny["Action"])
    granted = {action for statement in statements(function) for action in statement["Action"]}
    assert not granted & {"dynamodb:BatchWriteItem", "dynamodb:PartiQLUpdate"}
    assert deny["Condition"] == {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["apikey#*"]}}


def test_the_bucket_is_ours_or_it_is_not_touched():
    for function in FUNCTIONS:
        for statement in statements(function):
            if any(action.startswith("s3:") for action in statement["Action"]):
                assert statement["Condition"] == {
                    "StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}
                }


def test_the_bucket_that_a_deploy_makes_is_the_one_that_functions_may_use():
    # given the name that the extension puts into each function's environment
    bucket = Names(app="jobline", stage="dev").bucket(account="123456789012", region="eu-central-1")

    assert may(API, "s3:PutObject", f"arn:aws:s3:::{bucket}/payloads/x")
    assert may(API, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    assert not may(API, "s3:GetObject", f"arn:aws:s3:::{bucket}/deploy/jobline-dev.json")


def test_no_function_makes_a_log_group_that_keeps_everything_for_ever():
    for function in FUNCTIONS:
        assert not any("logs:CreateLogGroup" in statement["Action"] for statement in statements(function))


def test_a_stage_with_a_bucket_of_its_own_may_use_that_one():
    document = policy(API, app="jobline", stage="dev", bucket="elsewhere")

    assert "arn:aws:s3:::elsewhere/payloads/*" in json.dumps(document)
    assert "jobline-dev-payloads" not in json.dumps(document)


def test_every_call_that_the_adapters_make_is_granted_to_somebody():
    # given the names under which the adapters account for their calls
    sources = (ROOT / "chalicelib" / "adapters" / "aws").glob("*.py")
    calls = {name for source in sources for name in re.findall(r'calling\("(\w+)"\)', source.read_text())}
    granted = {
        action.partition(":")[2]
        for function in FUNCTIONS
        for s in statements(function)
        for action in s["Action"]
    }

    assert calls, "the adapters have changed how they name their calls"
    # IAM knows no batch of SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    assert {
        name.replace("SendMessageBatch", "SendMessage").replace("DeleteMessageBatch", "DeleteMessage")
        for name in calls
    } <= granted


def test_policies_and_template_mean_the_same_queues():
    template = TEMPLATE.read_text()
    for name in ("high", "default", "low", "dead-letters"):
        assert f"QueueName: !Sub ${{App}}-${{Stage}}-{name}\n" in template
