"""The operators' page: it names every alarm and every check's place, its figures are computed, and its commands are typed as they stand."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from bench.bill import MEASURED, made, page_with
from bench.bill import PAGE as BILL_PAGE
from chalicelib.lanes import LANES
from infra import keyless
from infra.config import ROOT
from infra.stack import TEMPLATE
from jobline.doctor.alarms import expected
from jobline.doctor.checks import CHECKS
from jobline.local.ports import choose
from tests.support.project import copy_project

PAGE = ROOT / "docs" / "operations.md"
TEXT = PAGE.read_text(encoding="utf-8")
SCRIPT = re.search(r"### On an emulator\n.*?```sh\n(.*?)```", TEXT, re.DOTALL)


def slug(heading: str) -> str:
    """The anchor that a heading gets on GitHub."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


OF_EACH_LANE = {"lane-old", "consumer-fails", "consumer-throttled"}
OTHERS = {name for name in expected() if not re.search(r"-lane-old$|^consume-", name)}


def place(alarm: str) -> str:
    """Where an alarm has its place: those of the lanes share one."""
    return (
        alarm
        if alarm in OTHERS
        else re.sub(r"^consume-.+-", "consumer-", re.sub(r".+-lane-old", "lane-old", alarm))
    )


ANCHORS = {slug(heading) for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)} | set(
    re.findall(r'<a id="([^"]+)"></a>', TEXT)
)


def test_every_alarm_has_its_place_on_the_page():
    assert (
        len(expected())
        == TEMPLATE.read_text().count("AWS::CloudWatch::Alarm")
        == len(OTHERS) + 3 * len(LANES)
    )
    assert {*OTHERS, *OF_EACH_LANE, keyless.NAME} == set(re.findall(r'<a id="([^"]+)"></a>', TEXT))


def test_every_alarms_own_words_lead_there():
    described = re.findall(
        r"AlarmName: !Sub \$\{App\}-\$\{Stage\}-(\S+)\n +AlarmDescription: >-\n((?: {8}.+\n)+)",
        TEMPLATE.read_text(),
    )

    assert [name for name, words in described if f"docs/operations.md#{place(name)}." in words] == expected()


def test_links_within_the_page_and_to_others_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        file, _, anchor = target.partition("#")
        assert not file or (PAGE.parent / file).exists(), target
        assert file or anchor in ANCHORS, target


def test_what_checks_refer_to_on_the_page_is_there():
    for check in CHECKS:
        for place in re.findall(r"docs/operations\.md(?: \()?, ([A-Za-z -]+)", check.mend):
            assert slug(place.strip()) in ANCHORS, check.name
        for place in re.findall(r"docs/operations\.md, ([A-Z][a-z]+)", check.mend):
            assert f"## {place}" in TEXT


def test_the_bill_is_what_the_price_file_and_the_counts_come_to():
    assert BILL_PAGE == PAGE
    assert page_with(TEXT, made()) == TEXT, "python -m bench.bill --write"
    assert f"{MEASURED.write_units:.2f} write units and {MEASURED.sqs_in_tens:.2f} SQS requests" in TEXT


class Desk:
    """A clone, and a newcomer's shell in it."""

    def __init__(self, folder: Path) -> None:
        self.project = copy_project(folder)
        for name in ("jobline", "bench", "proof", "tests/support"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.project / name, ignore=ignore, dirs_exist_ok=True)
        for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(ROOT / name, self.project / name)
            os.utime(self.project / name, (0, 0))  # the environment below is up to date: it is this one
        (self.project / ".venv").symlink_to(ROOT / ".venv")

    def types(self, script: str, port: int) -> str:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JOBLINE_"))
        }
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.project,
            env={**kept, "GATEWAY_PORT": str(port), "PYTHONPATH": str(self.project)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # what it starts ends with it
        )
        try:
            said, _ = shell.communicate(timeout=350)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
        assert shell.returncode == 0, said
        return said


@pytest.mark.slow
@pytest.mark.long  # its shorter sisters: tests/infra/test_deploy.py, tests/e2e/test_quick.py
@pytest.mark.timeout(400)
def test_a_newcomer_types_the_first_deploy_line_by_line(tmp_path):
    assert SCRIPT
    desk = Desk(tmp_path / "clone")

    said = desk.types(SCRIPT[1], choose(0, option="GATEWAY_PORT"))

    assert "jobline-dev holds" in said
    assert '"state": "SUCCEEDED"' in said
    fails = re.findall(r"^FAIL +([a-z A-Z]+?)  ", said, re.MULTILINE)
    assert fails == ["bucket lifecycle"], said
    assert "UNKNOWN" not in said
    assert "jobline-dev is gone, with its data" in said
