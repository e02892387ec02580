import os
import subprocess
import sys
import tomllib

import click
import pytest

from jobline import __version__
from jobline.cli.main import COMMANDS, main
from jobline.local.python import ROOT

HEAVY = ("boto3", "botocore", "chalice", "chalicelib", "infra", "msgspec")


def all_commands(group=main, path=()):
    """Each command with the words that it is typed as."""
    context = click.Context(group, info_name=path[-1] if path else "jobline")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield (*path, name), command
            yield from all_commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS_BY_WORDS = dict(all_commands())


def test_help_names_every_command(jobline):
    result = jobline("--help")

    assert result.exit_code == 0
    assert all(command in result.output for command in COMMANDS)


def test_the_commands_are_these():
    """What is taken away or renamed breaks somebody's script: change this on purpose alone."""
    assert sorted(" ".join(words) for words in COMMANDS_BY_WORDS) == [
        "budgets",
        "budgets list",
        "budgets remove",
        "budgets set",
        "budgets show",
        "cancel",
        "completion",
        "cost",
        "dead",
        "dead groups",
        "dead list",
        "dead redrive",
        "dead releases",
        "dead releases list",
        "dead releases pause",
        "dead releases resume",
        "dead releases show",
        "dead releases stop",
        "doctor",
        "keys",
        "keys create",
        "keys list",
        "keys revoke",
        "keys rotate",
        "lanes",
        "lanes list",
        "lanes pause",
        "lanes resume",
        "list",
        "load",
        "logs",
        "new",
        "plan",
        "profile",
        "profile add",
        "profile list",
        "profile remove",
        "profile use",
        "replay",
        "result",
        "retry",
        "schedule",
        "schedule create",
        "schedule delete",
        "schedule fire",
        "schedule list",
        "schedule next",
        "schedule pause",
        "schedule resume",
        "schedule show",
        "stats",
        "status",
        "submit",
        "tasks",
        "tenants",
        "tenants limit",
        "tenants list",
        "tenants show",
        "tenants unlimit",
        "topics",
        "topics list",
        "topics publish",
        "up",
        "upgrade",
        "verify",
        "watch",
        "workflow",
        "workflow cancel",
        "workflow children",
        "workflow graph",
        "workflow retry",
        "workflow show",
        "workflow submit",
    ]


@pytest.mark.parametrize("words", COMMANDS_BY_WORDS, ids=" ".join)
def test_every_command_explains_itself_and_each_of_its_options(jobline, words):
    result, command = jobline(*words, "--help"), COMMANDS_BY_WORDS[words]

    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: jobline {' '.join(words)}")
    assert command.help
    bare = [one.opts for one in command.params if isinstance(one, click.Option) and not one.help]
    assert not bare


@pytest.mark.parametrize(
    "words",
    [words for words in COMMANDS_BY_WORDS if words != ("completion",)],
    ids=" ".join,
)
def test_every_command_that_shows_something_can_show_it_to_a_program(words):
    command = COMMANDS_BY_WORDS[words]
    quiet = words[0] == "profile" and words[1:] != ("list",)

    assert isinstance(command, click.Group) or quiet or any("--json" in one.opts for one in command.params)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_in_the_list_is_the_commands_own(name):
    assert COMMANDS_BY_WORDS[(name,)].help.replace("\n", " ").startswith(COMMANDS[name][1].removesuffix("."))


def test_the_version_is_the_projects(jobline):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert jobline("--version").output == f"jobline, version {__version__}\n"
    assert __version__ == project["version"]


def test_an_unknown_command_is_a_usage_error(jobline):
    assert jobline("launch").exit_code == 2
    assert jobline("lanes", "launch").exit_code == 2


def test_ctrl_c_ends_as_shells_expect_it(typed, monkeypatch):
    def interrupted(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("tests.support.wire.Pauses.pause", lambda *_: interrupted(0))

    assert typed("submit", "add", "a=1", "--wait").exit_code == 130


@pytest.mark.parametrize(
    "words",
    [
        ["submit", "--help"],
        ["--help"],
        ["list", "--help"],
        ["dead", "--help"],
        ["completion", "zsh"],
        ["logs", "--help"],
    ],
)
def test_no_command_waits_for_what_only_other_commands_need(words):
    program = f"""
import sys
from jobline.cli.main import main
try: main({words!r}, prog_name="jobline")
except SystemExit as end: assert not end.code
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, timeout=60, check=True
    )

    assert run.stderr.strip() == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(jobline, shell):
    result = jobline("completion", shell)

    assert result.exit_code == 0
    assert "_JOBLINE_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("line", "found"),
    [("jobline sch", "schedule"), ("jobline schedule cr", "create"), ("jobline list --sta", "--state")],
)
def test_the_shell_completes_what_is_typed(line, found):
    words = line.split()
    environment = os.environ | {
        "_JOBLINE_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    program = "from jobline.cli.main import main; main(prog_name='jobline')"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=280,
        env=environment,
        check=False,
    )

    assert [one.partition(",")[2] for one in run.stdout.split()] == [found]
