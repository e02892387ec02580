"""docs/retries.md: its examples run, and its figures are the code's."""

from inspect import signature

from chalicelib.pipeline.task import MAX_ATTEMPTS, Options
from tests.support.pages import DOCS, run


def test_the_examples_run(tmp_path, monkeypatch):
    assert run("retries.md", tmp_path, monkeypatch) == [
        "test_what_may_pass_is_tried_again",
        "test_what_cannot_pass_is_not",
        "test_a_task_may_say_when",
    ]


def test_the_figures_are_the_codes():
    page = (DOCS / "retries.md").read_text(encoding="utf-8")
    default = signature(Options).parameters["max_attempts"].default
    assert f"is {default} unless the task says otherwise, {MAX_ATTEMPTS} at most" in page
