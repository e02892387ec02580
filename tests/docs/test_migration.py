"""docs/from-rq.md and docs/from-threads.md: their examples run, and what they call ours is there."""

import re

import pytest

import jobline.client
from chalicelib.pipeline.handle import JobHandle
from chalicelib.pipeline.task import Options, Submission, Task
from tests.support.pages import DOCS, run

OURS = {
    name for kind in (Task, JobHandle, jobline.client.Client, jobline.client.Handle) for name in dir(kind)
}
ARGUMENTS = {"base", "timeout", "url", "x"}
OPTIONS = {*Options.__dataclass_fields__, *Submission.__dataclass_fields__, *ARGUMENTS}


@pytest.mark.parametrize(
    ("page", "tests"),
    [
        ("from-rq.md", ["test_what_rq_users_do"]),
        ("from-threads.md", ["test_the_futures_interface_is_there"]),
    ],
)
def test_the_examples_run(page, tests, tmp_path, monkeypatch):
    assert run(page, tmp_path, monkeypatch) == tests


@pytest.mark.parametrize("page", ["from-rq.md", "from-threads.md"])
def test_what_is_called_ours_is_there(page):
    table = re.findall(
        r"^\|.*\|$", (DOCS / page).read_text(encoding="utf-8").replace(r"\|", ""), re.MULTILINE
    )
    code = " ".join(re.findall(r"`([^`]+)`", " ".join(row.split("|")[2] for row in table[2:])))

    called = set(re.findall(r"\b(?:f|a|b|count|handle|client)\.(\w+)\(", code))
    named = set(re.findall(r"[(,]\s*(\w+)=", code))

    assert called
    assert called <= OURS
    assert named <= OPTIONS, named - OPTIONS
