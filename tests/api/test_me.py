"""What a key is told of itself: enough to know what would be refused, and no secret."""

from datetime import timedelta

from tests.api.desk import Caller, Desk


def test_a_key_is_told_its_name_its_tenant_and_what_it_may(desk: Desk):
    caller = desk.caller("read", "operate", tenant="bob")
    told = caller.get("/me").body
    assert told["tenant"] == "bob"
    assert told["name"] == "test"
    assert told["scopes"] == ["operate", "read"]
    assert told["expires_at"] is None
    assert told["id"] == caller.token.split("_")[1]


def test_it_is_told_when_it_ends(desk: Desk):
    ends = desk.world.now() + timedelta(days=1)
    assert desk.caller(expires=ends).get("/me").body["expires_at"] == f"{ends:%Y-%m-%dT%H:%M:%S}.000Z"


def test_no_secret_is_told(ann: Caller):
    assert ann.token.rpartition("_")[2] not in ann.get("/me").text
