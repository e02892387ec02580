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


ISSUER = {
    "JOBLINE_JWT_ISSUER": "https://login.example.org/",
    "JOBLINE_JWT_AUDIENCE": "https://jobs.example.org",
}


def with_tokens(**other: str) -> dict:
    environment = CONFIGURED["stages"]["dev"]["environment_variables"] | ISSUER | other
    return broken("stages", "dev", "environment_variables", value=environment)


def test_a_stage_that_believes_tokens_names_what_reads_them():
    with pytest.raises(NotReady, match=r"requirements.txt lacks cryptography and pyjwt: name them"):
        stage("dev", with_tokens())


def test_a_stage_that_names_it_can_be_deployed(tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").write_text(
        "cryptography==50.0.2 \\\n    --hash=sha256:ab\nPyJWT==2.15.1\n"
    )
    monkeypatch.setattr("infra.config.ROOT", tmp_path)

    assert stage("dev", with_tokens()).environment["JOBLINE_JWT_ISSUER"] == "https://login.example.org/"


def test_settings_of_tokens_that_cannot_be_are_told_before_the_first_request():
    with pytest.raises(NotReady, match="JOBLINE_JWT_ALGORITHM='HS256' is neither RS256 nor ES256"):
        stage("dev", with_tokens(JOBLINE_JWT_ALGORITHM="HS256"))


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
