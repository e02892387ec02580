"""What each feature costs is a promise too: its row in the table, and the figure in its page, are these."""

import json

import pytest
from moto import mock_aws

from bench.features import Cost, costs, main, show
from bench.ground import FEATURES
from tests.contract.backends import one_at_a_time

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
]  # all uses are counted within the first test, and machines can be busy

UNITS = {
    "a plain job": 3,
    "with an idempotency key": 4,
    "delayed by ten minutes": 3,
    "due in an hour: the tick sends it": 8,
    "retried once": 5,
    "with a follower: two jobs": 7,
    "with 4 KB of arguments": 8,
    "rate-limited, in time": 4,
    "of a tenant with a rate and slots": 6,
    "of a tenant with a quota": 4,
    "of a tenant with a quota of bytes": 4,
    "of a tenant with a quota of unfinished jobs": 5,
    "rate-limited, has to wait": 7,
    "with a slot, free": 5,
    "with a slot, has to wait": 14.3,
    "ordered, alone in its group": 6,
    "ordered, in line": 10,
    "unique": 4,
    "answered with the unique job that is there": 1,
    "debounced": 4,
    "replacing a debounced job's arguments": 2,
    "throttled": 4,
    "refused by a throttle": 0,
    "a lane that is paused and goes on": 20,
    "with ten checkpoints": 13,
    "with ten checkpoints, going on elsewhere after each": 33,
    "with ten steps": 13,
    "of a batch task": 3,
    "a dead job, retried by hand": 6,
    "a dead job, by a release of ten": 7.3,
    "a schedule that is made": 3,
    "a schedule's fire, with its job": 7,
    "a schedule that is paused and resumed": 4,
    "with statistics, ten in a batch after a pause": 3.1,
    "with statistics, a job each second for a minute": 3.42,
    "a minute of statistics, bound by the tick": 2,
    "an event with an id, for two subscribers": 7,
    "an event that goes outside, without an id": 3,
    "an end that is told to one subscriber": 7,
    "an end that an endpoint is told": 7,
    "a workflow of one step, with the step's job": 9,
    "a step of a chain of ten": 6.4,
    "a child of a group of a hundred": 4.13,
    "a child of a map of two hundred lines": 4.06,
}
"""Write units a use, the index's among them."""

OF_MANY = {"a child of a group of a hundred", "a child of a map of two hundred lines"}
"""A third of the time of all: `make long` counts these; tests/cost/test_workflows.py counts a child of many on twins."""

COUNTED = [name for name in UNITS if name not in OF_MANY]


@pytest.fixture(scope="module")
def counted() -> dict[str, Cost]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with mock_aws(), one_at_a_time():
            return {cost.feature: cost for cost in costs(COUNTED)}


def test_every_row_has_its_promise_and_every_promise_its_row():
    assert [one.name for one in FEATURES] == list(UNITS)


@pytest.mark.parametrize("name", COUNTED)
def test_a_use_costs_these_write_units(counted, name):
    assert counted[name].write_units == pytest.approx(UNITS[name], abs=0.05)


def test_only_what_says_so_enters_the_index(counted):
    entering = {name for name, cost in counted.items() if cost.index_units}
    assert entering == {
        "a lane that is paused and goes on",
        "a dead job, retried by hand",
        "a dead job, by a release of ten",
        "due in an hour: the tick sends it",
        "a schedule that is made",
        "a schedule's fire, with its job",
        "a schedule that is paused and resumed",
        "with a slot, has to wait",
        "ordered, in line",
    }


def test_the_table_can_be_shown(counted, capsys):
    show(list(counted.values()))
    said = capsys.readouterr().out
    assert all(name in said for name in COUNTED)


@pytest.mark.slow
@pytest.mark.long
def test_the_command_says_it_in_json(capsys):
    assert main(["--json"]) == 0
    found = {cost["feature"]: cost["write_units"] for cost in json.loads(capsys.readouterr().out)}
    assert found == pytest.approx(UNITS, abs=0.05)
