"""One line more in chalicelib/lanes.py, and everything follows: shown on a copy of the project, in which that line is written."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file
from cfnlint.decode import decode

from chalicelib.domain.lane import Lane
from chalicelib.lanes import DECLARED
from infra import lanes
from infra.config import CONFIG, NotReady, load
from infra.small import small
from infra.stack import TEMPLATE
from tests.support.project import copy_project

LINE = '    Lane(name="big-reports", meant="They take minutes.", memory=3008, timeout=15 * MINUTE, batch_size=2, concurrency=5),\n'

ASKED = """
import json, sys
from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
import app
from chalicelib.lanes import LANES
from chalicelib.pipeline.task import Options
from chalicelib.settings import Settings
from infra.config import CONFIG, ROOT, load, placed_faults, stage
from infra.deploy import check
from infra.names import FED_BY, Names

config = Config(
    chalice_stage="dev",
    user_provided_params={"project_dir": str(ROOT), "chalice_app": app.app},
    config_from_disk=load(),
)
planned = DependencyBuilder().build_dependencies(ApplicationGraphBuilder().build(config, "dev"))
check(load())
Options(lane="big-reports").check("work")
print(json.dumps({
    "lanes": LANES,
    "queues": dict(Settings.from_env({"JOBLINE_STAGE": "dev"}).queues),
    "fed_by": dict(FED_BY),
    "functions": {r.resource_name: [r.function_name, r.timeout, r.memory_size, r.handler]
                  for r in planned if type(r).__name__ == "LambdaFunction"},
    "mappings": {r.resource_name: [r.batch_size, r.maximum_batching_window_in_seconds, r.maximum_concurrency]
                 for r in planned if type(r).__name__ == "SQSEventSource"},
    "policies": sorted(r.role.policy.filename.rpartition("/")[2] for r in planned if type(r).__name__ == "LambdaFunction"),
    "doctor": [function for function, lane in FED_BY.items() if lane == "big-reports"],
    "entered": callable(app.consume_big_reports),
    "faults": list(placed_faults(stage("dev", load()), account="1" * 12, region="us-east-1", visibility=None)),
}))
"""


def ran(project: Path, *words: str) -> str:
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={"JOBLINE_STAGE": "dev"},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With one line more, and the command that follows it."""
    copy = copy_project(tmp_path_factory.mktemp("lanes"))
    declaration = copy / "chalicelib" / "lanes.py"
    text = declaration.read_text()
    last = text.index('    Lane(name="low"')
    declaration.write_text(text[:last] + LINE + text[last:])
    ran(copy, "-m", "infra", "lanes")
    return copy


@pytest.fixture(scope="module")
def asked(project: Path) -> dict[str, Any]:
    """What that project then says of itself, and what Chalice would deploy of it."""
    told: dict[str, Any] = json.loads(ran(project, "-c", ASKED))
    return told


@pytest.fixture(scope="module")
def resources(project: Path) -> dict[str, Any]:
    parsed, problems = decode(str(project / "infra" / "template.yaml"))
    assert not problems
    found: dict[str, Any] = parsed["Resources"]
    return found


def test_tasks_may_name_it_and_everybody_knows_its_queue(asked):
    assert asked["lanes"] == ["high", "default", "big-reports", "low"]
    assert asked["queues"]["big-reports"] == "jobline-dev-big-reports"
    assert asked["doctor"] == ["consume_big_reports"]


def test_chalice_deploys_a_consumer_of_its_size_and_feeds_it_as_declared(asked):
    assert asked["functions"]["consume_big_reports"] == [
        "jobline-dev-consume_big_reports",
        900,
        3008,
        "app.consume_big_reports",
    ]
    assert asked["mappings"]["consume_big_reports-sqs-event-source"] == [2, 0, 5]
    assert asked["mappings"]["consume_low-sqs-event-source"] == [10, 0, 100]
    assert asked["entered"]


def test_its_consumer_may_receive_from_its_queue_alone_and_all_may_send_there(project, asked):
    assert "consume_big_reports-dev.json" in asked["policies"]
    own, other, api = (
        {
            action: statement["Resource"]
            for statement in json.loads((project / ".chalice" / "policies" / f"{name}-dev.json").read_text())[
                "Statement"
            ]
            for action in statement["Action"]
        }
        for name in ("consume_big_reports", "consume_low", "api_handler")
    )
    assert own["sqs:ReceiveMessage"] == ["arn:aws:sqs:*:*:jobline-dev-big-reports"]
    assert "arn:aws:sqs:*:*:jobline-dev-big-reports" in other["sqs:SendMessage"]
    assert "arn:aws:sqs:*:*:jobline-dev-big-reports" in api["sqs:SendMessage"]


def test_its_queue_hides_for_six_times_its_timeout_and_gives_up_into_the_dead_letters(resources, asked):
    queue = resources["BigReportsLane"]["Properties"]

    assert queue["QueueName"] == {"Fn::Sub": "${App}-${Stage}-big-reports"}
    assert queue["VisibilityTimeout"]["Fn::If"][1] == 6 * 900
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    allowed = resources["DeadLetters"]["Properties"]["RedriveAllowPolicy"]["sourceQueueArns"]
    assert any(arn["Fn::Sub"].endswith(":${App}-${Stage}-big-reports") for arn in allowed)
    assert {"Ref": "BigReportsLane"} in resources["QueuesOverTlsOnly"]["Properties"]["Queues"]
    assert asked["faults"] == []


def test_it_is_logged_watched_and_drawn(resources):
    assert resources["ConsumeBigReportsLogs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetention"}
    alarms = {name for name in resources if name.startswith("BigReports")} - {"BigReportsLane"}
    assert alarms == {"BigReportsLaneOld", "BigReportsConsumerFails", "BigReportsConsumerThrottled"}
    drawn = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert drawn.count('{"label": "big-reports"}') == 4
    assert drawn.count("-consume_big_reports") == 3


def test_the_template_is_still_one_that_cloudformation_takes(project):
    text = (project / "infra" / "template.yaml").read_text()

    assert lint_file(project / "infra" / "template.yaml") == []
    assert json.loads(small(text))["Outputs"]["BigReportsLane"]


def test_there_is_room_for_seven_lanes_and_an_eighth_is_refused_before_anything_is_sent():
    text = TEMPLATE.read_text()
    many = [*DECLARED, *(Lane(name=f"reports-{number}", meant="Reports.") for number in range(5))]

    assert small(lanes.template(text, many[:7]))
    with pytest.raises(NotReady, match="too many lanes"):
        small(lanes.template(text, many))


def test_the_committed_files_are_the_written_ones():
    text = TEMPLATE.read_text()

    assert lanes.template(text) == text, "run: python -m infra lanes"
    assert json.dumps(lanes.configured(load()), indent=2) + "\n" == CONFIG.read_text(), (
        "run: python -m infra lanes"
    )
    assert lanes.outdated() == []


def test_a_lane_that_goes_takes_its_consumer_along_and_what_people_set_stays():
    config = load()
    config["stages"]["dev"]["lambda_functions"]["consume_high"]["reserved_concurrency"] = 5

    made = lanes.configured(config, [lane for lane in DECLARED if lane.name != "low"])

    functions = made["stages"]["dev"]["lambda_functions"]
    assert "consume_low" not in functions
    assert functions["consume_high"]["reserved_concurrency"] == 5
    assert list(functions) == ["api_handler", "consume_high", "consume_default", "tick", "dead_letters"]


def test_a_part_that_somebody_took_out_of_the_template_is_missed():
    with pytest.raises(ValueError, match="has the parts"):
        lanes.template(TEMPLATE.read_text().replace("# lanes: outputs", "# outputs"))
