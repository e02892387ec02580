"""The credentials' table."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.pipeline.ports import ApiKey
from tests.contract.rows import DAY, NOW, SECOND
from tests.contract.test_rows import THREADS, at_once

KEY = ApiKey(
    id="k1",
    secret_sha256="ab" * 32,
    tenant="größe",
    scopes=frozenset({"jobs:read", "jobs:write"}),
    name="Büro 🦶",
    created=NOW,
    expires=NOW + DAY,
)


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        replace(KEY, expires=None),
        replace(KEY, scopes=frozenset()),
        replace(KEY, name="", tenant=""),
        replace(KEY, per_minute=600),
    ],
    ids=["all", "for ever", "no scopes", "no names", "limited"],
)
def test_a_key_is_found_as_it_was_added(api_keys, key):
    api_keys.add(key)
    assert api_keys.find(key.id) == key


def test_a_key_that_is_not_there_is_not_found(api_keys):
    api_keys.add(KEY)
    assert api_keys.find("k2") is None


def test_an_id_that_is_taken_stays_with_whoever_has_it(api_keys):
    api_keys.add(KEY)
    with pytest.raises(Conflict, match="k1"):
        api_keys.add(replace(KEY, secret_sha256="cd" * 32, tenant="thief"))
    assert api_keys.find("k1") == KEY


def test_adding_a_key_again_after_a_lost_reply_is_adding_it_once(api_keys):
    api_keys.add(KEY)
    api_keys.add(replace(KEY))
    assert api_keys.find("k1") == KEY


def test_adding_a_key_again_does_not_undo_its_revocation(api_keys):
    api_keys.add(KEY)
    api_keys.revoke("k1", NOW + SECOND)
    with pytest.raises(Conflict):
        api_keys.add(KEY)
    assert api_keys.find("k1") == replace(KEY, revoked=NOW + SECOND)


def test_a_revoked_key_says_since_when(api_keys):
    api_keys.add(KEY)
    assert api_keys.revoke("k1", NOW + SECOND)
    assert api_keys.find("k1") == replace(KEY, revoked=NOW + SECOND)


def test_a_second_revocation_leaves_the_time_of_the_first(api_keys):
    api_keys.add(KEY)
    api_keys.revoke("k1", NOW)
    assert api_keys.revoke("k1", NOW + DAY)
    assert api_keys.find("k1") == replace(KEY, revoked=NOW)


@pytest.mark.parametrize("before", [None, NOW + DAY, NOW + 2 * SECOND], ids=["for ever", "a day", "sooner"])
def test_a_key_can_be_made_to_expire_sooner_and_never_later(api_keys, before):
    api_keys.add(replace(KEY, expires=before))
    assert api_keys.expire("k1", NOW + 5 * SECOND)
    assert api_keys.expire("k1", NOW + DAY + SECOND)
    assert api_keys.find("k1") == replace(KEY, expires=min(before or NOW + 2 * DAY, NOW + 5 * SECOND))


def test_what_is_not_there_cannot_be_made_to_expire(api_keys):
    assert not api_keys.expire("k1", NOW)
    assert api_keys.find("k1") is None


def test_what_is_not_there_cannot_be_revoked(api_keys):
    assert not api_keys.revoke("k1", NOW)
    assert api_keys.find("k1") is None


def test_of_eight_who_take_an_id_at_once_one_has_it(api_keys):
    keys = [replace(KEY, secret_sha256=f"{number:064}") for number in range(THREADS)]

    def add(key):
        try:
            return api_keys.add(key)
        except Conflict:
            return key

    losers = at_once(add, [(key,) for key in keys])
    assert losers.count(None) == 1
    assert api_keys.find("k1") == keys[losers.index(None)]


ROLE = replace(KEY, id="arn:aws:iam::123456789012:role/shop")
LATER = replace(ROLE, secret_sha256="cd" * 32, tenant="other", created=NOW + 2 * SECOND)


def test_a_role_that_may_do_something_keeps_it(api_keys):
    api_keys.add(ROLE)
    api_keys.add(ROLE)
    with pytest.raises(Conflict):
        api_keys.add(LATER)
    assert api_keys.find(ROLE.id) == ROLE


def test_a_role_whose_rights_were_revoked_or_are_over_may_get_others(api_keys):
    api_keys.add(ROLE)
    api_keys.revoke(ROLE.id, NOW + SECOND)
    with pytest.raises(Conflict):
        api_keys.add(ROLE)  # our own call, repeated late
    api_keys.add(LATER)
    assert api_keys.find(ROLE.id) == LATER
    over = replace(LATER, secret_sha256="ef" * 32, created=LATER.created + 2 * DAY)
    api_keys.add(over)
    assert api_keys.find(ROLE.id) == over


def test_a_late_repetition_brings_no_older_rights_back(api_keys):
    api_keys.add(ROLE)
    api_keys.revoke(ROLE.id, NOW + SECOND)
    api_keys.add(LATER)
    api_keys.revoke(ROLE.id, NOW + 3 * SECOND)
    with pytest.raises(Conflict):
        api_keys.add(ROLE)
    assert api_keys.find(ROLE.id) == replace(LATER, revoked=NOW + 3 * SECOND)
