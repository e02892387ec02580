"""Jobs that wait for a key die of nothing: a stage that seals has an alarm for them, and no other stage pays for one."""

import json
from dataclasses import replace

import pytest

from chalicelib.pipeline.measures import Measure
from infra.config import load, stage
from infra.deploy import body
from infra.keyless import NAME, VARIABLES, watched
from infra.small import INLINE, small
from infra.stack import TEMPLATE
from jobline.doctor.alarms import expected

BODY = small(TEMPLATE.read_text(encoding="utf-8"))
ARN = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("environment", [{}, {"JOBLINE_SEAL_KEY": ""}, {"JOBLINE_DATA_KEY": ARN}])
def test_a_stage_that_seals_nothing_has_no_such_alarm(environment):
    assert watched(BODY, environment) is BODY
    assert NAME not in BODY
    assert NAME not in expected(environment)


@pytest.mark.parametrize("variable", VARIABLES)
def test_one_that_seals_or_did_has_it_and_the_doctor_looks_for_it(variable):
    told = watched(BODY, {variable: ARN})
    before, after = json.loads(BODY)["Resources"], json.loads(told)["Resources"]
    (name,) = after.keys() - before.keys()
    assert {one: after[one] for one in before} == before
    alarm = after[name]
    like = before["JobsDie"]
    assert (alarm["Type"], alarm["Condition"]) == (like["Type"], like["Condition"])
    facts = alarm["Properties"]
    assert facts.keys() == {*like["Properties"], "DatapointsToAlarm"}
    assert facts["AlarmName"] == {"Fn::Sub": "${App}-${Stage}-" + NAME}
    assert facts["MetricName"] == Measure.JOBS_WITHOUT_KEY
    for same in ("Namespace", "Dimensions", "Statistic", "AlarmActions", "OKActions", "TreatMissingData"):
        assert facts[same] == like["Properties"][same]
    assert f"docs/operations.md#{NAME}." in facts["AlarmDescription"]
    assert expected({variable: ARN}) == [*expected(), NAME]
    assert len(told.encode()) < INLINE


@pytest.mark.parametrize("environment", [{}, {"JOBLINE_SEAL_KEY": ARN}])
def test_a_deploy_asks_for_it_where_the_stage_says_so(environment):
    dev = stage("dev", load())
    dev = replace(dev, environment={**dev.environment, **environment})
    assert (NAME in body(dev, "a-bucket")) is bool(environment)
