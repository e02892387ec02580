"""The whole matrix of rights, and that another tenant's id cannot be told from one that never was: by the answer, or by the work it takes."""

from collections import Counter

import pytest

from chalicelib.entrypoints.api.routes import ROUTES
from tests.security.ground import UNKNOWN, ask, counted, furnished, quiet
from tests.security.matrix import ROLES, STRANGERS, Cell, asked, cells, wrong
from tests.security.tally import tell

WITH_ID = [route for route in ROUTES if "id" in route.names]


@pytest.mark.parametrize("role", [*ROLES, *STRANGERS], ids=str)
def test_every_role_may_do_what_it_says_with_its_tenants_own_things_and_nothing_else(role):
    mine = [cell for cell in cells() if cell.role == role]
    found, right = [], 0
    with quiet():
        ground = furnished()
        for cell in mine:
            reply, untouched = asked(ground, cell)
            trouble = wrong(ground, cell, reply, untouched=untouched)
            found += [trouble] if trouble else []
            right += trouble is None
            if not untouched:
                ground = furnished()  # what was let in changed something: the next one finds it as it was
    tell(matrix=right)
    assert not found, "\n".join(found)


def test_the_matrix_has_all_routes_all_roles_and_all_owners():
    all_cells = list(cells())
    counts = Counter((cell.route.method, cell.route.path) for cell in all_cells)
    assert len(counts) == len(ROUTES)
    assert {*counts.values()} == {2 * 14, 3 * 14}
    assert Counter(cell.expected for cell in all_cells).keys() == {"in", "401", "403", "404"}
    tell(matrix_cells=len(all_cells))


def test_the_judge_sees_a_key_that_may_too_much(monkeypatch):
    monkeypatch.setattr("chalicelib.entrypoints.api.auth.require", lambda key, scope: None)
    route = next(route for route in ROUTES if route.path == "/jobs" and route.method == "POST")
    cell = Cell(route, ("read",), "own")
    with quiet():
        ground = furnished()
        reply, untouched = asked(ground, cell)
        assert "instead of 403" in (wrong(ground, cell, reply, untouched=untouched) or "")


def test_the_judge_sees_another_tenants_job(monkeypatch):
    monkeypatch.setattr("chalicelib.pipeline.query.Search.takes", lambda self, job, now: True)
    route = next(route for route in ROUTES if route.path == "/jobs" and route.method == "GET")
    cell = Cell(route, ("read",), "another's")
    with quiet():
        ground = furnished()
        reply, untouched = asked(ground, cell)
        assert "shows" in (wrong(ground, cell, reply, untouched=untouched) or "")


@pytest.mark.parametrize("route", WITH_ID, ids=lambda route: f"{route.method} {route.path}")
def test_a_foreign_id_is_answered_as_an_unknown_one_with_the_same_calls(route):
    with quiet():
        ground = furnished()
        calls = counted(ground.desk)
        bob = ground.desk.caller("admin", tenant="bob")
        bob.get("/tasks")  # his key is known, and its day is noted
        seen = []
        for given in (ground.id_for(route), UNKNOWN[route.path.split("/")[1]]):
            calls.clear()
            reply = ask(bob, route, given)
            headers = {name: value for name, value in reply.headers.items() if name != "X-Request-Id"}
            body = reply.text.replace(given, "ID").replace(reply.headers["X-Request-Id"], "")
            seen.append((reply.status, body, headers, list(calls)))
    foreign, unknown = seen
    # the lengths may differ by the id's own
    for one in (foreign[2], unknown[2]):
        one.pop("Content-Length", None)
    assert foreign == unknown
    assert foreign[0] == 404


def test_a_wrong_secret_takes_the_same_calls_as_a_key_that_never_was():
    with quiet():
        ground = furnished()
        calls = counted(ground.desk)
        good = ground.desk.caller("read")
        seen = []
        for token in (good.token[:-1] + "~", "jl_0123456789_" + "a" * 40, good.token[:14] + "0" * 40):
            calls.clear()
            reply = ground.desk.nobody(token).get("/jobs")
            seen.append((reply.status, reply.body["detail"], list(calls)))
    assert {one[:2] for one in seen} == {(401, "the API key is missing, wrong, expired or revoked")}
    assert seen[1][2] == seen[2][2] == ["api_keys.find"]
    assert seen[0][2] == [], "what is no token at all is seen by its shape"


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{id}"])
def test_nobody_but_an_administrator_names_another_tenant(path):
    with quiet():
        ground = furnished()
        bob = ground.desk.caller("submit", "read", "operate", tenant="bob")
        for whose in ("ann", "*"):
            reply = bob.get(f"{path.replace('{id}', ground.jobs)}?tenant={whose}")
            assert reply.status == 403
            assert not [mark for mark in ground.marks() if mark in reply.text]


def test_the_lists_of_one_tenant_stay_its_own_under_cursors_of_another():
    with quiet():
        ground = furnished()
        for number in range(3):
            ground.ann.submit("add", {"a": number}, tags=["anns-own"])
        bob = ground.desk.caller(tenant="bob")
        theirs = bob.submit()
        for path in ("/jobs", "/dead", "/schedules"):
            cursor = ground.ann.get(f"{path}?limit=1").body["cursor"]
            for taken in [cursor] if cursor else []:
                reply = bob.get(f"{path}?limit=100&cursor={taken}")
                assert reply.status in (200, 422)
                assert not [mark for mark in ground.marks() if mark in reply.text]
        assert [job["id"] for job in bob.get("/jobs?state=QUEUED").body["jobs"]] == [theirs]
