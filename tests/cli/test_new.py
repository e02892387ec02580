"""`jobline new` and `jobline upgrade`: what a project is made of, and what an upgrade leaves alone."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest.mock import patch

import pytest

from jobline import __version__, home
from jobline.cli import new as command
from jobline.local.python import ROOT
from jobline.new import parts, wheel
from jobline.new.name import MOST, fault
from jobline.new.parts import hashed

YOURS = "chalicelib/tasks/first.py"


@pytest.fixture
def wheels(monkeypatch):
    """A wheel that is made at once; tests/wheel has the real one."""

    def put(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / wheel.NAME).write_bytes(b"wheel")
        return folder / wheel.NAME

    monkeypatch.setattr(wheel, "put", put)


@pytest.fixture
def hello(jobline, wheels, monkeypatch) -> Path:
    """A new project, in whose folder the commands are typed."""
    made = jobline("new", "hello")
    assert made.exit_code == 0, made.output
    monkeypatch.chdir("hello")
    return Path.cwd()


def python(folder: Path, program: str) -> str:
    """What a program in the project's folder prints, with nothing of Jobline's to import but what is there."""
    run = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {program}"],
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


class TestNew:
    def test_it_names_what_is_yours_and_what_to_type_next(self, jobline, wheels):
        told = jobline("new", "hello")

        for path in ("Makefile", YOURS, "tests/test_first.py"):
            assert path in told.stdout
            assert Path("hello", path).is_file()
        assert "cd hello && make demo" in told.stdout

    def test_json_names_every_file(self, jobline, wheels):
        told = json.loads(jobline("new", "hello", "--json").stdout)

        there = sorted(
            path.relative_to("hello").as_posix() for path in Path("hello").rglob("*") if path.is_file()
        )
        assert sorted([*told["files"]]) == there
        assert set(told["yours"]) < set(told["files"])

    def test_all_that_ships_is_in_it_but_the_examples(self, hello):
        ours = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / "chalicelib").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        there = {
            path.relative_to(hello).as_posix() for path in (hello / "chalicelib").rglob("*") if path.is_file()
        }

        assert there == ours - {"chalicelib/tasks/examples.py"} | {YOURS}

    def test_its_name_is_in_every_name_on_aws_and_ours_is_in_none(self, hello):
        config = json.loads((hello / ".chalice/config.json").read_text())

        assert config["app_name"] == "hello"
        assert all(
            stage["environment_variables"]["JOBLINE_APP"] == "hello" for stage in config["stages"].values()
        )
        for policy in (hello / ".chalice/policies").iterdir():
            assert "jobline" not in policy.read_text()
        assert 'app_name="hello"' in (hello / "app.py").read_text()

    def test_its_stages_could_be_deployed_as_they_are(self, hello):
        program = (
            "from infra import lanes, policies; from infra.config import load, stage; config = load(); "
            "print(policies.outdated(config), lanes.outdated(), [stage(name, config).names.table for name in config['stages']])"
        )

        assert python(hello, program) == "[] [] ['hello-local', 'hello-dev']"

    def test_its_first_task_is_the_only_one(self, hello):
        assert (
            python(
                hello, "from chalicelib import wiring; print(*wiring.load_tasks(('chalicelib.tasks',)).tasks)"
            )
            == "greet"
        )

    def test_it_installs_the_very_tools_that_made_it_and_keeps_to_our_pins(self, hello):
        assert f"./vendor/{wheel.NAME}[local]" in (hello / "requirements-dev.txt").read_text()
        pins = (hello / "constraints.txt").read_text().splitlines()
        assert any(pin.startswith("boto3==") for pin in pins)
        assert all(pin.count("==") == 1 and " " not in pin for pin in pins)

    def test_no_placeholder_is_left(self, hello):
        for path in json.loads((hello / "jobline.json").read_text())["parts"].keys() | parts.PLACES.values():
            assert "@NAME@" not in (hello / path).read_text(), path
            assert "@WHEEL@" not in (hello / path).read_text(), path

    def test_the_commands_work_on_the_project_around_them(self, hello, monkeypatch):
        monkeypatch.chdir(hello / "tests")

        assert home.project() == hello
        assert python(
            hello / "tests",
            f"sys.path[0] = {str(ROOT)!r}; from jobline import home; print(home.tree())",
        ) == str(hello)

    @pytest.mark.parametrize(
        "name", ["Hello", "9lives", "a_b", "a--b", "-a", "a-", "", "ä", "jobline", "x" * (MOST + 1), "../x"]
    )
    def test_names_that_aws_would_not_take_are_refused(self, jobline, wheels, name):
        told = jobline("new", "--", name)

        assert told.exit_code == 2
        assert not list(Path().iterdir())

    def test_the_longest_name_fits_every_name_on_aws(self):
        from infra.config import LONGEST_BUCKET_NAME, LONGEST_FUNCTION_NAME
        from infra.names import Names

        assert fault("x" * MOST) is None
        names = Names(app="x" * MOST, stage="local")
        assert len(names.bucket(account="1" * 12, region="ap-southeast-2")) <= LONGEST_BUCKET_NAME
        assert max(map(len, names.functions.values())) <= LONGEST_FUNCTION_NAME

    def test_what_is_there_is_never_written_over(self, jobline, wheels):
        Path("hello").mkdir()
        Path("hello/mine.txt").write_text("mine")

        told = jobline("new", "hello")

        assert told.exit_code == 2
        assert "not empty" in told.stderr
        assert [path.name for path in Path("hello").iterdir()] == ["mine.txt"]
        Path("file").write_text("")
        assert jobline("new", "other", "--folder", "file").exit_code == 2

    def test_an_empty_folder_will_do(self, jobline, wheels):
        Path("work").mkdir()

        assert jobline("new", "hello", "--folder", "work").exit_code == 0
        assert Path("work/app.py").is_file()

    def test_no_project_is_made_inside_another(self, jobline, hello):
        assert "inside the project" in jobline("new", "inner").stderr

    def test_a_disk_that_is_full_is_said_in_a_line(self, jobline, wheels):
        with patch.object(command.wheel, "put", side_effect=OSError(28, "No space left on device")):
            told = jobline("new", "hello")

        assert told.exit_code == 1
        assert "No space left" in told.stderr


class TestUpgrade:
    @pytest.fixture
    def next_version(self, monkeypatch):
        """The version after this one: these parts are changed, those are new, those are gone."""

        def next_version(changed=(), new=None, gone=()):
            real = parts.ours

            def ours(name, tree):
                found = real(name, tree)
                found = {
                    path: text + "# newer\n" if path in changed else text for path, text in found.items()
                }
                return {path: text for path, text in found.items() if path not in gone} | (new or {})

            monkeypatch.setattr(parts, "ours", ours)

        return next_version

    def test_the_same_version_has_nothing_to_do(self, jobline, hello):
        told = json.loads(jobline("upgrade", "--dry-run", "--json").stdout)

        assert (told["write"], told["remove"], told["changed_by_you"]) == ([], [], [])

    def test_parts_are_brought_up_to_date_and_what_is_yours_stays(self, jobline, hello, next_version):
        next_version(
            changed=["chalicelib/wiring.py"],
            new={"chalicelib/brand_new.py": "NEW = 1\n"},
            gone=["infra/privileges.py"],
        )
        (hello / YOURS).write_text("# mine\n")
        (hello / "chalicelib/lanes.py").write_text((hello / "chalicelib/lanes.py").read_text() + "# mine\n")

        told = jobline("upgrade")

        assert told.exit_code == 0, told.output
        assert (hello / "chalicelib/wiring.py").read_text().endswith("# newer\n")
        assert (hello / "chalicelib/brand_new.py").is_file()
        assert not (hello / "infra/privileges.py").exists()
        assert (hello / YOURS).read_text() == "# mine\n"
        assert (hello / "chalicelib/lanes.py").read_text().endswith("# mine\n")
        marks = home.marks(hello)
        assert marks["jobline"] == __version__
        assert marks["parts"]["chalicelib/brand_new.py"] == hashed("x.py", "NEW = 1\n")

    def test_what_both_have_changed_ends_it_with_nothing_done(self, jobline, hello, next_version):
        next_version(changed=["chalicelib/wiring.py", "chalicelib/settings.py"])
        (hello / "chalicelib/wiring.py").write_text("# mine\n")
        before = (hello / "chalicelib/settings.py").read_text()

        told = jobline("upgrade")

        assert told.exit_code == 1
        assert "chalicelib/wiring.py   (changed by you)" in told.stdout
        assert (hello / "chalicelib/settings.py").read_text() == before
        assert jobline("upgrade", "--overwrite").exit_code == 0
        assert (hello / "chalicelib/wiring.py").read_text().endswith("# newer\n")

    def test_a_lane_of_ones_own_is_no_change_of_the_template(self, jobline, hello, next_version):
        lanes = (hello / "chalicelib/lanes.py").read_text()
        own = '    Lane(name="reports", meant="Reports.", concurrency=5),\n)\n\nLANES'
        (hello / "chalicelib/lanes.py").write_text(lanes.replace(")\n\nLANES", own, 1))
        python(hello, "from infra import lanes; lanes.write()")
        next_version(changed=["infra/template.yaml"])

        told = jobline("upgrade")

        assert told.exit_code == 0, told.output
        template = (hello / "infra/template.yaml").read_text()
        assert template.endswith("# newer\n")
        assert (
            python(
                hello,
                "from infra import lanes, policies; from infra.config import load; print(lanes.outdated(), policies.outdated(load()))",
            )
            == "[] []"
        )
        assert "-reports" in template

    def test_outside_of_a_project_it_says_where_to_go(self, jobline):
        told = jobline("upgrade")

        assert told.exit_code == 2
        assert "jobline new NAME" in told.stderr


def test_the_wheels_extras_are_what_the_project_is_locked_to():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    locked = {
        line
        for file in ("requirements.in", "requirements-dev.in")
        for line in (ROOT / file).read_text().split()
    }
    plain = {re.sub(r"\[.*]", "", one) for one in locked}

    exact = {one for extra in extras.values() for one in extra if "==" in one}
    ships = {line for line in (ROOT / "requirements.in").read_text().splitlines() if "==" in line}

    assert exact <= plain
    assert ships <= set(extras["local"]) | set(extras["testing"])
