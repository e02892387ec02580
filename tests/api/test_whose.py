"""Looking at others' jobs: for administrators, and in the log; for nobody else, and nothing can be changed that way."""

import logging

import pytest

from tests.api.desk import Caller, Desk


@pytest.fixture
def boss(desk: Desk) -> Caller:
    """An administrator, of a tenant of its own."""
    return desk.caller("admin", tenant="ops")


def test_an_administrator_sees_the_jobs_of_one_tenant_or_of_all(ann: Caller, bob: Caller, boss: Caller):
    mine, theirs = ann.submit(), bob.submit()
    listed = {
        tenant: {job["id"] for job in boss.get(f"/jobs?tenant={tenant}").body["jobs"]}
        for tenant in ("ann", "bob", "*", "nobody")
    }
    assert listed == {"ann": {mine}, "bob": {theirs}, "*": {mine, theirs}, "nobody": set()}
    assert boss.get("/jobs").body["jobs"] == []


def test_one_job_is_shown_as_its_own_tenant_sees_it(ann: Caller, boss: Caller):
    job = ann.submit()
    assert boss.get(f"/jobs/{job}?tenant=ann").body == ann.get(f"/jobs/{job}").body
    assert boss.get(f"/jobs/{job}").status == 404
    assert boss.get(f"/jobs/{job}?tenant=bob").status == 404
    assert boss.get(f"/jobs/{job}?tenant=*").status == 404


@pytest.mark.parametrize("wished", ["bob", "*", "nobody", "%20"])
def test_nobody_else_may_even_ask(desk: Desk, ann: Caller, bob: Caller, wished: str):
    job = bob.submit()
    assert ann.get(f"/jobs?tenant={wished}").status == 403
    assert ann.get(f"/jobs/{job}?tenant={wished}").status == 403
    assert ann.get("/jobs?tenant=ann").status == 200


def test_a_name_that_is_none_is_refused(boss: Caller):
    reply = boss.get("/jobs?tenant=a%20b")
    assert (reply.status, reply.argument) == (422, "tenant")


def test_nothing_can_be_changed_that_way(desk: Desk, ann: Caller, boss: Caller):
    job = ann.submit()
    for method, path in (("POST", f"/jobs/{job}/cancel"), ("POST", f"/jobs/{job}/retry")):
        assert boss.ask(method, f"{path}?tenant=ann").status == 422
        assert boss.ask(method, path).status == 404
    assert desk.row(job).state == "QUEUED"


def test_looking_is_in_the_log(ann: Caller, boss: Caller, caplog: pytest.LogCaptureFixture):
    ann.submit()
    with caplog.at_level(logging.INFO):
        boss.get("/jobs")
        boss.get("/jobs?tenant=*")
    [line] = [record.__dict__ for record in caplog.records if getattr(record, "action", "") == "looked"]
    assert (line["target"], line["key_id"], line["route"]) == ("*", boss.token.split("_")[1], "/jobs")


def test_pages_go_on_over_all_tenants(ann: Caller, bob: Caller, boss: Caller):
    made = [caller.submit() for caller in (ann, bob, ann, bob, ann)]
    seen, cursor = [], ""
    for _ in range(9):
        page = boss.get(f"/jobs?tenant=*&limit=2{cursor}").body
        seen += [job["id"] for job in page["jobs"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert sorted(seen) == sorted(made)
