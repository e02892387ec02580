"""A stage's whole life on the emulator, by the commands that people type: from nothing to an API that runs jobs, and back."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from infra.names import FED_BY, Names
from jobline.local.emulator import Emulator
from jobline.local.stack import create_dev_key
from tests.support.planted import CANARY, PLANTED, sung, written
from tests.support.project import copy_project
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SERVICES = (  # what a deploy asks for
    *("apigateway", "cloudformation", "dynamodb", "events", "iam", "lambda"),
    *("logs", "monitoring", "s3", "sns", "sqs", "sts"),
)
NAMES = Names(app="jobline", stage="dev")
FLAG = ["ReportBatchItemFailures"]
HALF_WAY = """
from tests.support import chalice_shim

def import_rest_api(*_, **__):
    raise RuntimeError("the line is dead")

def main():
    chalice_shim.import_rest_api = import_rest_api
    return chalice_shim.main()
"""


class Desk:
    """A checkout, a terminal, and an emulator for a cloud."""

    def __init__(self, project: Path, emulator: Emulator) -> None:
        self.project, self.emulator = project, emulator
        self.environment = {
            **os.environ,
            **emulator.environment,
            **PLANTED,
            "JOBLINE_CHALICE": "tests.support.chalice_shim",
        }
        self.file = project / ".chalice" / "deployed" / "dev.json"

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, **self.emulator.client_options)

    def type(self, *words: str, status: int = 0, answer: str = "", **environment: str) -> str:
        """`python -m infra ...`; what it said, on both streams."""
        ended = subprocess.run(
            [sys.executable, "-m", "infra", *words],
            cwd=self.project,
            env={**self.environment, **environment},
            input=answer,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == status, ended.stdout
        assert sung(ended.stdout) == [], "whatever it says, it tells no secret"
        return ended.stdout

    def mappings(self) -> dict[str, dict[str, Any]]:
        found = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return {each["EventSourceArn"].rpartition(":")[2]: each for each in found}

    def apis(self, name: str = NAMES.rest_api) -> list[str]:
        found = self.client("apigateway").get_rest_apis()["items"]
        return [each["id"] for each in found if each["name"] == name]

    @property
    def url(self) -> str:
        (api,) = self.apis()
        return f"{self.emulator.url}/_aws/execute-api/{api}/api"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    project = copy_project(tmp_path_factory.mktemp("project"))
    (project / "half_way.py").write_text(HALF_WAY)
    config = project / ".chalice" / "config.json"
    settings = json.loads(config.read_text())
    settings["stages"]["dev"]["environment_variables"]["MAIL_PASSWORD"] = f"{CANARY}-setting"
    config.write_text(json.dumps(settings))
    with Emulator(log_dir=tmp_path_factory.mktemp("emulator"), services=SERVICES) as emulator:
        yield Desk(project, emulator)


@pytest.fixture(scope="module")
def deployed(desk: Desk) -> str:
    """What the first deploy said."""
    return desk.type("deploy", "--stage", "dev", "--yes")


def test_a_first_deploy_shows_what_it_makes_and_says_that_it_holds(deployed):
    assert re.search(r"^add +Table +DynamoDB::Table", deployed, re.MULTILINE)
    assert (
        deployed.index("Table")
        < deployed.index("the stack stands")
        < deployed.index("Creating lambda function")
    )
    assert deployed.rstrip().endswith("jobline-dev holds")
    assert "\x1b" not in deployed, "colours are for terminals"


@pytest.mark.usefixtures("deployed")
def test_a_job_runs_from_the_request_to_its_result(desk):
    names = {"JOBLINE_APP": "jobline", "JOBLINE_STAGE": "dev"}
    key = create_dev_key({**desk.environment, **names})
    job = {"task": "summarise_csv", "args": {"text": "city,people\nRome,2\nOslo,1", "column": "people"}}

    with httpx.Client(base_url=desk.url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as api:
        accepted = api.post("/jobs", json=job)
        assert accepted.status_code == 202, accepted.text

        def ended():
            found = api.get(f"/jobs/{accepted.json()['id']}").json()
            return found if found["state"] in {"SUCCEEDED", "DEAD"} else None

        found = until(ended, within=120)

    assert found["state"] == "SUCCEEDED", found


@pytest.mark.usefixtures("deployed")
def test_a_stranger_gets_a_problem(desk):
    answer = httpx.post(f"{desk.url}/jobs", json={}, timeout=60)

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.usefixtures("deployed")
def test_every_queue_feeds_its_function_record_by_record_and_retries_may_go_round(desk):
    mappings = desk.mappings()

    assert set(mappings) == set(NAMES.queues.values())
    for function, lane in FED_BY.items():
        mapping = mappings[NAMES.queues[lane]]
        assert mapping["FunctionArn"].endswith(f":{NAMES.functions[function]}")
        assert mapping["FunctionResponseTypes"] == FLAG
        setting = desk.client("lambda").get_function_recursion_config(FunctionName=NAMES.functions[function])
        assert setting["RecursiveLoop"] == "Allow"


@pytest.mark.usefixtures("deployed")
def test_somebody_watches(desk):
    groups = {
        g["logGroupName"]: g["retentionInDays"]
        for g in desk.client("logs").describe_log_groups()["logGroups"]
    }
    alarms = desk.client("cloudwatch").describe_alarms()["MetricAlarms"]
    body = desk.client("cloudwatch").get_dashboard(DashboardName=NAMES.dashboard)["DashboardBody"]

    assert groups == dict.fromkeys(NAMES.log_groups.values(), 30)
    assert {"jobline-dev-jobs-die", "jobline-dev-sweep-lags", "jobline-dev-dead-letters-stay"} <= {
        alarm["AlarmName"] for alarm in alarms
    }
    assert all(alarm["AlarmActions"][0].endswith(f":{NAMES.alarms}") for alarm in alarms)
    assert len(json.loads(body)["widgets"]) >= 10


@pytest.mark.usefixtures("deployed")
def test_recovery_finds_what_chalice_wrote(desk):
    written = json.loads(desk.file.read_text())
    desk.file.unlink()

    desk.type("recover", "--stage", "dev")

    def by_name(state: dict[str, Any]) -> dict[str, Any]:
        found = {each["name"]: dict(each) for each in state["resources"]}
        found["rest_api"].pop("rest_api_url")  # the emulator's own, where Chalice writes AWS's
        return found

    recovered = json.loads(desk.file.read_text())
    assert by_name(recovered) == by_name(written)
    assert {k: v for k, v in recovered.items() if k != "resources"} == {
        k: v for k, v in written.items() if k != "resources"
    }
    kept = desk.client("s3").get_object(
        Bucket=NAMES.bucket(account="000000000000", region="us-east-1"), Key=NAMES.state_key
    )
    assert json.loads(kept["Body"].read()) == recovered


@pytest.mark.usefixtures("deployed")
def test_no_secret_of_the_environment_or_of_a_setting_is_written_or_sent_along(desk):
    """What is printed is looked at in each test, by `Desk.type`. A setting goes to its functions' environment, where AWS keeps it encrypted."""
    assert written(desk.project, but=[".chalice/config.json"]) == []
    s3 = desk.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for one in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            assert (
                sung(s3.get_object(Bucket=bucket["Name"], Key=one["Key"])["Body"].read().decode("latin-1"))
                == []
            )
    for function in desk.client("lambda").list_functions()["Functions"]:
        told = {
            name: value for name, value in function["Environment"]["Variables"].items() if CANARY in value
        }
        assert told == {"MAIL_PASSWORD": f"{CANARY}-setting"}
    stack = desk.client("cloudformation").describe_stacks(StackName=NAMES.stack)["Stacks"]
    assert sung(json.dumps(stack, default=str)) == []


@pytest.mark.usefixtures("deployed")
@pytest.mark.long
def test_a_deploy_with_all_memory_lost_makes_nothing_twice(desk):
    before, uuids = desk.apis(), {m["UUID"] for m in desk.mappings().values()}
    desk.file.unlink()
    bucket = NAMES.bucket(account="000000000000", region="us-east-1")
    desk.client("s3").delete_object(Bucket=bucket, Key=NAMES.state_key)

    said = desk.type("deploy", "--stage", "dev", "--yes")

    assert "the stack is as it should be" in said
    assert "recovered before, saved after" in said
    assert desk.apis() == before
    assert {m["UUID"] for m in desk.mappings().values()} == uuids


@pytest.mark.usefixtures("deployed")
@pytest.mark.long
def test_what_somebody_broke_is_told_and_plain_chalice_mends_it(desk):
    mapping = desk.mappings()[NAMES.queues["low"]]
    desk.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], FunctionResponseTypes=[])

    said = desk.type("verify", "--stage", "dev", status=1)

    assert "NO jobline-dev-consume_low reports failed records one by one" in said
    assert said.count("NO ") == 1
    subprocess.run(
        [
            sys.executable,
            "-c",
            "from tests.support.chalice_shim import main; raise SystemExit(main())",
            "deploy",
            "--stage",
            "dev",
        ],
        cwd=desk.project,
        env=desk.environment,
        check=True,
        timeout=600,
        capture_output=True,
    )
    assert desk.mappings()[NAMES.queues["low"]]["FunctionResponseTypes"] == FLAG
    assert desk.type("verify", "--stage", "dev").rstrip().endswith("jobline-dev holds")


@pytest.mark.usefixtures("deployed")
@pytest.mark.long
def test_a_deploy_that_fails_half_way_goes_on_from_there(desk):
    # given another stage, whose first deploy ends before its API is made
    name = Names(app="jobline", stage="local").rest_api
    said = desk.type("deploy", "--stage", "local", "--yes", status=1, JOBLINE_CHALICE="half_way")
    assert "the line is dead" in said
    written = json.loads((desk.file.parent / "local.json").read_text())
    assert "tick" in {each["name"] for each in written["resources"]}
    assert desk.apis(name) == []

    said = desk.type("deploy", "--stage", "local", "--yes")

    assert said.rstrip().endswith("jobline-local holds")
    assert len(desk.apis(name)) == 1
    assert len(desk.mappings()) == 8
    desk.type("destroy", "--stage", "local", "--yes", "--yes-delete-data")


@pytest.mark.usefixtures("deployed")
def test_a_change_that_would_lose_rows_is_refused_and_changes_nothing(desk):
    template = desk.project / "infra" / "template.yaml"
    text = template.read_text()
    template.write_text(
        text.replace("AttributeName: sk, KeyType: RANGE", "AttributeName: attention, KeyType: RANGE")
    )
    try:
        said = desk.type("deploy", "--stage", "dev", "--yes", status=1)
    finally:
        template.write_text(text)

    assert re.search(r"replace: LOSES DATA +Table", said)
    assert "--yes-delete-data" in said
    assert "Updating lambda" not in said
    proposals = desk.client("cloudformation").list_change_sets(StackName=NAMES.stack)["Summaries"]
    assert "AVAILABLE" not in {each["ExecutionStatus"] for each in proposals}, (
        "somebody could still execute it"
    )


@pytest.mark.usefixtures("deployed")
def test_a_stage_ends_when_its_name_is_typed_and_keeps_its_data(desk):
    said = desk.type("destroy", "--stage", "dev", status=1, answer="prod\n")
    assert "in account 000000000000" in said
    assert desk.apis()

    said = desk.type("destroy", "--stage", "dev", answer="dev\n")

    assert "kept: table jobline-dev, bucket jobline-dev-payloads-000000000000-us-east-1" in said
    assert desk.client("lambda").list_functions()["Functions"] == []
    assert desk.client("iam").list_roles()["Roles"] == []
    assert desk.client("events").list_rules()["Rules"] == []
    assert desk.apis() == []
    assert desk.mappings() == {}
    assert desk.client("sqs").list_queues().get("QueueUrls", []) == []
    assert desk.client("logs").describe_log_groups()["logGroups"] == []
    assert desk.client("dynamodb").list_tables()["TableNames"] == [NAMES.table]
    assert not desk.file.exists()

    desk.type("destroy", "--stage", "dev", "--yes", "--yes-delete-data")

    assert desk.client("dynamodb").list_tables()["TableNames"] == []
    assert desk.client("s3").list_buckets()["Buckets"] == []
