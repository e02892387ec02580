"""docs/limits.md: its examples run, and its figures are those that are counted."""

import re
from pathlib import Path

import pytest

from chalicelib.pipeline.task import REGISTRY
from tests.cost.test_features import UNITS

PAGE = (Path(__file__).parents[3] / "docs" / "limits.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_declares_a_task(example):
    before = dict(REGISTRY.tasks)
    try:
        exec(example, {"__name__": "example"})
        (name,) = set(REGISTRY.tasks) - set(before)
        assert (
            REGISTRY[name].options.rate
            or REGISTRY[name].options.concurrency
            or REGISTRY[name].options.ordered
        )
        REGISTRY.check()
    finally:
        REGISTRY.tasks.clear()
        REGISTRY.tasks.update(before)


def test_the_figures_are_those_that_are_counted():
    said = [
        (int(one), int(other)) for one, other in re.findall(r"write units: (\d+) for .*?, (\d+) for", PAGE)
    ]
    pairs = [
        ("rate-limited, in time", "rate-limited, has to wait"),
        ("with a slot, free", "with a slot, has to wait"),
        ("ordered, alone in its group", "ordered, in line"),
    ]
    assert said == [(UNITS[one] - 3, round(UNITS[other] - 3)) for one, other in pairs]
