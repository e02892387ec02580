"""The documentation's diagram is the table's, not a memory of it."""

from chalicelib.domain.job import State
from chalicelib.domain.lifecycle import TRANSITIONS
from press.lifecycle import PAGE, drawn, main, mermaid


def test_the_page_says_what_the_table_says():
    page = PAGE.read_text()
    assert drawn(page) == page


def test_every_arrow_of_the_table_is_in_the_diagram():
    diagram = mermaid()
    for transition in TRANSITIONS:
        for source in transition.sources:
            if transition.target is not None:
                assert f"{source} --> {transition.target}: {transition.event.name}" in diagram


def test_every_state_is_in_the_diagram():
    assert all(state.value in mermaid() for state in State)


def test_a_page_that_differs_is_noticed(tmp_path, monkeypatch):
    # given a page whose diagram somebody edited by hand
    page = tmp_path / "lifecycle.md"
    page.write_text(PAGE.read_text().replace("QUEUED --> RUNNING: claimed", "QUEUED --> SUCCEEDED: claimed"))
    monkeypatch.setattr("press.lifecycle.PAGE", page)
    # then the check fails, and drawing mends it
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0
