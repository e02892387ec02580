"""A tenant whose dead jobs are one in a hundred: it finds them all, in a number of requests that the others' number sets, and no others'."""

import math
from dataclasses import replace

import pytest

from chalicelib import wiring
from chalicelib.domain.job import State
from chalicelib.entrypoints.api import dead, dead_page, redrive_many
from chalicelib.pipeline.query import PAGE
from jobline.cli.dead import together
from tests.api.desk import Desk
from tests.security.ground import quiet

SCAN = 100
NOISY = 100
OURS = 10
"""For each of ann's dead jobs there are a hundred of the other tenant's."""


@pytest.fixture
def desk(monkeypatch):
    """A stage where one request looks at a hundred dead jobs, and the noisy tenant has ten times as many, all in front of ann's."""
    monkeypatch.setattr(redrive_many, "SCAN", SCAN)
    monkeypatch.setattr(dead, "SCAN", SCAN)
    with quiet():
        found = Desk()
        wiring.use(found.parts)
        ann = found.caller("submit", "read", "operate", tenant="ann")
        noisy = found.caller("submit", tenant="noisy")
        first = noisy.submit("fail", {"why": "theirs"})
        mine = [ann.submit("fail", {"why": f"mine {number % 2}"}) for number in range(OURS)]
        for _ in range(10):
            found.work()
        rows = found.store.rows
        assert {rows[one].state for one in (first, *mine)} == {State.DEAD}
        for number in range(1, NOISY * OURS):  # copies: they need not all have run
            twin = replace(rows[first], id=f"00000000000000{number:012}")
            rows[twin.id] = twin
        yield found, ann, mine


def requests(total):
    return math.ceil(total / SCAN)


def test_the_groups_of_a_tenant_are_found_behind_a_hundred_times_as_many_of_others(desk):
    stage, ann, mine = desk
    assert ann.get("/dead/groups").body["groups"] == [], "or the others were not in front"
    counted, cursor, asked = 0, "", 0
    while cursor is not None:
        answer = ann.get(f"/dead/groups{cursor and f'?cursor={cursor}'}").body
        counted += sum(group["count"] for group in answer["groups"])
        cursor, asked = answer["cursor"], asked + 1
        assert asked <= requests(len(stage.store.rows))
    assert counted == len(mine)


def test_a_redrive_says_that_there_is_more_and_comes_to_ones_own(desk):
    stage, ann, mine = desk
    first = ann.post("/dead/redrive", {"limit": 3}).body
    assert (first["redriven"], first["more"]) == ([], True), "not that there are none"
    found, wish, asked = [], {"limit": 3}, 0
    while True:
        answer = ann.post("/dead/redrive", wish).body
        found += [job["id"] for job in answer["redriven"]]
        asked += 1
        assert asked <= requests(len(stage.store.rows)) + math.ceil(OURS / 3)
        if not answer["more"]:
            break
        wish["cursor"] = answer["cursor"]
    assert sorted(found) == sorted(mine)
    assert {row.state for row in stage.store.rows.values() if row.tenant == "noisy"} == {State.DEAD}


def test_the_list_comes_to_ones_own_in_so_many_pages(desk):
    stage, ann, mine = desk
    found, cursor, pages = [], "", 0
    while cursor is not None:
        answer = ann.get(f"/dead?limit=50{cursor and f'&cursor={cursor}'}").body
        found += [job["id"] for job in answer["jobs"]]
        cursor, pages = answer["cursor"], pages + 1
        assert pages <= math.ceil(len(stage.store.rows) / (50 * dead_page.READS)) + 1
    assert sorted(found) == sorted(mine)


def test_the_command_puts_all_answers_together(desk):
    _, ann, mine = desk

    class Talking:
        class client:  # noqa: N801 - as it is called there
            @staticmethod
            def call(method, path, **query):
                return ann.get(path + (f"?cursor={query['cursor']}" if query else "")).body

    shown = together(Talking)
    assert sum(group["count"] for group in shown["groups"]) == len(mine)
    assert shown["cursor"] is None


def test_one_look_costs_the_same_whoever_the_dead_are_of(desk):
    stage, ann, _ = desk
    reads = []
    listed = stage.store.dead
    stage.store.dead = lambda after, limit: reads.append(limit) or listed(after, limit)
    ann.get("/dead/groups")
    assert reads == [PAGE] * (SCAN // PAGE)
