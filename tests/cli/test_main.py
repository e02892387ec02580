import tomllib

from jobline import __version__
from jobline.local.python import ROOT


def test_help_names_every_command(jobline):
    result = jobline("--help")

    assert result.exit_code == 0
    assert all(command in result.output for command in ("up", "submit", "status"))


def test_the_version_is_the_projects(jobline):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert jobline("--version").output == f"jobline, version {__version__}\n"
    assert __version__ == project["version"]


def test_an_unknown_command_is_a_usage_error(jobline):
    assert jobline("launch").exit_code == 2
