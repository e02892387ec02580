"""docs/cancel.md: its example runs."""

from tests.support.pages import run


def test_the_example_runs(tmp_path, monkeypatch):
    assert run("cancel.md", tmp_path, monkeypatch) == ["test_what_waits_is_cancelled_at_once"]
