"""docs/limits.md: its examples run, and its figures are those that are counted."""

import re
from pathlib import Path

import msgspec
import pytest

from chalicelib.entrypoints.api.tenants import NewLimits
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


def test_the_limits_of_the_tenant_are_what_the_route_takes_and_cost_what_is_counted():
    (body,) = re.findall(r"PUT /tenants/acme/limits\n(.*?)```", PAGE, re.DOTALL)
    limits = msgspec.json.decode(body, type=NewLimits)
    assert None not in msgspec.structs.astuple(limits)
    assert "the rate 1 or 4 and the slots 2 or 11, as above; the quota 1 write" in PAGE
    assert UNITS["of a tenant with a rate and slots"] == 3 + 1 + 2
    assert UNITS["of a tenant with a quota"] == 3 + 1
    assert UNITS["of a tenant with a quota of bytes"] == 3 + 1
    assert UNITS["of a tenant with a quota of unfinished jobs"] == 3 + 2
