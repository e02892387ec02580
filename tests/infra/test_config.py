"""What is wrong with a stage's configuration is said before anything is deployed, all at once."""

import copy
import json

import pytest

from infra import deploy
from infra.config import CONFIG, NotReady, placed_faults, stage

CONFIGURED = json.loads(CONFIG.read_text())


def broken(*path: str, value: object) -> dict:
    """The committed configuration, with one thing else."""
    config = copy.deepcopy(CONFIGURED)
    *parents, last = path
    room = config
    for parent in parents:
        room = room.setdefault(parent, {})
    if value is None:
        room.pop(last, None)
    else:
        room[last] = value
    return config


@pytest.mark.parametrize("name", sorted(CONFIGURED["stages"]))
def test_the_committed_stages_can_be_deployed(name):
    chosen = stage(name, CONFIGURED)

    assert chosen.names.prefix == f"jobline-{name}"
    assert list(placed_faults(chosen, account="123456789012", region="ap-southeast-7", visibility=360)) == []
    deploy.check(CONFIGURED)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (broken("app_name", value="other"), "JOBLINE_APP"),
        (broken("stages", "dev", "environment_variables", "JOBLINE_STAGE", value="prod"), "JOBLINE_STAGE"),
        (broken("autogen_policy", value=None), "autogen_policy"),
        (broken("stages", "dev", "autogen_policy", value=True), "autogen_policy"),
        (broken("stages", "dev", "api_gateway_endpoint_type", value=None), "REGIONAL"),
        (broken("stages", "dev", "api_gateway_stage", value=None), "api_gateway_stage"),
        (broken("stages", "dev", "lambda_functions", "tick", value=None), "tick has no lambda_timeout"),
        (broken("stages", "dev", "lambda_functions", "tock", value={}), "tock is none of our functions"),
        (broken("stages", "dev", "log_retention_in_days", value=7), "log_retention_in_days"),
        (broken("log_retention_in_days", value=7), "log_retention_in_days"),
        (broken("lambda_functions", "tick", "tags", value={}), "Chalice ignores"),
    ],
)
def test_a_fault_is_named(config, told):
    with pytest.raises(NotReady, match=told):
        stage("dev", config)


def test_all_faults_are_told_at_once():
    config = broken("autogen_policy", value=None)
    del config["stages"]["dev"]["api_gateway_stage"]

    with pytest.raises(NotReady) as refused:
        stage("dev", config)

    assert len(refused.value.faults) == 2


def test_a_stage_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(NotReady, match=r"no stage 'prod'.*dev"):
        stage("prod", CONFIGURED)


def test_queues_that_hide_messages_too_shortly_are_refused():
    chosen = stage("dev", CONFIGURED)

    found = list(placed_faults(chosen, account="123456789012", region="eu-central-1", visibility=359))

    assert len(found) == 4
    assert "6 times" in found[0]


def test_a_bucket_name_that_is_too_long_is_refused():
    config = broken("stages", "dev", "environment_variables", "JOBLINE_BUCKET", value="b" * 64)

    (fault,) = placed_faults(stage("dev", config), account="1", region="r", visibility=360)

    assert "JOBLINE_BUCKET" in fault


def test_a_policy_file_that_is_behind_is_refused():
    config = broken(
        "stages", "dev", "lambda_functions", "tick", "iam_policy_file", value="policies/tick-local.json"
    )

    with pytest.raises(NotReady, match="python -m infra policies"):
        deploy.check(config)
