"""The zip that Lambda would get: complete, locked, small, and entered by the doors that it says it has."""

import json
import subprocess
import sys

import pytest

from bench.cold_start.room import Room, room
from chalicelib.lanes import DECLARED
from infra.config import ROOT
from infra.names import FED_BY
from infra.packaging.build import NotBuilt, build
from infra.packaging.bundle import Bundle
from infra.packaging.report import judge

pytestmark = pytest.mark.slow  # Chalice downloads what the functions need

HANDLERS = [
    "app.app",
    *sorted(f"app.{lane.consumer}" for lane in DECLARED),
    "app.dead_letters",
    "app.tick",
]

LISTING = {
    "httpMethod": "GET",
    "path": "/nowhere",
    "resource": "/{proxy+}",
    "pathParameters": {"proxy": "nowhere"},
}
SMALL_EVENTS = {
    "app": {
        **LISTING,
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {**LISTING, "resourcePath": "/{proxy+}", "identity": {}, "requestId": "1"},
    },
    **{name: {"Records": []} for name in FED_BY},
}
"""Events that can be answered without AWS. The tick asks the table first thing, so it is only looked up."""

ALONE = """
import json, sys
sys.path[:0] = {paths!r}
import app
handler = getattr(app, {name!r})
assert callable(handler)
heavy = sorted({{"boto3", "botocore", "aws_xray_sdk", "asyncio", "multiprocessing"}} & set(sys.modules))
class Context:
    aws_request_id, function_name = "1", {name!r}
    def get_remaining_time_in_millis(self): return 3000
event = json.loads({event!r})
print(json.dumps({{"heavy": heavy, "answer": event and handler(event, Context())}}))
"""


@pytest.fixture(scope="module")
def rooms(bundle: Bundle):
    with room(bundle.path) as made:
        yield made


def run_alone(name: str, rooms: Room) -> dict:
    """Import the handler in an interpreter that sees the zip, the runtime's boto3 and the standard library; call it if it can be."""
    program = ALONE.format(
        paths=[str(rooms.task), str(rooms.runtime)], name=name, event=json.dumps(SMALL_EVENTS.get(name))
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        env={"AWS_DEFAULT_REGION": "us-east-1", "JOBLINE_STAGE": "dev", "_HANDLER": f"app.{name}"},
        text=True,
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_every_file_is_a_source_of_ours_or_of_a_locked_wheel_and_all_of_it_is_small(bundle):
    report = judge(bundle, root=ROOT)

    assert report.faults == []
    assert {wheel.partition("-")[0] for wheel in report.wheels} == {
        "aws_xray_sdk",
        "cronsim",
        "msgspec",
        "python_ulid",
        "typing_extensions",
        "tzdata",
        "wrapt",
    }


@pytest.mark.long
def test_it_is_built_for_the_other_processor_too(tmp_path):
    bundle = build(tmp_path, stage="dev", architecture="arm64")

    assert bundle.target.architecture == "arm64"
    assert [name for name in bundle.files if name.endswith("-aarch64-linux-gnu.so")]
    assert judge(bundle, root=ROOT).faults == []


@pytest.mark.long
def test_the_same_sources_make_the_same_bytes(bundle, tmp_path):
    assert build(tmp_path, stage="dev").path.read_bytes() == bundle.path.read_bytes()


def test_a_library_with_another_hash_is_not_packaged(tmp_path):
    forged = (ROOT / "requirements.txt").read_text()
    for digest in {word for word in forged.split() if word.startswith("--hash=")}:
        forged = forged.replace(digest, f"--hash=sha256:{digest[-1] * 64}")

    with pytest.raises(NotBuilt, match=r"(?i)hash"):
        build(tmp_path, stage="dev", also={"requirements.txt": forged})


@pytest.mark.long
def test_a_lock_that_lacks_what_a_library_needs_is_not_packaged(tmp_path):
    lock = (ROOT / "requirements.txt").read_text()

    with pytest.raises(NotBuilt, match="aws-xray-sdk needs wrapt, the package has none"):
        build(tmp_path, stage="dev", also={"requirements.txt": lock[: lock.index("wrapt==")]})


@pytest.mark.long
def test_what_lies_about_in_the_tree_is_seen(tmp_path):
    bundle = build(
        tmp_path, stage="dev", also={"chalicelib/notes.txt": "x", "chalicelib/tests/test_x.py": "x = 1\n"}
    )

    assert [fault for fault in judge(bundle, root=ROOT).faults if "no part" in fault] == [
        "chalicelib/notes.txt is no part of what ships",
        "chalicelib/tests/test_x.py is no part of what ships",
    ]


def test_lambda_enters_every_function_by_app(bundle):
    assert sorted(bundle.functions) == HANDLERS


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_works_from_the_zip_alone(rooms, handler):
    name = handler.partition(".")[2]

    told = run_alone(name, rooms)

    assert told["heavy"] == [], "importing the app imports what every cold start would pay for"
    if name == "app":
        assert told["answer"]["statusCode"] in (401, 404)
    elif name != "tick":
        assert told["answer"] == {"batchItemFailures": []}


def test_nothing_is_wired_to_a_queue_of_another_stage(bundle):
    for properties in bundle.functions.values():
        for event in properties.get("Events", {}).values():
            if event["Type"] == "SQS":
                assert ":jobline-dev-" in event["Properties"]["Queue"]["Fn::Sub"]
