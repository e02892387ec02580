"""Pictures of workflows as Mermaid text: held to the grammar of what we write, whatever a label holds."""

import re

import pytest

from chalicelib.domain.job import State
from chalicelib.domain.workflow import Chain, Group, Map, Source, Step
from chalicelib.entrypoints.api.workflow_schema import EXAMPLES
from chalicelib.pipeline.workflows.count import Counts
from chalicelib.pipeline.workflows.mermaid import escaped, mermaid
from chalicelib.pipeline.workflows.picture import Box, Picture, picture
from chalicelib.pipeline.workflows.reading import read_node
from chalicelib.pipeline.workflows.seen import LISTED
from tests.support.flowchart import Flowchart

A, B, C = Step(task="a"), Step(task="b"), Step(task="c")


def drawn(node) -> tuple[list[str], set[tuple[str, str]]]:
    """The labels, and the arrows by labels."""
    found = picture(node)
    labels = {box.id: box.label for box in found.boxes}
    return list(labels.values()), {(labels[one.start], labels[one.end]) for one in found.arrows}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_documented_example_is_drawn(name):
    node = read_node(EXAMPLES[name])
    chart = Flowchart(mermaid(node))
    assert len(chart.boxes) == len(picture(node).boxes) > 0
    assert set(chart.classes.values()) == {"planned"}


def test_a_chain_is_a_line():
    assert drawn(Chain(nodes=(A, B, C))) == (["a", "b", "c"], {("a", "b"), ("b", "c")})


def test_a_group_fans_out_from_what_is_before_and_comes_together_before_what_is_after():
    labels, arrows = drawn(Chain(nodes=(A, Group(nodes=(B, Chain(nodes=(C, C)))), A)))
    assert labels == ["a", "b", "c", "c", "all of them", "a"]
    assert arrows >= {
        ("a", "b"),
        ("a", "c"),
        ("b", "all of them"),
        ("c", "all of them"),
        ("all of them", "a"),
    }


def test_groups_side_by_side_meet_in_one_place_each():
    found = picture(Chain(nodes=(Group(nodes=(A,) * 15), Group(nodes=(B,) * 15))))
    assert len(found.arrows) == 15 + 15 + 15  # and not 15 times 15


def test_a_large_group_and_a_map_are_one_box_each():
    many = Group(nodes=(A, B) * LISTED)
    items = Map(step=Step(task="a", into="x"), source=Source.HERE, items=(1, 2, 3), size=2)
    text = mermaid(Chain(nodes=(many, items, Map(step=A, source=Source.BEFORE))))
    chart = Flowchart(text)
    assert list(chart.boxes.values()) == [
        "group of a, b<br/>40",
        "a for each, 2 at a time<br/>2",
        "a for each of what comes before",
    ]


def test_an_empty_group_is_drawn():
    assert drawn(Chain(nodes=(A, Group(nodes=()), B))) == (["a", "none", "b"], {("a", "none"), ("none", "b")})


@pytest.mark.parametrize("state", [None, *State])
def test_each_state_has_a_class_that_is_defined(state):
    box = Box(
        id="n0",
        kind="map",
        label="a",
        path="workflow",
        state=state,
        counts=Counts(total=5000, ended=20, failed=2, exact=False),
    )
    chart = Flowchart(mermaid(Picture(boxes=(box,), arrows=())))
    assert chart.classes["n0"] in chart.styles
    assert chart.boxes["n0"] == "a<br/>at least 20 of 5,000, 2 failed"


def test_what_could_not_be_looked_at_is_not_drawn_as_planned():
    box = Box(id="n0", kind="step", label="a", path="workflow", looked=False)
    assert Flowchart(mermaid(Picture(boxes=(box,), arrows=()))).classes["n0"] == "unseen"


HOSTILE = [
    '"]; click n0 "javascript:alert(1)"',
    "`a`",
    "a\nb --> c",
    "<script>",
    "#quot;",
    "end",
    "%%{init: {}}%%",
    "é",
    "a" * 500,
    "🙂\u2028",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_whatever_a_label_holds_is_words(words):
    box = Box(id="n0", kind="step", label=words, path="workflow")
    chart = Flowchart(mermaid(Picture(boxes=(box,), arrows=())))
    assert len(chart.boxes) == 1
    told = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), chart.boxes["n0"])
    assert told == words if len(words) <= 120 else told.endswith("…")


def test_escaping_leaves_plain_words_alone():
    assert escaped("send_mail for each, 2 at a time") == "send_mail for each, 2 at a time"
