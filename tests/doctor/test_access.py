"""What the doctor asks for is written down: in the code, and on the operators' page."""

import json
import re

import pytest

from infra.config import ROOT
from jobline.doctor.access import FIXES, READS, action
from tests.doctor.broken import BREAKS

PREFIXES = {"monitoring": "cloudwatch"}


@pytest.fixture
def asked(stage):
    """The actions of the calls that are made from here on."""
    found: set[str] = set()

    def note(model, **_):
        name = model.service_model.endpoint_prefix
        found.add(action(PREFIXES.get(name, name), model.name))

    stage.client("sqs")  # the one that setting the stage up does not ask for
    for client in stage.place._clients.values():
        getattr(client, "_client", client).meta.events.register("before-call", note, unique_id="asked")
    yield found
    for client in stage.place._clients.values():
        getattr(client, "_client", client).meta.events.unregister("before-call", unique_id="asked")


TWIN = {"lambda:GetAccountSettings", "lambda:GetFunctionRecursionConfig", "lambda:PutFunctionRecursionConfig"}
"""Answered by the test's own Lambda, since moto knows none of them."""


def test_an_examination_asks_for_what_is_listed_and_no_more(asked, look):
    look()

    assert asked | TWIN - set(FIXES) | {"s3:ListBucket"} == set(READS)


def test_reading_is_all_that_the_listed_actions_allow():
    assert all(re.match(r"\w+:(Get|Describe|List|Query$|GET$)", each) for each in READS)


def test_the_fixes_ask_for_what_is_listed_and_no_more(stage, asked, look):
    for broken in BREAKS:
        if broken.fixable:
            broken.how(stage)
    findings = look()
    asked.clear()

    for finding in findings.values():
        for fix in finding.fixes:
            fix.do()

    assert asked | TWIN - set(READS) == set(FIXES) | {"sqs:GetQueueUrl"}


def test_the_operators_page_has_them_as_a_policy():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```json\n(\{\"Version\".*?)```", page, re.DOTALL)

    reads, fixes = json.loads(text)["Statement"]

    assert (reads["Sid"], tuple(reads["Action"])) == ("DoctorLooks", READS)
    assert (fixes["Sid"], tuple(fixes["Action"])) == ("DoctorMends", FIXES)
