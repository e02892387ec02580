"""Chalice's own client, with the extension, against a cloud in this process."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from chalice.awsclient import TypedAWSClient
from moto import mock_aws

from infra.chalice_ext import PATCHES, allow_recursion, recursion
from infra.config import ROOT
from tests.support.no_account import no_account

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ENVIRONMENT = {"JOBLINE_APP": "jobline", "JOBLINE_STAGE": "dev"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As install() does, but put back afterwards."""
    for owner, methods in PATCHES.items():
        for name, method in methods.items():
            monkeypatch.setattr(owner, name, method)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    no_account(monkeypatch, REGION)
    with mock_aws():
        yield


class Watched:
    """Chalice's client, and the calls to Lambda that it makes."""

    def __init__(self) -> None:
        session = Session()
        self.calls: list[str] = []
        session.register("before-call.lambda", lambda model, **_: self.calls.append(model.name))
        self.chalice: Any = TypedAWSClient(session, sleep=lambda _: None)
        self.lambda_: Any = boto3.client("lambda")
        self.role = boto3.client("iam").create_role(
            RoleName="jobline-dev-work", AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]

    def function(self, **more: Any) -> str:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "")
        arn: str = self.chalice.create_function(
            function_name="jobline-dev-work",
            role_arn=self.role,
            zip_contents=code.getvalue(),
            runtime="python3.11",
            handler="app.work",
            **{"environment_variables": ENVIRONMENT, **more},
        )
        return arn

    def queue(self) -> str:
        url = boto3.client("sqs").create_queue(QueueName="jobline-dev-default")["QueueUrl"]
        return boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]

    def environment(self) -> dict[str, str]:
        found = self.lambda_.get_function_configuration(FunctionName="jobline-dev-work")
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables


@pytest.fixture
def watched(cloud: None) -> Watched:
    return Watched()


def test_a_new_mapping_reports_failed_records_from_its_first_moment(watched):
    uuid = watched.chalice.create_lambda_event_source(
        event_source_arn=watched.queue(), function_name=watched.function(), batch_size=10
    )

    assert watched.lambda_.get_event_source_mapping(UUID=uuid)["FunctionResponseTypes"] == [
        "ReportBatchItemFailures"
    ]
    assert "UpdateEventSourceMapping" not in watched.calls, "there was a window"


def test_the_function_may_feed_itself_before_its_queue_is_connected(watched):
    arn, queue = watched.function(), watched.queue()
    watched.calls.clear()

    watched.chalice.create_lambda_event_source(event_source_arn=queue, function_name=arn, batch_size=10)

    assert watched.calls == ["PutFunctionRecursionConfig", "CreateEventSourceMapping"]


def test_an_update_puts_both_back(watched):
    # given a mapping that was made without, as by a plain Chalice
    arn, queue = watched.function(), watched.queue()
    uuid = watched.lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName=arn)["UUID"]
    watched.calls.clear()

    watched.chalice.update_lambda_event_source(event_uuid=uuid, batch_size=10)

    assert watched.lambda_.get_event_source_mapping(UUID=uuid)["FunctionResponseTypes"] == [
        "ReportBatchItemFailures"
    ]
    assert watched.calls == [
        "GetEventSourceMapping",
        "PutFunctionRecursionConfig",
        "UpdateEventSourceMapping",
    ]


def test_a_deploy_does_not_let_a_paused_lane_go_on(watched):
    arn, queue = watched.function(), watched.queue()
    uuid = watched.chalice.create_lambda_event_source(
        event_source_arn=queue, function_name=arn, batch_size=10
    )
    watched.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)

    watched.chalice.update_lambda_event_source(event_uuid=uuid, batch_size=10, maximum_concurrency=7)

    assert watched.lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"


def test_a_limit_that_is_not_declared_any_more_is_taken_away_and_one_that_is_stays(watched):
    arn, queue = watched.function(), watched.queue()
    uuid = watched.chalice.create_lambda_event_source(
        event_source_arn=queue, function_name=arn, batch_size=10, maximum_concurrency=5
    )

    watched.chalice.update_lambda_event_source(event_uuid=uuid, batch_size=10, maximum_concurrency=7)
    assert watched.lambda_.get_event_source_mapping(UUID=uuid)["ScalingConfig"] == {"MaximumConcurrency": 7}

    watched.chalice.update_lambda_event_source(event_uuid=uuid, batch_size=10)
    assert not watched.lambda_.get_event_source_mapping(UUID=uuid)["ScalingConfig"]


def test_a_function_learns_its_accounts_bucket_when_it_is_made_and_when_it_is_updated(watched):
    bucket = f"jobline-dev-payloads-{ACCOUNT}-{REGION}"
    watched.function()
    assert watched.environment() == {**ENVIRONMENT, "JOBLINE_BUCKET": bucket}

    code = io.BytesIO()
    zipfile.ZipFile(code, "w").close()
    watched.chalice.update_function(
        function_name="jobline-dev-work",
        role_arn=watched.role,
        zip_contents=code.getvalue(),
        environment_variables={**ENVIRONMENT, "JOBLINE_TASKS": "mine"},
    )

    assert watched.environment() == {**ENVIRONMENT, "JOBLINE_TASKS": "mine", "JOBLINE_BUCKET": bucket}


def test_a_bucket_that_is_configured_is_left_as_it_is(watched):
    watched.function(environment_variables={**ENVIRONMENT, "JOBLINE_BUCKET": "mine"})

    assert watched.environment()["JOBLINE_BUCKET"] == "mine"


@pytest.mark.parametrize(("reserved", "afterwards"), [(0, 0), (5, None)])
def test_a_deploy_does_not_start_a_function_that_somebody_stopped(watched, reserved, afterwards):
    watched.function()
    watched.lambda_.put_function_concurrency(
        FunctionName="jobline-dev-work", ReservedConcurrentExecutions=reserved
    )

    watched.chalice.delete_function_concurrency("jobline-dev-work")

    found = watched.lambda_.get_function_concurrency(FunctionName="jobline-dev-work")
    assert found.get("ReservedConcurrentExecutions") == afterwards


class Answering:
    """Lambda, which answers every call with this error, or with what it was told last."""

    def __init__(self, code: str = "", status: int = 200) -> None:
        self.code, self.status, self.setting = code, status, "Terminate"

    def put_function_recursion_config(self, *, RecursiveLoop, **_):  # noqa: N803 - boto3's name
        self.setting = RecursiveLoop
        return self.get_function_recursion_config()

    def get_function_recursion_config(self, **_):
        if self.code:
            told: Any = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": self.status}}
            raise ClientError(told, "PutFunctionRecursionConfig")
        return {"RecursiveLoop": self.setting}


def test_recursion_is_allowed_and_can_be_read_back():
    cloud = Answering()
    assert recursion(cloud, "work") == "Terminate"

    assert allow_recursion(cloud, "work")

    assert recursion(cloud, "work") == "Allow"


def test_a_cloud_without_the_setting_is_no_failure():
    cloud = Answering("404", 404)

    assert not allow_recursion(cloud, "work")
    assert recursion(cloud, "work") is None


@pytest.mark.parametrize(
    ("code", "status"), [("ResourceNotFoundException", 404), ("AccessDeniedException", 403)]
)
def test_a_refusal_of_the_setting_is_a_failure(code, status):
    for ask in (allow_recursion, recursion):
        with pytest.raises(ClientError, match=code):
            ask(Answering(code, status), "work")


@pytest.mark.parametrize(("mode", "taught"), [({}, False), ({"AWS_CHALICE_CLI_MODE": "true"}, True)])
def test_the_command_alone_is_taught_and_lambda_needs_nothing_of_it(mode, taught):
    program = "import sys, app; print('infra.chalice_ext' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **mode},
        text=True,
        capture_output=True,
        timeout=280,
        check=True,
    )

    assert run.stdout.strip() == str(taught)
