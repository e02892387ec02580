"""The whole of it, as a person runs it: in a process of its own, on the real local stack."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from examples.demo import command

ROOT = Path(__file__).parents[2]


@pytest.fixture
def demo() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the demo with some arguments, as a terminal would; a test that fails leaves none behind."""
    runs: list[subprocess.Popen[str]] = []

    def started(*arguments: object, mark: str = "") -> subprocess.Popen[str]:
        run = subprocess.Popen(
            [sys.executable, "-m", "examples.demo", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "DEMO_TEST_MARK": mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Whoever runs these tests in the background has SIGINT ignored, and so would their children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        runs.append(run)
        return run

    yield started
    for run in runs:
        run.kill()  # its stack hangs on a leash and goes with it
        run.communicate()


def _marked(mark: str) -> list[str]:
    """The processes that carry this mark in their environment: all that a run has started."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environ.read_bytes():
                found.append(environ.with_name("cmdline").read_text().replace("\0", " "))
        except OSError:  # it ended while we looked, or is not ours
            continue
    return found


def _wait_for(words: str, stream: IO[str]) -> None:
    while words not in (line := stream.readline()):
        assert line, f"it ended without saying {words!r}"


@pytest.fixture
def folder(tmp_path: Path, samples: Path) -> Path:
    """A small folder of a person's own: a few good files, a few broken ones."""
    own = tmp_path / "own [folder]"
    own.mkdir()
    for path in (
        "pictures/old_palette.png",
        "pictures/broken_a_text_named.jpg",
        "tables/sales_02.csv",
        "texts/letter_01.txt",
    ):
        (own / Path(path).name).write_bytes((samples / path).read_bytes())
    return own


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.filterwarnings("default:a process of the stack died")
def test_the_demo_on_its_samples_ends_with_each_outcome_as_it_should_be(demo, tmp_path):
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    run = demo("--json", "--out", tmp_path / "out", mark=mark)
    said, shown = run.communicate(timeout=390)

    assert run.returncode == 0, shown
    report = json.loads(said)
    assert report["ok"]
    assert report["wrong"] == []
    assert report["total"]["submitted"] >= 300
    assert report["total"]["succeeded"] + report["total"]["dead"] == report["total"]["submitted"]
    assert {
        "BrokenPicture",
        "UnidentifiedImageError",
        "BrokenTable",
        "BrokenText",
        "PageRefused",
        "ServerTrouble",
    } == {job["error"].partition(":")[0] for job in report["dead"]}
    assert report["total"]["retried"] >= 20
    if "4 processes of the stack ran through" not in [proof["claim"] for proof in report["proofs"]]:
        # No fault of the jobs, and on a machine that runs out of something no fault at all; but somebody should look.
        warnings.warn(f"a process of the stack died and was replaced:\n{shown}", stacklevel=1)
    assert len(list((tmp_path / "out" / "mail").glob("*.eml"))) == 1
    assert (tmp_path / "out" / "report.html").is_file()
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    assert report["sentence"] in shown
    assert _marked(mark) == []  # where there is no /proc, none is found


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(200)
def test_broken_files_in_a_folder_of_ones_own_are_reported_and_are_no_failure(demo, tmp_path, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    run = demo("--json", "--dir", folder, "--out", tmp_path / "out")
    said, shown = run.communicate(timeout=190)

    assert run.returncode == 0, shown
    dead = [job for job in json.loads(said)["dead"] if job["kind"] == "thumbnails"]
    assert [job["error"].partition(":")[0] for job in dead] == ["UnidentifiedImageError"] * 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_when_the_time_is_over_it_says_what_hangs_and_fails(demo, tmp_path, folder):
    run = demo("--dir", folder, "--out", tmp_path / "out", "--time-limit", "0.5")
    shown, _ = run.communicate(timeout=280)

    assert run.returncode == 1, shown
    assert "WRONG  pages, /" in shown
    assert "it has no outcome: " in shown


@pytest.mark.long  # its shorter sisters: tests/cli/test_up.py for the stack below it, and what the whole run above leaves
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for what is left by way of /proc")
def test_ctrl_c_in_the_middle_stops_everything_and_leaves_no_process(demo, tmp_path, folder):
    # given a run in the middle of its work
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    run = demo("--dir", folder, "--out", tmp_path / "out", mark=mark)
    assert run.stdout is not None
    _wait_for("submitted", run.stdout)
    assert len(_marked(mark)) > 3

    # when the terminal sends Ctrl-C to it
    os.killpg(run.pid, signal.SIGINT)
    shown, trouble = run.communicate(timeout=60)

    # then it says so, without a traceback, and nothing of it is left
    assert run.returncode == 130
    assert "Nothing is left running" in shown
    assert trouble == ""
    assert _marked(mark) == []


@pytest.mark.parametrize("case", ["nowhere", "empty", "inside", "not ours"])
def test_a_wrong_folder_is_refused_before_anything_is_started(tmp_path, monkeypatch, capsys, case):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    (tmp_path / "in").mkdir()
    (tmp_path / "full").mkdir()
    for folder in ("in", "full"):
        (tmp_path / folder / "a.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    arguments, says = {
        "nowhere": (["--dir", tmp_path / "nowhere"], "is not a folder"),
        "empty": (["--dir", tmp_path / "empty", "--out", tmp_path / "out"], "holds no pictures"),
        "inside": (["--dir", tmp_path / "in", "--out", tmp_path / "in" / "out"], "must lie apart"),
        "not ours": (["--dir", tmp_path / "in", "--out", tmp_path / "full"], "was not made by this demo"),
    }[case]

    assert command.main([str(argument) for argument in arguments]) == 2
    assert says in capsys.readouterr().out
