import subprocess
import sys
import tomllib

from jobline import __version__
from jobline.local.python import ROOT


def test_help_names_every_command(jobline):
    result = jobline("--help")

    assert result.exit_code == 0
    assert all(command in result.output for command in ("doctor", "keys", "up", "submit", "status"))


def test_the_version_is_the_projects(jobline):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert jobline("--version").output == f"jobline, version {__version__}\n"
    assert __version__ == project["version"]


def test_an_unknown_command_is_a_usage_error(jobline):
    assert jobline("launch").exit_code == 2


def test_submitting_does_not_wait_for_what_only_other_commands_need():
    program = "import sys, jobline.cli.main; print([m for m in ('boto3', 'chalice') if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, timeout=60, check=True
    )

    assert run.stdout.strip() == "[]"
