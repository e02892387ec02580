"""API keys: shown once, kept as a hash, and no more than they say."""

import hashlib
from dataclasses import replace

import pytest

from chalicelib.domain.errors import Denied, InvalidInput, Unavailable
from chalicelib.pipeline.api_keys import SCOPES, Gate, create_key, require
from tests.support.names import named
from tests.support.rows import MINUTE, SECOND


@pytest.fixture
def gate(stage):
    return Gate(stage.parts)


def made(stage, **facts):
    facts = {"tenant": "acme", "scopes": frozenset({"submit"}), "name": "ci", **facts}
    return create_key(**facts, parts=stage.parts)


def test_a_key_opens_the_gate_for_its_tenant(stage, gate):
    token, key = made(stage)
    assert gate.admit(token) == key
    assert (key.tenant, key.scopes, key.created) == ("acme", {"submit"}, stage.world.now())


def test_the_secret_is_nowhere_but_in_the_token(stage):
    token, key = made(stage)
    secret = token.rpartition("_")[2]
    assert len(secret) == 40
    assert secret not in repr(key)
    assert key.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert len({made(stage)[0] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: None,
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "0",
        lambda token: token.upper(),
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: "jl_" + "0" * 10 + token[13:],
        lambda token: token.replace("jl_", ""),
        lambda token: f" {token}",
        lambda token: f"{token}\n",
        lambda token: "jl_" + "é" * 10 + "_" + "0" * 40,
        lambda token: "x" * 10_000,
    ],
    ids=range(12),
)
def test_anything_else_is_denied_without_saying_what_was_wrong(stage, gate, spoil):
    token, _ = made(stage)
    with pytest.raises(Denied, match="missing, wrong, expired or revoked") as denied:
        gate.admit(spoil(token))
    assert denied.value.known is False


def test_a_key_is_over_when_it_says(stage, gate):
    token, _ = made(stage, expires=stage.world.now() + MINUTE)
    stage.advance(seconds=59)
    assert gate.admit(token)
    stage.advance(seconds=1)
    with pytest.raises(Denied):
        gate.admit(token)


def test_a_revocation_is_noticed_within_a_minute(stage, gate):
    token, key = made(stage)
    gate.admit(token)
    stage.parts.api_keys.revoke(key.id, stage.world.now())
    stage.advance(seconds=59)
    assert gate.admit(token)
    stage.advance(seconds=1)
    with pytest.raises(Denied):
        gate.admit(token)
    # and at once where the key was not known before
    with pytest.raises(Denied):
        Gate(stage.parts).admit(token)


def test_a_key_is_read_once_a_minute(stage, gate):
    token, _ = made(stage)
    find, reads = stage.parts.api_keys.find, []
    stage.parts.api_keys.find = lambda key_id: reads.append(key_id) or find(key_id)
    for _ in range(120):
        gate.admit(token)
        stage.world.advance(SECOND)
    assert len(reads) == 2


def test_a_flood_of_invented_keys_fills_no_memory(stage, gate):
    token, _ = made(stage)
    for _ in range(2500):
        with pytest.raises(Denied):
            gate.admit(f"jl_{stage.world.token()}_{'0' * 40}")
    assert len(gate._known) <= Gate.MOST
    assert gate.admit(token)


def test_a_wrong_secret_does_not_spoil_the_right_one(stage, gate):
    token, _ = made(stage)
    with pytest.raises(Denied):
        gate.admit(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert gate.admit(token)


def test_a_store_that_does_not_answer_is_not_a_denial(stage, gate):
    token, _ = made(stage)
    stage.parts.api_keys.find = lambda _: (_ for _ in ()).throw(Unavailable("down"))
    with pytest.raises(Unavailable):
        gate.admit(token)


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_key_may_do_what_it_says_and_an_administrators_everything(stage, scope):
    _, key = made(stage, scopes=frozenset({scope}))
    require(key, scope)
    require(replace(key, scopes=frozenset({"admin"})), scope)
    for other in SCOPES - {scope} if scope != "admin" else ():
        with pytest.raises(Denied, match=f"lacks the scope '{other}'") as denied:
            require(key, other)
        assert denied.value.known is True


@pytest.mark.parametrize(
    ("facts", "argument"),
    [
        ({"tenant": ""}, "tenant"),
        ({"tenant": "a b"}, "tenant"),
        ({"tenant": "-a"}, "tenant"),
        ({"tenant": "x" * 65}, "tenant"),
        ({"tenant": "é"}, "tenant"),
        ({"tenant": "a\n"}, "tenant"),
        ({"scopes": frozenset()}, "scopes"),
        ({"scopes": frozenset({"root"})}, "scopes"),
        ({"scopes": frozenset({"read", "root"})}, "scopes"),
    ],
    ids=named,
)
def test_a_key_that_could_not_be_meant_is_not_made(stage, facts, argument):
    with pytest.raises(InvalidInput) as refused:
        made(stage, **facts)
    assert refused.value.argument == argument
    assert not stage.parts.api_keys.by_id
