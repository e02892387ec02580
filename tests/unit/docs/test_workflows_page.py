"""docs/workflows.md and docs/from-celery.md: their examples run, and the figures they name are those of the code."""

import re

from chalicelib.pipeline.task import Task
from chalicelib.pipeline.workflows.depth import MOST_ABOVE
from chalicelib.pipeline.workflows.flow import Flow
from chalicelib.pipeline.workflows.gather import MOST_LISTED
from chalicelib.pipeline.workflows.group import MOST_CHILDREN
from chalicelib.pipeline.workflows.lines import MOST_HELD
from chalicelib.pipeline.workflows.many import FEW, SMALL
from chalicelib.pipeline.workflows.reading import HOW, MAX_NESTING, MAX_NODES
from tests.support.pages import DOCS, run


def test_the_examples_run(tmp_path, monkeypatch):
    assert len(run("workflows.md", tmp_path, monkeypatch)) == 5


def test_what_celery_does_is_done(tmp_path, monkeypatch):
    assert run("from-celery.md", tmp_path, monkeypatch) == ["test_a_basket_is_paid"]


def test_the_figures_are_those_of_the_code():
    page, celery = ((DOCS / name).read_text() for name in ("workflows.md", "from-celery.md"))
    assert f"{MAX_NODES:,} nodes, nested {MAX_NESTING} deep" in page
    assert f"At most {MOST_ABOVE} jobs may wait for each other" in page
    assert f"At most {MOST_ABOVE} levels deep" in celery
    assert f"the manifest that stands for more than {MOST_LISTED:,}" in page
    assert f"Of more than {MOST_LISTED:,} children" in celery
    assert f"Up to {FEW:,} items of {SMALL // 1024} KB together stand in the workflow itself" in page
    assert f"A group has at most {MOST_CHILDREN:,} children" in page
    assert f"the lines of a page of 100 children at most {MOST_HELD // 1024 // 1024} MB" in page
    assert f".set({', '.join(f'{name}=' for name in HOW)})" in page


def test_every_verb_that_is_named_for_celerys_is_there():
    celery = (DOCS / "from-celery.md").read_text()
    ours = "".join(
        row.split("|")[2] for row in re.findall(r"^\|.*\|$", celery.replace("\\|", ""), re.MULTILINE)
    )
    for verb in ("s", "si", "map", "starmap", "chunks"):
        assert f".{verb}(" in ours
        assert hasattr(Task, verb)
    for verb in ("delay", "submit"):
        assert f".{verb}(" in ours
        assert hasattr(Flow, verb)
