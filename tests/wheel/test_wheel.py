"""The wheel: what is in it, what it brings, and that the client in it needs httpx alone."""

import os
import re
import subprocess
import sys
import venv
from email.parser import Parser
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from jobline import __version__
from jobline.home import CARRIED
from jobline.local.python import ROOT
from jobline.new import wheel

ALONE = """
import sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top != "jobline":
            caller = sys._getframe(1)
            while "importlib" in caller.f_code.co_filename:
                caller = caller.f_back
            if caller.f_globals.get("__name__", "").startswith("jobline"):
                asked.add(top)
        return None

asked = set()
sys.meta_path.insert(0, Watch())
import jobline.client
print(*sorted(asked))
"""


def test_the_client_imports_httpx_and_nothing_else():
    run = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, text=True, capture_output=True, timeout=60, check=True
    )

    assert run.stdout.split() == ["httpx"]


def test_what_it_is_to_carry_is_there():
    told = re.findall(
        r'^    "([^"]+)": (?:None|\()', (ROOT / "setup.py").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert len(told) > 5
    assert not [name for name in told if not (ROOT / name).exists()]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return wheel.put(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def names(built) -> list[str]:
    return ZipFile(built).namelist()


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> Path:
    """A Python of its own in which it is installed, without what it needs: the machine's own httpx and click are lent."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    target = next((folder / "lib").glob("python*/site-packages"))
    how = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", "--target", str(target))
    subprocess.run([sys.executable, "-m", "pip", "install", *how, str(built)], check=True, timeout=120)
    return folder


@pytest.mark.slow
class TestBuilt:
    def test_it_installs_one_package_and_nothing_beside_it(self, names):
        assert {name.partition("/")[0] for name in names} == {"jobline", wheel.INFO}

    def test_all_of_the_package_is_in_it_and_nothing_that_lay_about(self, names):
        ours = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / "jobline").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and "carried" not in path.parts
        }
        package = {name for name in names if name.startswith("jobline/")}

        assert {name for name in package if not name.startswith("jobline/carried/")} == ours
        assert not [name for name in package if name.endswith((".pyc", ".log")) or "/tests/" in name]

    def test_it_carries_what_a_project_begins_with_and_no_more(self, names):
        carried = {
            name.removeprefix("jobline/carried/") for name in names if name.startswith("jobline/carried/")
        }
        tops = {name.partition("/")[0] for name in carried}

        assert tops == {
            "app.py",
            "chalicelib",
            "infra",
            "bench",
            ".chalice",
            "requirements.in",
            "requirements.txt",
            "requirements-dev.txt",
        }
        ours = {
            path.relative_to(ROOT).as_posix()
            for top in ("chalicelib", "infra")
            for path in (ROOT / top).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert {name for name in carried if name.startswith(("chalicelib/", "infra/"))} == ours
        assert {name for name in carried if name.startswith("bench/")} == {
            "bench/__init__.py",
            "bench/bill.py",
            "bench/prices.py",
        }
        assert not [name for name in carried if name.startswith(".chalice/") and not name.endswith(".json")]

    def test_it_asks_for_httpx_alone_and_for_the_rest_when_asked(self, built):
        with ZipFile(built) as archive:
            told = Parser().parsestr(archive.read(f"{wheel.INFO}/METADATA").decode())

        needed = [one for one in told.get_all("Requires-Dist") if "extra ==" not in one]
        assert needed == ["httpx>=0.27"]
        assert set(told.get_all("Provides-Extra")) >= {"cli", "flask", "quart", "testing", "local"}
        assert (told["Name"], told["Version"]) == ("jobline", __version__)
        assert told["Requires-Python"] == ">=3.11"

    @pytest.mark.long  # tests/wheel/test_fresh.py installs what it makes
    def test_what_was_installed_makes_the_same_wheel_again(self, built, installed, tmp_path):
        """For the next project, where the wheel that was installed is not at hand any more."""
        (info,) = installed.rglob(wheel.INFO)
        again = wheel._again(tmp_path / wheel.NAME, PathDistribution(info))

        with ZipFile(built) as one, ZipFile(again) as other:
            assert sorted(one.namelist()) == sorted(other.namelist())
            for name in one.namelist():
                assert name.endswith("/RECORD") or one.read(name) == other.read(name), name
        target = tmp_path / "there"
        how = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", "--target", str(target))
        subprocess.run([sys.executable, "-m", "pip", "install", *how, str(again)], check=True, timeout=120)

    def test_an_installation_with_holes_makes_none(self, tmp_path):
        with pytest.raises(wheel.NoWheel, match="not whole"):
            wheel._again(tmp_path / wheel.NAME, Nothing())

    def test_the_client_works_where_nothing_else_is(self, installed):
        said = run(
            installed,
            "import jobline.client, sys; print([name for name in sys.modules if name in ('click', 'rich', 'chalicelib', 'boto3')])",
            lent=("httpx", "httpcore", "h11", "anyio", "certifi", "idna", "sniffio", "typing_extensions"),
        )

        assert said == "[]"

    def test_the_command_says_what_it_lacks(self, installed):
        said = run(installed, "from jobline.command import main; main()", status=1)

        assert "pip install 'jobline[cli]'" in said

    def test_what_only_a_project_has_is_carried_for_all_others(self, installed, tmp_path):
        said = run(installed, "from jobline import home; print(home.tree(), home.cloned())", cwd=tmp_path)

        tree, cloned = said.rsplit(" ", 1)
        assert tree.endswith(CARRIED.as_posix().rpartition("/jobline/")[2])
        assert cloned == "False"


class Nothing(Distribution):
    files = None

    def read_text(self, filename):
        return None

    def locate_file(self, path):
        return Path(path)


def run(installed: Path, program: str, *, lent=(), status=0, cwd=None) -> str:
    """What a program says in that Python. `lent`: packages of this one's that it may import."""
    site = Path(pytest.__file__).parents[1]
    there = next((installed / "lib").glob("python*/site-packages"))
    for name in lent:
        for path in (site / name, site / f"{name}.py"):
            if path.exists() and not (there / path.name).exists():
                (there / path.name).symlink_to(path)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        [installed / "bin" / "python", "-c", program],
        cwd=cwd or installed,
        env=environment,
        text=True,
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == status, ended.stderr
    return (ended.stdout + ended.stderr).strip()
