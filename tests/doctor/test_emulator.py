"""A stage that was really deployed, on an emulator: healthy but for what its CloudFormation leaves out; broken, told; mended."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.config import ROOT
from infra.names import Names
from jobline.local.emulator import Emulator
from tests.support.project import copy_project

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(400)]

SERVICES = (
    *("apigateway", "cloudformation", "dynamodb", "events", "iam", "lambda"),
    *("logs", "monitoring", "s3", "sns", "sqs", "sts"),
)
NAMES = Names(app="jobline", stage="dev")
EVENT = {  # as EventBridge's rule sends it
    "version": "0",
    "id": "1",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "detail": {},
    "account": "000000000000",
    "time": "2026-11-21T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
}
SMALL = {"concurrency": "WARN"}
"""The emulator's account has room for fewer invocations at once than the lanes' shares come to, as a new account has."""
LEFT_OUT = {"table TTL", "table recovery", "bucket lifecycle"}
"""Of the template, by the emulator's CloudFormation. The template's own tests hold it to them."""


class Desk:
    """A checkout, a terminal, and an emulator for a cloud."""

    def __init__(self, project: Path, emulator: Emulator) -> None:
        self.project, self.emulator = project, emulator

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, **self.emulator.client_options)

    def types(self, *words: str) -> subprocess.CompletedProcess[str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "JOBLINE_"))}
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.project,
            env={
                **kept,
                **self.emulator.environment,
                "JOBLINE_CHALICE": "tests.support.chalice_shim",
                "PYTHONPATH": str(self.project),
            },
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def doctor(self, *words: str) -> tuple[int, dict[str, str]]:
        """Its status, and what did not hold: check to what it found."""
        ended = self.types("jobline.cli.main", "doctor", "--stage", "dev", "--json", *words)
        assert ended.stdout, ended.stderr
        checks = json.loads(ended.stdout)["checks"]
        return ended.returncode, {
            check["name"]: check["result"] for check in checks if check["result"] != "OK"
        }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    project = copy_project(tmp_path_factory.mktemp("project"))
    shutil.copytree(ROOT / "jobline", project / "jobline", ignore=shutil.ignore_patterns("__pycache__"))
    with Emulator(log_dir=tmp_path_factory.mktemp("emulator"), services=SERVICES) as emulator:
        made = Desk(project, emulator)
        ended = made.types(
            *("infra", "deploy", "--stage", "dev", "--yes", "--parameter", "AlarmEmail=ops@example.com")
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        ticked = made.client("lambda").invoke(  # not to wait a minute for the rule
            FunctionName=NAMES.functions["tick"], Payload=json.dumps(EVENT).encode()
        )
        assert "FunctionError" not in ticked, ticked["Payload"].read()
        yield made


def test_a_deployed_stage_holds_but_for_what_the_emulator_leaves_out(desk):
    status, found = desk.doctor()

    assert found == {**dict.fromkeys(LEFT_OUT, "FAIL"), **SMALL}
    assert status == 1


def test_what_somebody_broke_is_told_by_name_and_mended(desk):
    # given a stage that was healthy, and a bad night
    desk.client("s3").put_bucket_lifecycle_configuration(
        Bucket=NAMES.bucket(account="000000000000", region="us-east-1"),
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "x",
                    "Status": "Enabled",
                    "Filter": {"Prefix": "payloads/"},
                    "Expiration": {"Days": 460},
                }
            ]
        },
    )
    assert desk.doctor("--fix", "--yes") == (0, SMALL)
    lambda_, low = desk.client("lambda"), NAMES.functions["consume_low"]
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=low)["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], FunctionResponseTypes=[])
    lambda_.put_function_recursion_config(FunctionName=low, RecursiveLoop="Terminate")
    url = desk.client("sqs").get_queue_url(QueueName=NAMES.queues["high"])["QueueUrl"]
    desk.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    desk.client("logs").delete_retention_policy(logGroupName=NAMES.log_groups["tick"])
    desk.client("cloudwatch").disable_alarm_actions(AlarmNames=[f"{NAMES.prefix}-jobs-die"])
    desk.client("dynamodb").update_table(TableName=NAMES.table, DeletionProtectionEnabled=False)

    status, found = desk.doctor()

    broken = {
        "partial failures",
        "recursion",
        "visibility",
        "log retention",
        "alarm actions",
        "table protection",
    }
    assert (status, found) == (1, {**dict.fromkeys(broken, "FAIL"), **SMALL})
    assert desk.doctor("--fix", "--yes") == (0, SMALL)


def test_what_only_a_deploy_mends_is_told_until_then(desk):
    desk.client("events").disable_rule(Name=NAMES.rule)
    desk.client("lambda").put_function_concurrency(
        FunctionName=NAMES.functions["consume_low"], ReservedConcurrentExecutions=0
    )

    status, found = desk.doctor("--fix", "--yes")

    assert status == 1
    assert {"schedule", "stopped"} <= set(found)
