"""A change as DynamoDB is sent it: every name and value by its alias, none of them unused, no path twice."""

import re

import pytest

from chalicelib.adapters.aws.expressions import render
from chalicelib.adapters.aws.rows import FIELDS, from_item, to_item
from chalicelib.domain.change import Before, Change, Equals, Missing, Present
from chalicelib.domain.job import Job, State
from tests.contract.law import cases
from tests.contract.rows import NOW, full, new_id, plain

CASES = list(cases())
WORDS = {
    "SET",
    "REMOVE",
    "AND",
    "attribute_exists",
    "attribute_not_exists",
    "list_append",
}
"""All that an expression of ours may say beside aliases: no attribute by its name, so none that DynamoDB reserves."""


def sent_for_each():
    assert len(CASES) > 90
    for case in CASES:
        yield str(case), render(case.change, case.row.id)


def test_an_expression_is_made_of_aliases_and_a_few_words():
    for case, sent in sent_for_each():
        for expression in (sent["ConditionExpression"], sent["UpdateExpression"]):
            bare = re.sub(r"[#:]\w+", "", expression)
            assert set(re.findall(r"\w+", bare)) <= WORDS, case
            assert set(re.sub(r"\w+", "", bare)) <= set(" =<+,()"), case


def test_every_alias_is_told_and_every_one_told_is_used():
    # DynamoDB refuses both an alias that it was not told and one that it was told in vain.
    for case, sent in sent_for_each():
        text = sent["ConditionExpression"] + " " + sent["UpdateExpression"]
        assert set(re.findall(r"#\w+", text)) == set(sent["ExpressionAttributeNames"]), case
        assert set(re.findall(r":\w+", text)) == set(sent.get("ExpressionAttributeValues", {})), case
        assert sent.get("ExpressionAttributeValues") != {}, case


def test_no_attribute_is_written_twice_in_one_update():
    # DynamoDB refuses paths that overlap. What is only read (`= #attempts + :v`) does not count.
    for case, sent in sent_for_each():
        sets, _, removes = sent["UpdateExpression"].partition("REMOVE ")
        written = re.findall(r"(#\w+) = ", sets) + re.findall(r"#\w+", removes)
        assert len(written) == len(set(written)), case


def test_the_clauses_are_these_words():
    job_id = new_id(NOW, "7")
    change = Change(
        where=(Equals("state", State.QUEUED), Before("lease", NOW), Missing("outbox"), Present("ready")),
        set={"attention": "due"},
        add={"attempts": 1},
        remove=("due",),
        history=plain().history,
    )
    assert render(change, job_id) == {
        "ConditionExpression": (
            "#state = :v0 AND #lease < :v1 AND attribute_not_exists(#outbox) AND attribute_exists(#ready)"
        ),
        "UpdateExpression": (
            "SET #attention = :v2, #attempts = #attempts + :v3, "
            "#history = list_append(#history, :v4) REMOVE #due"
        ),
        "ExpressionAttributeNames": {
            name: name.removeprefix("#")
            for name in (
                "#state",
                "#lease",
                "#outbox",
                "#ready",
                "#attention",
                "#attempts",
                "#history",
                "#due",
            )
        },
        "ExpressionAttributeValues": {
            ":v0": {"S": "QUEUED"},
            ":v1": {"N": str(int(NOW.timestamp() * 1000))},
            ":v2": {"S": "due#7"},
            ":v3": {"N": "1"},
            ":v4": {"L": [{"S": f"{int(NOW.timestamp() * 1000)} claimed 1 1.aaaaaaaaaa"}]},
        },
    }


@pytest.mark.parametrize("field", ["attention", "outbox", "lease", "forget"])
def test_a_change_that_asks_only_for_absence_asks_for_the_row_too(field):
    sent = render(Change(where=(Missing(field),), remove=("due",)), new_id())
    assert "attribute_exists(#state)" in sent["ConditionExpression"]


def test_every_field_of_a_job_has_an_attribute_of_its_own():
    fields = {name for name in Job.__dataclass_fields__ if name != "id"}
    assert set(FIELDS) == fields
    assert len({field.attribute for field in FIELDS.values()}) == len(fields)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", [plain, full])
def test_an_item_is_read_as_it_was_written(kind, state):
    job = kind(state)
    assert from_item(to_item(job)) == job


def test_a_field_at_its_empty_value_has_no_attribute():
    assert set(to_item(plain())) == {
        *("pk", "sk", "tenant", "task", "lane", "args", "state", "max_attempts", "epoch", "attempts"),
        *("ready", "history"),
    }
