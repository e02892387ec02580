"""docs/unique.md: its examples run."""

from tests.support.pages import run


def test_the_examples_run(tmp_path, monkeypatch):
    assert len(run("unique.md", tmp_path, monkeypatch)) == 3
