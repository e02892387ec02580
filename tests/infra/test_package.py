"""The zip that Lambda would get: complete, small, and entered by the doors that it says it has."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.gateway_responses import GATEWAY_RESPONSES
from infra.names import Names
from tests.support.project import copy_project

pytestmark = pytest.mark.slow  # Chalice downloads what the functions need

RUNTIME_HAS = ("boto3", "botocore")


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chalice package` makes of this project; a copy of it, for Chalice leaves things behind."""
    copy, out = copy_project(tmp_path_factory.mktemp("project")), tmp_path_factory.mktemp("out")
    subprocess.run(
        [Path(sys.executable).parent / "chalice", "package", "--stage", "dev", out],
        cwd=copy,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        timeout=110,
    )
    return out


@pytest.fixture(scope="module")
def unzipped(packaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("var-task")
    with ZipFile(packaged / "deployment.zip") as archive:
        archive.extractall(where)
    return where


@pytest.fixture(scope="module")
def functions(packaged: Path) -> dict[str, dict]:
    template = json.loads((packaged / "sam.json").read_text())
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def test_it_holds_what_is_needed_and_nothing_else(packaged, unzipped):
    top = {path.name.partition("-")[0] for path in unzipped.iterdir()}

    assert {"app.py", "chalicelib", "chalice", "msgspec", "ulid"} <= top
    assert not top & {"jobline", "infra", "tests", "bench", "examples", *RUNTIME_HAS}
    assert not list(unzipped.rglob("__pycache__"))
    assert (packaged / "deployment.zip").stat().st_size < 2_000_000


def test_a_function_is_called_what_its_logs_alarms_and_policy_say(functions):
    called = {properties["FunctionName"] for properties in functions.values()}

    assert called == set(Names(app="jobline", stage="dev").functions.values())


def test_every_queue_reports_failed_records_and_its_function_may_feed_itself(functions):
    fed = [
        (properties, event["Properties"])
        for properties in functions.values()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]

    assert len(fed) == 4
    for properties, mapping in fed:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["RecursiveLoop"] == "Allow"


def test_every_function_knows_the_bucket_that_the_stack_makes(functions):
    for properties in functions.values():
        assert properties["Environment"]["Variables"]["JOBLINE_BUCKET"] == {
            "Fn::Sub": "jobline-dev-payloads-${AWS::AccountId}-${AWS::Region}"
        }


def test_the_api_is_the_stages_own_and_traced_and_answers_for_what_never_reaches_it(packaged):
    api = json.loads((packaged / "sam.json").read_text())["Resources"]["RestAPI"]["Properties"]

    assert api["DefinitionBody"]["info"]["title"] == "jobline-dev"
    assert api["DefinitionBody"]["x-amazon-apigateway-gateway-responses"] == GATEWAY_RESPONSES
    assert api["TracingEnabled"] is True
    assert api["EndpointConfiguration"] == "REGIONAL"


def test_lambda_enters_every_function_by_app(functions):
    assert sorted(properties["Handler"] for properties in functions.values()) == [
        "app.app",
        "app.consume_default",
        "app.consume_high",
        "app.consume_low",
        "app.dead_letters",
        "app.tick",
    ]


def test_every_handler_can_be_imported_from_the_zip_alone(functions, unzipped):
    # given an interpreter that sees the zip and the standard library: no venv, no project
    handlers = [properties["Handler"].partition(".")[2] for properties in functions.values()]
    program = (
        f"import sys; sys.path.insert(0, {str(unzipped)!r}); import app\n"
        f"for name in {handlers!r}: assert callable(getattr(app, name)), name\n"
        f"print(sorted(set(sys.modules) & set({RUNTIME_HAS!r})))"
    )

    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], text=True, capture_output=True, timeout=60, check=False
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]", "importing the app imports boto3, which every cold start would pay for"


def test_nothing_is_wired_to_a_queue_of_another_stage(functions):
    for properties in functions.values():
        for event in properties.get("Events", {}).values():
            if event["Type"] == "SQS":
                assert ":jobline-dev-" in event["Properties"]["Queue"]["Fn::Sub"]
