"""The checkout that is deployed differs from this one where it says so, and nowhere else."""

import filecmp
import json

import pytest

from e2e import project
from e2e.breaks import BREAKS
from e2e.plan import deployed, packaged
from infra.config import ROOT, faults, stage


@pytest.fixture
def checkout(tmp_path):
    return project.make(tmp_path)


def changed(checkout):
    """Files that are not as here, by path."""
    files = (path.relative_to(checkout) for path in checkout.rglob("*") if path.is_file())
    return {
        str(path)
        for path in files
        if not (ROOT / path).exists() or not filecmp.cmp(ROOT / path, checkout / path, shallow=False)
    }


def test_it_differs_in_what_is_bent_and_in_its_tasks_and_numbers(checkout):
    assert changed(checkout) == {*project.BENT, str(project.ERRANDS), ".chalice/config.json"}


def test_its_stage_may_be_deployed(checkout):
    config = json.loads((checkout / ".chalice" / "config.json").read_text())

    assert list(faults(project.STAGE, config)) == []
    assert 6 * max(stage(project.STAGE, config).timeouts[f] for f in project.FED_BY) == project.VISIBILITY


def test_a_release_changes_one_line(checkout):
    before = (checkout / project.ERRANDS).read_text().splitlines()

    project.release(checkout, 2)

    after = (checkout / project.ERRANDS).read_text().splitlines()
    assert [line for line in after if line not in before] == ["VERSION = 2"]


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_to_be_broken_is_there(checkout, name):
    before = changed(checkout)
    texts = {path: path.read_text() for path in checkout.rglob("*.py")}

    BREAKS[name](checkout)

    assert [path for path, text in texts.items() if path.read_text() != text], f"{name} breaks nothing"
    assert changed(checkout) >= before


def test_a_replacement_that_replaces_nothing_is_an_error(checkout):
    with pytest.raises(AssertionError, match=r"app.py does not say"):
        project.replace(checkout / "app.py", "no such words", "")


def test_the_short_run_is_part_of_the_whole():
    whole = [(check.story, check.name) for check in deployed(quick=False, keep=False)]
    short = [(check.story, check.name) for check in deployed(quick=True, keep=False)]

    assert [each for each in whole if each in short] == short
    assert 10 <= len(short) < len(whole)


def test_every_check_has_a_name_of_its_own():
    names = [(check.story, check.name) for check in (*deployed(quick=False, keep=False), *packaged())]

    assert len(set(names)) == len(names)
