"""What the stack's alarms and graphs ask for is what the functions print."""

import json
import re
from pathlib import Path

from chalicelib.pipeline.measures import Measure

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "infra" / "template.yaml").read_text(encoding="utf-8")
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
BY_LANE_AT_MOST = {Measure.BATCH_SIZE, Measure.DEAD_LETTERS, Measure.QUARANTINED}


def test_every_graph_is_of_a_metric_that_is_printed_by_those_dimensions():
    asked = re.findall(r'\["Jobline", "(\w+)"((?:, "[^"]+")*)', TEMPLATE)
    assert asked
    for name, rest in asked:
        measure = Measure(name)  # raises for a name that nobody prints
        dimensions = tuple(re.findall(r'"([^"]+)"', rest)[::2])
        assert dimensions in {("service",), ("service", "lane"), ("service", "lane", "task")}, (
            name,
            dimensions,
        )
        assert not (measure in BY_LANE_AT_MOST and "task" in dimensions)
        assert not (measure is Measure.SWEEP_LAG and "lane" in dimensions)


def test_every_alarm_on_our_metrics_is_on_one_that_is_printed():
    alarms = re.findall(
        r"MetricName: (\w+)\n +Namespace: Jobline|Namespace: Jobline\n +MetricName: (\w+)", TEMPLATE
    )
    names = {first or second for first, second in alarms}
    assert names >= {"JobsDead", "SweepLag"}
    assert names <= {measure.value for measure in Measure}


def test_the_functions_of_every_stage_are_traced():
    assert [
        CONFIG | stage for stage in CONFIG["stages"].values() if (CONFIG | stage).get("xray") is not True
    ] == []


def test_one_file_knows_the_sdk():
    files = [
        path
        for path in (ROOT / "chalicelib").rglob("*.py")
        if "aws_xray_sdk" in path.read_text(encoding="utf-8")
    ]
    knowing = [
        path.name
        for path in files
        if re.search(r"^\s*(import|from) (aws_xray_sdk|wrapt)", path.read_text(), re.MULTILINE)
    ]
    assert knowing == ["xray.py"]
