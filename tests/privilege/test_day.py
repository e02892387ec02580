"""The day is a whole one: no route, no port's method that a function's code can reach, and no kind of call is left out."""

from collections.abc import Mapping

import pytest

from chalicelib.entrypoints.api.routes import AREAS, ROUTES
from infra.names import API, FED_BY, FUNCTIONS
from tests.privilege.played import Played
from tests.privilege.reach import Name, reached

pytestmark = pytest.mark.timeout(1200)  # the day is played within the first test, and machines can be busy

IN_A_TASK = {
    Name("chalicelib.wiring", "submit"),
    Name("chalicelib.wiring", "publish"),
    Name("chalicelib.pipeline.handle", "JobHandle"),
}
"""What users' code may call from within a task."""

DOORS: Mapping[str, set[Name]] = {
    API: {
        Name("chalicelib.entrypoints.api.door", "answer"),
        *(Name(f"chalicelib.entrypoints.api.routes_{area}", table) for area, table in AREAS.items()),
    },
    "tick": {Name("chalicelib.entrypoints.tick", "tick")},
    "dead_letters": {Name("chalicelib.entrypoints.consumer", "dead_letters")},
    **{
        name: {Name("chalicelib.entrypoints.consumer", "run_lane"), *IN_A_TASK}
        for name in FED_BY
        if name != "dead_letters"
    },
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_did_all_that_its_code_can_reach(stage: Played, function: str):
    reachable = reached(DOORS[function])

    assert "store.read" in reachable, "the walk through the source got lost"
    assert sorted(reachable - stage.methods[function]) == [], "tests/privilege/scenario.py does not show it"
    assert sorted(stage.methods[function] - reachable) == [], "the walk through the source does not find it"


def test_every_route_was_asked_for(stage: Played):
    assert stage.routes == {(route.method, route.path) for route in ROUTES}


def test_only_people_make_and_revoke_keys():
    everything = set().union(*(reached(doors) for doors in DOORS.values()))

    assert {"api_keys.add", "api_keys.revoke"} & everything == set()
