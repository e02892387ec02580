"""The examples of docs/security.md do what the page says."""

from tests.support.pages import run


def test_the_examples_of_the_page_run(tmp_path, monkeypatch):
    assert run("security.md", tmp_path, monkeypatch) == [
        "test_the_password_is_used_and_not_kept_in_the_error"
    ]
