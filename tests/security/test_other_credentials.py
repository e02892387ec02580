"""The matrix of rights holds for tokens and for AWS signatures too: a sample of the routes in the gate, all of them in `make security`."""

import os
from collections import Counter

import pytest

from chalicelib.entrypoints.api.routes import ROUTES
from tests.security.ground import furnished, quiet
from tests.security.matrix import wrong
from tests.security.other_credentials import (
    RIGHTS,
    SIGNING_STRANGERS,
    TOKEN_STRANGERS,
    Asked,
    answered,
    prepared,
    questions,
    sample,
)
from tests.security.tally import VARIABLE, tell

ROUTES_ASKED = ROUTES if os.environ.get(VARIABLE) else sample()
ALL = [
    *[("token", role) for role in (*(one for one in RIGHTS), *TOKEN_STRANGERS)],
    *[("signature", role) for role in (*(one for one in RIGHTS if one), *SIGNING_STRANGERS)],
]


@pytest.mark.parametrize(("by", "role"), ALL, ids=str)
def test_a_token_or_a_role_may_what_it_says_with_its_tenants_own_things_and_nothing_else(by, role):
    found, right, mine = [], 0, list(questions(by, role, ROUTES_ASKED))
    with quiet():
        ground = furnished()
        issuer = prepared(ground, by)
        for cell in mine:
            reply, untouched = answered(ground, cell, issuer)
            trouble = wrong(ground, cell, reply, untouched=untouched)
            found += [trouble] if trouble else []
            right += trouble is None
            if not untouched:
                ground = furnished()  # what was let in changed something: the next one finds it as it was
                issuer = prepared(ground, by)
    tell(matrix=right, matrix_cells=len(mine))
    assert not found, "\n".join(found)


def test_the_sample_has_every_scope_with_an_id_and_without():
    kinds = Counter((route.scope, "id" in route.names) for route in ROUTES)
    assert {(route.scope, "id" in route.names) for route in sample()} == kinds.keys()
    assert len(sample()) == len(kinds) >= 7


@pytest.mark.parametrize("by", ["token", "signature"])
def test_the_judge_sees_one_that_may_too_much(by, monkeypatch):
    monkeypatch.setattr("chalicelib.entrypoints.api.auth.require", lambda key, scope: None)
    monkeypatch.setattr("chalicelib.entrypoints.api.auth.may", lambda key, scope: True)
    route = next(route for route in ROUTES if route.path == "/jobs" and route.method == "POST")
    cell = Asked(route, ("read",), "own", by=by)
    with quiet():
        ground = furnished()
        reply, untouched = answered(ground, cell, prepared(ground, by))
        assert "instead of 403" in (wrong(ground, cell, reply, untouched=untouched) or "")
