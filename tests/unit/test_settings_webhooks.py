"""The one setting that lets webhooks go to this machine cannot be left on anywhere else."""

import pytest

from chalicelib.settings import BadSetting, Settings
from jobline.local.stage import stage_environment

ON = {"JOBLINE_WEBHOOKS_TO_LOOPBACK": "on"}
EMULATED = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


def test_it_is_off_by_default():
    assert not Settings.from_env({}).webhooks_to_loopback
    assert not Settings.from_env({"JOBLINE_STAGE": "prod"}).webhooks_to_loopback


def test_jobline_up_has_it_on():
    environment = stage_environment({}, EMULATED, tasks="chalicelib.tasks")
    assert Settings.from_env(environment).webhooks_to_loopback
    other = stage_environment({}, EMULATED, tasks="chalicelib.tasks", stage="rehearsal")
    assert not Settings.from_env(other).webhooks_to_loopback


@pytest.mark.parametrize(
    "elsewhere",
    [
        {},
        {"JOBLINE_STAGE": "prod", **EMULATED},
        {"AWS_ENDPOINT_URL": "https://dynamodb.us-east-1.amazonaws.com"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1.evil.org"},
        {"AWS_LAMBDA_FUNCTION_NAME": "jobline-local", **EMULATED},
    ],
)
def test_anywhere_else_it_is_refused_loudly(elsewhere):
    with pytest.raises(BadSetting, match="JOBLINE_WEBHOOKS_TO_LOOPBACK"):
        Settings.from_env({**ON, **elsewhere})


def test_a_word_that_is_neither_is_refused():
    with pytest.raises(BadSetting, match="neither on nor off"):
        Settings.from_env({"JOBLINE_WEBHOOKS_TO_LOOPBACK": "yes", **EMULATED})
