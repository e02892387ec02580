"""The zip that Lambda would get: complete, small, and entered by the doors that it says it has."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.config import ROOT

pytestmark = pytest.mark.slow  # Chalice downloads what the functions need

INPUTS = ("app.py", "chalicelib", "infra", ".chalice/config.json", ".chalice/policies", "requirements.txt")
RUNTIME_HAS = ("boto3", "botocore")


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chalice package` makes of this project; a copy of it, for Chalice leaves things behind."""
    copy, out = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("out")
    for name in INPUTS:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
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
