"""Idempotency keys: the first request holds the key until its time is over."""

from dataclasses import replace

from chalicelib.pipeline.ports import KeyClaim
from tests.contract.rows import DAY, MS, NOW, new_id
from tests.contract.test_rows import THREADS, at_once


def claim(**facts) -> KeyClaim:
    first = {
        "tenant": "größe",
        "key": "order 17 ✓",
        "request_hash": "aa",
        "job_id": new_id(),
        "until": NOW + DAY,
    }
    return KeyClaim(**{**first, **facts})


def test_the_first_claim_holds(keys):
    first = claim()
    assert keys.hold(first, NOW) == first


def test_the_same_request_again_gets_the_first_ones_job(keys):
    first = claim()
    keys.hold(first, NOW)
    again = claim(until=NOW + 2 * DAY)
    assert keys.hold(again, NOW + MS) == first


def test_another_request_sees_the_hash_of_the_one_that_holds(keys):
    first = claim()
    keys.hold(first, NOW)
    assert keys.hold(claim(request_hash="bb"), NOW).request_hash == "aa"


def test_a_claim_that_is_over_is_taken_over(keys):
    first, second = claim(), claim(until=NOW + 2 * DAY)
    keys.hold(first, NOW)
    # It holds to its last millisecond, and not at its end: expiry is a condition, whether TTL came by or not.
    assert keys.hold(second, first.until - MS) == first
    assert keys.hold(second, first.until) == second
    assert keys.hold(claim(), first.until) == second


def test_tenants_and_keys_do_not_meet(keys):
    first = claim()
    keys.hold(first, NOW)
    for other in (claim(tenant="other"), claim(key="order 18"), claim(tenant="größe#order 17 ✓", key="x")):
        assert keys.hold(other, NOW) == other


def test_an_own_claim_whose_reply_was_lost_holds(keys):
    first = claim()
    keys.hold(first, NOW)
    assert keys.hold(first, NOW) == first


def test_of_eight_who_claim_a_key_at_once_one_holds_it_and_all_know(keys):
    first = claim()
    claims = [replace(first, job_id=new_id()) for _ in range(THREADS)]
    held = at_once(keys.hold, [(one, NOW) for one in claims])
    assert held[0] in claims
    assert held == [held[0]] * THREADS


def test_a_claim_is_found_as_long_as_it_holds(keys):
    first = claim()
    assert keys.find(first.tenant, first.key, NOW) is None
    keys.hold(first, NOW)
    assert keys.find(first.tenant, first.key, first.until - MS) == first
    assert keys.find(first.tenant, first.key, first.until) is None
    assert keys.find("another", first.key, NOW) is None
    assert keys.find(first.tenant, "another", NOW) is None
