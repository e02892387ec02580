"""Keys in use: rotated without a gap, limited over all processes together, their last day noted for next to nothing."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import Denied, InvalidInput, NotFound, Throttled, Unavailable
from chalicelib.pipeline.api_keys import MOST_OVERLAP, MOST_PER_MINUTE, Gate, create_key, rotate_key
from chalicelib.pipeline.key_use import MINUTE, last_uses
from tests.support.rows import DAY, HOUR, SECOND


def made(stage, **facts):
    facts = {"tenant": "acme", "scopes": frozenset({"submit"}), "name": "ci", **facts}
    return create_key(**facts, parts=stage.parts)


def let_in(gate, token, times=1):
    """How many of so many requests are let in."""
    count = 0
    for _ in range(times):
        try:
            gate.count(gate.admit(token))
        except Throttled:
            continue
        count += 1
    return count


# ------------------------------------------------------------------------------------------------------------ rotation


def test_a_rotated_key_has_the_same_rights_and_both_work_until_the_overlap_is_over(stage):
    old_token, old = made(stage, per_minute=7)
    new_token, new = rotate_key(old.id, overlap=HOUR, parts=stage.parts)
    assert (new.tenant, new.scopes, new.name, new.per_minute) == ("acme", {"submit"}, "ci", 7)
    assert new.id != old.id
    stage.world.advance(HOUR - SECOND)
    assert [Gate(stage.parts).admit(token).id for token in (old_token, new_token)] == [old.id, new.id]
    stage.world.advance(SECOND)
    with pytest.raises(Denied):
        Gate(stage.parts).admit(old_token)
    assert Gate(stage.parts).admit(new_token)


def test_a_rotation_never_makes_a_key_live_longer(stage):
    _, old = made(stage, expires=stage.world.now() + MINUTE)
    _, new = rotate_key(old.id, overlap=DAY, parts=stage.parts)
    assert stage.parts.api_keys.find(old.id).expires == old.expires
    assert new.expires == stage.world.now() + MINUTE


def test_a_rotation_that_died_half_way_is_repeated(stage, monkeypatch):
    old_token, old = made(stage)
    with monkeypatch.context() as broken:
        broken.setattr(stage.parts.api_keys, "expire", lambda *_: (_ for _ in ()).throw(Unavailable("down")))
        with pytest.raises(Unavailable):
            rotate_key(old.id, overlap=timedelta(0), parts=stage.parts)
    assert Gate(stage.parts).admit(old_token), "nobody is locked out"
    token, _ = rotate_key(old.id, overlap=timedelta(0), parts=stage.parts)
    assert Gate(stage.parts).admit(token)
    with pytest.raises(Denied):
        Gate(stage.parts).admit(old_token)


@pytest.mark.parametrize("end", ["revoked", "expired", "never there"])
def test_what_does_not_work_any_more_is_not_rotated(stage, end):
    _, key = made(stage, expires=stage.world.now() + MINUTE)
    if end == "revoked":
        stage.parts.api_keys.revoke(key.id, stage.world.now())
    if end == "expired":
        stage.world.advance(MINUTE)
    with pytest.raises(NotFound):
        rotate_key("0000000000" if end == "never there" else key.id, overlap=HOUR, parts=stage.parts)
    assert len(stage.parts.api_keys.by_id) == 1


@pytest.mark.parametrize("overlap", [-SECOND, MOST_OVERLAP + SECOND])
def test_an_overlap_is_within_its_limits(stage, overlap):
    _, key = made(stage)
    with pytest.raises(InvalidInput, match="overlap"):
        rotate_key(key.id, overlap=overlap, parts=stage.parts)


# --------------------------------------------------------------------------------------------------------------- rates


@pytest.mark.parametrize("limit", [1, 2, 19, 20, 21, 100, 1000])
def test_no_more_requests_than_the_limit_are_let_in_and_all_of_them_can_be(stage, limit):
    token, _ = made(stage, per_minute=limit)
    assert let_in(Gate(stage.parts), token, limit + 10) == limit


def test_processes_share_one_limit(stage):
    token, _ = made(stage, per_minute=100)
    gates = [Gate(stage.parts) for _ in range(30)]
    assert sum(let_in(gate, token, 10) for gate in gates) <= 100


def test_whoever_is_refused_is_told_when_there_is_a_place_again(stage):
    token, key = made(stage, per_minute=5)
    gate = Gate(stage.parts)
    assert let_in(gate, token, 5) == 5
    with pytest.raises(Throttled, match=f"API key {key.id} makes 5 requests at most in 60 s") as refused:
        gate.count(gate.admit(token))
    assert timedelta(0) < refused.value.after <= 2 * MINUTE
    stage.world.advance(refused.value.after)
    gate.count(gate.admit(token))


def test_in_no_minute_are_there_more_than_the_limit(stage):
    # given two processes that ask as often as they can for ten minutes
    token, _ = made(stage, per_minute=12)
    gates, let = [Gate(stage.parts), Gate(stage.parts)], []
    for _ in range(600):
        for gate in gates:
            let += [stage.world.now()] * let_in(gate, token)
        stage.world.advance(SECOND)
    # then in any sixty seconds
    assert all(sum(1 for one in let if at <= one < at + MINUTE) <= 12 for at in let)
    assert len(let) >= 80, "and it is a limit, not a wall"


def test_a_limited_key_writes_once_for_many_requests_and_not_at_all_when_it_is_refused(stage, monkeypatch):
    token, _ = made(stage, per_minute=1000)
    gate, writes, write = Gate(stage.parts), [], stage.parts.items.write
    monkeypatch.setattr(stage.parts.items, "write", lambda *a: writes.append(a[0].shelf) or write(*a))
    assert let_in(gate, token, 50) == 50
    assert sorted(writes) == sorted([writes[0], "keyuse"])
    assert let_in(gate, token, 950) == 950
    writes.clear()
    assert let_in(gate, token, 100) == 0
    assert not writes


def test_a_key_without_a_limit_writes_nothing_but_its_day(stage, monkeypatch):
    token, _ = made(stage)
    gate, writes, write = Gate(stage.parts), [], stage.parts.items.write
    monkeypatch.setattr(stage.parts.items, "write", lambda *a: writes.append(a[0].shelf) or write(*a))
    assert let_in(gate, token, 500) == 500
    assert writes == ["keyuse"]


def test_a_count_that_cannot_be_kept_refuses_nobody(stage, monkeypatch):
    token, _ = made(stage, per_minute=1)

    def down(*_):
        raise Unavailable("down")

    monkeypatch.setattr(stage.parts.items, "write", down)
    monkeypatch.setattr(stage.parts.items, "read", down)
    assert let_in(Gate(stage.parts), token, 3) == 3


@pytest.mark.parametrize("per_minute", [0, -1, MOST_PER_MINUTE + 1])
def test_a_limit_is_within_its_limits(stage, per_minute):
    with pytest.raises(InvalidInput, match="per_minute"):
        made(stage, per_minute=per_minute)


# ------------------------------------------------------------------------------------------------------------ last use


def test_the_day_of_the_last_use_is_known(stage):
    used, key = made(stage)
    _, unused = made(stage)
    for _ in range(3):
        let_in(Gate(stage.parts), used)
        stage.world.advance(DAY)
    found = last_uses(stage.parts.items)
    assert {*found} == {key.id}
    assert unused.id not in found
    assert found[key.id].date() == (stage.world.now() - DAY).date()


def test_a_clock_that_is_behind_does_not_take_a_day_back(stage):
    token, key = made(stage)
    stage.world.advance(DAY)
    let_in(Gate(stage.parts), token)
    stage.world.advance(-DAY)
    let_in(Gate(stage.parts), token)
    assert last_uses(stage.parts.items)[key.id].date() == (stage.world.now() + DAY).date()


def test_a_thousand_keys_fill_no_memory(stage):
    gate = Gate(stage.parts)
    for _ in range(1100):
        let_in(gate, made(stage, per_minute=5)[0])
    assert len(gate._uses._noted) <= 1000
    assert len(gate._uses._held) <= 1000
    assert len(last_uses(stage.parts.items)) == 1100
