"""The tutorial is typed as it stands, in one shell, from an empty folder; what it says is printed is printed."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from infra.config import ROOT
from jobline.local.ports import choose
from press.markdown import Fence, Page
from tests.support.pages import run_blocks
from tests.support.project import copy_project

ON_THIS_MACHINE = (
    "1-first-job.md",
    "2-when-it-fails.md",
    "3-kill-it.md",
    "4-a-pipeline.md",
    "5-test-it.md",
)
DEPLOYED = "6-deploy-it.md"
MARK = "--- block {number}"


def fences(*names: str) -> list[Fence]:
    pages = [Page((ROOT / "docs" / "tutorial" / name).read_text(encoding="utf-8")) for name in names]
    return [fence for page in pages for fence in page.fences]


def script(blocks: list[Fence]) -> str:
    """What a reader does: writes the files, types the lines. A mark before each block tells their outputs apart."""
    lines = []
    for number, block in enumerate(blocks):
        if block.language == "python":
            name = re.match(r"# (\S+\.py)\n", block.text)
            assert name, f"a block of Python without its file's name: {block.text[:60]}"
            lines.append(f"cat > {name[1]} <<'END OF FILE'\n{block.text}END OF FILE\n")
        elif block.language == "sh":
            lines.append(f"echo '{MARK.format(number=number)}'\n{block.text}")
    return "\n".join(lines)


def pattern(shown: str) -> str:
    """What a page shows, as a pattern: `…` in a line is any text, alone in a line any lines."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"\s*?\n"
        for line in shown.splitlines()
    ]
    return "^" + "".join(lines)


def outputs(said: str, blocks: list[Fence]) -> Iterator[tuple[str, str]]:
    """What is shown, and what was printed by the block before it."""
    pieces = re.split(r"^--- block (\d+)\n", said, flags=re.MULTILINE)
    printed = dict(zip(map(int, pieces[1::2]), pieces[2::2], strict=True))
    for number, block in enumerate(blocks):
        if block.language == "text":
            assert number - 1 in printed, block.text
            yield block.text, printed[number - 1]


class Shell:
    """A reader's shell, in a folder."""

    def __init__(self, folder: Path, jobline: Path, **settings: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JOBLINE"))}
        self.environment = {**kept, "JOBLINE": str(jobline), "PYTHONPATH": str(jobline), **settings}

    def types(self, script: str, seconds: float) -> str:
        printed = self.folder / "typed.log"
        with printed.open("w", encoding="utf-8") as log:  # a pipe would be held open by what is left running
            shell = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-m", "-c", script],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            status = shell.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(shell)
        said = printed.read_text(encoding="utf-8")
        assert status == 0, said
        return said


def _end(shell: "subprocess.Popen[bytes]") -> None:
    """With all that it started: each job of a shell has a group of its own."""
    for group in _groups(shell.pid):
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()


def _groups(session: int) -> set[int]:
    found = subprocess.run(
        ["ps", "-s", str(session), "-o", "pgid="], check=False, capture_output=True, text=True
    )
    return set(map(int, found.stdout.split())) - {session}


def unlike(said: str, blocks: list[Fence]) -> list[str]:
    """What is shown and was not printed so; each with what was."""
    shown = list(outputs(said, blocks))
    assert shown, "the pages show nothing to compare"
    return [
        f"shown:\n{text}\nprinted:\n{printed}"
        for text, printed in shown
        if not re.search(pattern(text), printed, re.MULTILINE)
    ]


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_what_the_first_page_says_happens(tmp_path):
    blocks = fences("1-first-job.md")

    said = Shell(tmp_path, ROOT).types(script(blocks), seconds=180)

    assert unlike(said, blocks) == []


@pytest.mark.slow
@pytest.mark.long  # the first page is tried above, the last one's tests below
@pytest.mark.timeout(600)
def test_what_the_tutorial_says_happens_on_this_machine(tmp_path):
    blocks = fences(*ON_THIS_MACHINE)

    said = Shell(tmp_path, ROOT).types(script(blocks), seconds=580)

    assert unlike(said, blocks) == []


def test_the_tests_that_a_reader_writes_pass(tmp_path, monkeypatch):
    files = fences("4-a-pipeline.md", "5-test-it.md")
    text = {re.match(r"# (\S+)", one.text)[1]: one.text for one in files if one.language == "python"}

    assert run_blocks(text, tmp_path, monkeypatch) == [
        "test_an_order_is_priced_and_packed",
        "test_an_order_with_an_unknown_item_is_not_packed",
    ]


@pytest.mark.slow
@pytest.mark.long  # its shorter sister is tests/operations/test_page.py, which deploys the same way
@pytest.mark.timeout(600)
def test_what_the_tutorial_says_happens_when_it_is_deployed(tmp_path):
    blocks = fences(DEPLOYED)
    clone, desk = copy_project(tmp_path / "clone"), tmp_path / "hello"
    for name in ("jobline", "bench", "proof", "tests/support"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, clone / name, ignore=ignored, dirs_exist_ok=True)
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, clone / name)
        os.utime(clone / name, (0, 0))  # the environment below is up to date: it is this one
    (clone / ".venv").symlink_to(ROOT / ".venv")
    desk.mkdir()
    (shop,) = [one for one in fences("4-a-pipeline.md") if one.language == "python"]
    (desk / "shop.py").write_text(shop.text, encoding="utf-8")
    port = str(choose(0, option="GATEWAY_PORT"))

    said = Shell(desk, clone, GATEWAY_PORT=port).types(
        'export PATH="$JOBLINE/.venv/bin:$PATH"\n' + script(blocks), seconds=580
    )

    assert unlike(said, blocks) == []


def test_the_pages_lead_to_one_another_in_their_order():
    names = [*ON_THIS_MACHINE, DEPLOYED]
    assert sorted(file.name for file in (ROOT / "docs" / "tutorial").glob("*.md")) == names
    for name, following in pairwise(names):
        assert f"]({following})." in (ROOT / "docs" / "tutorial" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a … c\n", "a b c\n", True),
        ("a\nc\n", "a\nb\nc\n", False),
        ("a\n…\nc\n", "a\nb\nb\nc\n", True),
        ("a … c\n", "a\nc\n", False),
        ("6.0\n", "16.0\n", False),
        ("6.0\n", "hint\n6.0\nhint\n", True),
    ],
)
def test_what_is_shown_is_held_against_what_is_printed_line_by_line(shown, printed, same):
    assert bool(re.search(pattern(shown), printed, re.MULTILINE)) is same
