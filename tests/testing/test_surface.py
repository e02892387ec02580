"""What users import, and what it costs those who do not."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import jobline.testing

ROOT = Path(__file__).parents[2]
PLUGIN = "jobline.pytest_plugin"


def run(*words, **options):
    return subprocess.run(
        [sys.executable, *words], check=False, capture_output=True, text=True, timeout=280, **options
    )


def test_the_surface_is_what_is_promised():
    assert jobline.testing.__all__ == [
        "Fault",
        "Jobline",
        "NotQuiet",
        "NotRepeatable",
        "Report",
        "Run",
        "ScheduleFailed",
        "crash_every_point",
        "effect",
    ]
    for name in jobline.testing.__all__:
        assert getattr(jobline.testing, name).__doc__, name


def test_the_plugin_is_registered_under_its_modules_name():
    # so that naming it in `pytest_plugins` or with -p as well is no second registration
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert points == {"pytest11": {PLUGIN: PLUGIN}}


def test_the_plugin_costs_nothing_until_a_fixture_is_asked_for():
    heavy = "{'chalicelib', 'jobline.testing', 'msgspec', 'botocore', 'requests', 'httpx'}"
    found = run("-c", f"import sys, {PLUGIN}; print(sorted({heavy} & set(sys.modules)))", cwd=ROOT)
    assert found.stdout == "[]\n", found.stderr


def test_importing_the_module_leaves_the_libraries_of_the_seams_alone():
    heavy = "{'boto3', 'botocore', 'requests', 'httpx', 'pytest'}"
    found = run("-c", f"import sys, jobline.testing; print(sorted({heavy} & set(sys.modules)))", cwd=ROOT)
    assert found.stdout == "[]\n", found.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pytest_finds_the_plugin_by_its_entry_point(tmp_path):
    # given an installation of the project, as far as pytest looks at it, and a test that uses both fixtures
    info = tmp_path / "jobline_as_installed-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: jobline-as-installed\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[pytest11]\n{PLUGIN} = {PLUGIN}\n")
    (tmp_path / "test_it.py").write_text("def test_it(jobline, crash_every_point):\n    pass\n")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    # when pytest runs, also where a conftest names the plugin
    for conftest in ("", f"pytest_plugins = ['{PLUGIN}']\n"):
        (tmp_path / "conftest.py").write_text(conftest)
        ran = run("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", cwd=tmp_path, env=env)
        # then it has them, without a warning
        assert ran.returncode == 0, ran.stdout
        assert "1 passed" in ran.stdout
        assert "warning" not in ran.stdout
