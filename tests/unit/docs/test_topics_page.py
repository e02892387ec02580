"""docs/topics.md: its examples run and do what it says; the figures are those of `make cost`."""

import json
import re
from pathlib import Path

import pytest

from chalicelib import wiring
from chalicelib.adapters import memory
from chalicelib.pipeline.publish import MAX_ID_CHARS, MOST_OUTSIDE
from chalicelib.pipeline.task import REGISTRY
from chalicelib.pipeline.topics import MAX_TOPIC_CHARS, MOMENTS, any_matches
from tests.cost.test_features import UNITS
from tests.support.drive import drain

PAGE = (Path(__file__).parents[3] / "docs" / "topics.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def pipeline():
    known, outside = dict(REGISTRY.tasks), list(REGISTRY.external)
    parts = memory.parts(registry=REGISTRY)
    wiring.use(parts)
    yield parts
    wiring.use(None)
    REGISTRY.tasks.clear()
    REGISTRY.tasks.update(known)
    REGISTRY.external[:] = outside


def test_the_examples_run(pipeline):
    names = {"__name__": "topics_page"}
    for block in reversed(BLOCKS):  # what goes outside is declared before anybody publishes
        exec(compile(block, "topics.md", "exec"), names)
    drain(pipeline)
    results = {row.task: row.result.json for row in pipeline.store.rows.values()}
    assert results["send_receipt"] == '"receipt for order 17: 42.00"'
    assert results["audit"].startswith('"order.paid at 20')
    (bulletin,) = pipeline.outlet.heard
    assert json.loads(bulletin.body)["payload"] == {"number": 17, "total": "42.00"}
    assert any_matches(REGISTRY.external, "job.dead")


def test_every_moment_is_in_the_table():
    table = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(table))) == sorted(MOMENTS)


def test_the_limits_are_those_of_the_code():
    assert f"{MAX_TOPIC_CHARS} characters at most" in PAGE
    assert f"{MOST_OUTSIDE // 1024} KiB" in PAGE
    assert MAX_ID_CHARS == 100


def test_the_costs_are_those_that_are_counted():
    def said(row):
        return int(re.search(rf"^\| {re.escape(row)} \| (\d+)", PAGE, re.MULTILINE)[1])

    assert UNITS["an event with an id, for two subscribers"] == 2 * said(
        "an event, for each subscriber"
    ) + said("its `id`")
    assert UNITS["an event that goes outside, without an id"] == said("going outside")
    told = UNITS["an end that is told to one subscriber"] - UNITS["a plain job"]
    assert told == said("an end that is told, with one subscriber")
