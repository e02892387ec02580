"""What people type, and what they are told when it cannot be."""

import pytest
from click.testing import CliRunner

from infra.__main__ import main
from infra.changeset import Change
from infra.show import changes_table, console, finding_line
from infra.verify import Finding


def typed(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, words)
    return result.exit_code, result.output


def test_help_names_every_command():
    status, said = typed("--help")

    assert status == 0
    for command in ("deploy", "verify", "recover", "destroy", "policies"):
        assert f"\n  {command} " in said


@pytest.mark.parametrize("command", ["deploy", "verify", "recover", "destroy"])
def test_a_stage_has_to_be_named_and_has_to_be_there(command):
    assert typed(command)[0] == 2

    status, said = typed(command, "--stage", "nowhere")

    assert status == 1
    assert "no stage 'nowhere'" in said
    assert "dev" in said


def test_without_a_region_it_says_what_to_set(monkeypatch):
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    status, said = typed("verify", "--stage", "dev")

    assert status == 1
    assert "AWS_DEFAULT_REGION" in said


def test_without_credentials_it_says_what_to_set(monkeypatch):
    for name, value in (
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
    ):
        monkeypatch.setenv(name, value)

    status, said = typed("deploy", "--stage", "dev", "--yes")

    assert status == 1
    assert "AWS_PROFILE" in said


def test_a_parameter_without_a_value_is_refused(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr("infra.place.Place.account", "123456789012")

    assert "NAME=VALUE" in typed("deploy", "--stage", "dev", "--parameter", "AlarmEmail")[1]


def test_a_loss_is_said_in_words_not_in_colour_alone():
    change = Change(
        action="Modify",
        resource="Table",
        type="AWS::DynamoDB::Table",
        name="jobline-dev",
        replacement="True",
        properties=("KeySchema",),
    )
    out = console()

    with out.capture() as captured:
        out.print(changes_table([change]))

    assert captured.get().splitlines()[1].split() == [
        "replace:",
        "LOSES",
        "DATA",
        "Table",
        "DynamoDB::Table",
        "KeySchema",
    ]


@pytest.mark.parametrize(
    ("ok", "line"), [(True, "ok it holds (so)"), (False, "NO it holds (so)"), (None, "?  it holds (so)")]
)
def test_a_finding_is_one_line(ok, line):
    assert finding_line(Finding(what="it holds", ok=ok, found="so")).plain == line
