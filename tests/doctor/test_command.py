"""`jobline doctor` as people and scripts type it."""

import json
from functools import partial

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from infra.place import Nowhere
from jobline.cli.main import main
from jobline.doctor.live import Live
from tests.doctor.broken import BREAKS
from tests.doctor.healthy import NOW, package


@pytest.fixture
def doctor(stage, monkeypatch):
    """Type it, at this stage."""
    monkeypatch.setattr("jobline.cli.doctor.Place", lambda: stage.place)
    monkeypatch.setattr("jobline.cli.doctor.Live", partial(Live, now=NOW, fetch=lambda _: package()))
    return lambda *words, **more: CliRunner().invoke(main, ["doctor", "--stage", "dev", *words], **more)


@pytest.fixture
def fixable(stage):
    """All that can be mended, broken at once."""
    for broken in BREAKS:
        if broken.fixable:
            broken.how(stage)
    return {broken.check for broken in BREAKS if broken.fixable}


def failing(told: str) -> set[str]:
    return {check["name"] for check in json.loads(told)["checks"] if check["result"] == "FAIL"}


def test_a_healthy_stage_is_a_line_a_check_and_status_0(doctor):
    answer = doctor()

    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("jobline-dev in account 123456789012, us-east-1\nOK  functions")
    assert "36 OK" in answer.output
    assert "why" not in answer.output
    assert "\x1b" not in answer.output, "colours are for terminals"


def test_what_does_not_hold_is_told_with_its_reason_and_remedy_and_status_1(stage, doctor):
    stage.client("events").disable_rule(Name=stage.names.rule)

    answer = doctor()

    assert answer.exit_code == 1
    assert "FAIL  schedule           jobline-dev-tick-event is DISABLED" in answer.output
    assert "why   Without the tick nothing that was forgotten is found" in answer.output
    assert "mend  python -m infra deploy --stage dev; aws events enable-rule" in answer.output


def test_a_warning_is_no_failure(stage, doctor):
    stage.put("quarantine#20261121", "m1")

    answer = doctor()

    assert answer.exit_code == 0
    assert "WARN  quarantine" in answer.output


def test_scripts_get_one_document(doctor, fixable):
    answer = doctor("--json")

    assert answer.exit_code == 1
    told = json.loads(answer.stdout)
    assert (told["stage"], told["account"], told["region"]) == ("dev", "123456789012", "us-east-1")
    assert failing(answer.stdout) == fixable
    assert all(check["why"] and check["mend"] for check in told["checks"])
    assert told["fixed"] == []


def test_nothing_is_changed_without_fix_nor_with_a_no(doctor, fixable):
    doctor()
    answer = doctor("--fix", input="n\n")

    assert "would let jobline-dev-low hide messages for 360 s" in answer.output
    assert failing(doctor("--json").stdout) == fixable


def test_a_yes_mends_it_and_looks_again(doctor, fixable):
    answer = doctor("--fix", input="y\n")

    assert f"done: {len(fixable)} of {len(fixable)}" in answer.output
    assert "36 OK" in answer.output
    assert answer.exit_code == 0


def test_scripts_mend_with_yes_and_hear_what_was_done(doctor, fixable):
    assert doctor("--fix", "--json").exit_code == 2, "a script cannot be asked"

    answer = doctor("--fix", "--yes", "--json")

    assert answer.exit_code == 0
    assert len(json.loads(answer.stdout)["fixed"]) == len(fixable)
    assert failing(answer.stdout) == set()


def test_a_fix_that_fails_is_told_and_the_others_go_on(stage, doctor, fixable, monkeypatch):
    def refuse(**_):
        raise EndpointConnectionError(endpoint_url="http://nowhere")

    monkeypatch.setattr(stage.client("sqs"), "set_queue_attributes", refuse)

    answer = doctor("--fix", "--yes")

    assert "could not let jobline-dev-low hide messages for 360 s" in answer.output
    assert f"done: {len(fixable) - 1} of {len(fixable)}" in answer.output
    assert answer.exit_code == 1


def test_what_may_not_be_seen_is_unknown_and_enough_but_not_for_strict(stage, doctor, monkeypatch):
    def refuse(**_):
        raise EndpointConnectionError(endpoint_url="http://nowhere")

    monkeypatch.setattr(stage.client("logs"), "describe_log_groups", refuse)

    answer = doctor()

    assert "UNKNOWN  log retention" in answer.output
    assert answer.exit_code == 0
    assert doctor("--strict").exit_code == 2


@pytest.mark.parametrize("stage_name", ["dev", "nope"])
def test_where_there_is_nothing_to_look_at_the_status_is_2(monkeypatch, stage_name):
    def nowhere():
        raise Nowhere("no credentials; set AWS_PROFILE")

    monkeypatch.setattr("jobline.cli.doctor.Place", nowhere)

    answer = CliRunner().invoke(main, ["doctor", "--stage", stage_name])

    assert answer.exit_code == 2
    assert "jobline doctor: could not look" in answer.stderr
    assert answer.stdout == ""


def test_a_stage_that_is_not_there_fails_and_does_not_crash(doctor, stage):
    for name in stage.names.functions.values():
        stage.client("lambda").delete_function(FunctionName=name)
    stage.client("dynamodb").update_table(TableName="jobline-dev", DeletionProtectionEnabled=False)
    stage.client("dynamodb").delete_table(TableName="jobline-dev")

    answer = doctor()

    assert answer.exit_code == 1
    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    assert "FAIL     table keys" in answer.output
    assert "UNKNOWN  partial failures   there is nothing to look at" in answer.output


def test_help_says_what_the_words_and_the_statuses_mean():
    told = CliRunner().invoke(main, ["doctor", "--help"]).output

    assert all(
        word in told for word in ("OK ", "WARN", "FAIL", "UNKNOWN", "--fix", "--json", "Exit status: 0")
    )
