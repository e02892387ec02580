"""The example of docs/sealing.md does what the page says."""

from tests.support.pages import run


def test_the_example_of_the_page_runs(tmp_path, monkeypatch):
    assert run("sealing.md", tmp_path, monkeypatch) == ["test_a_sealed_job_is_as_any_other"]
