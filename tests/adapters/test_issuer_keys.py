"""An issuer's keys are asked for when they are needed, not because somebody says so, and believed for a while when it is silent."""

from datetime import timedelta

import pytest

from chalicelib.adapters.issuer_keys import AGAIN, DISCOVERY, FRESH, STALE
from chalicelib.adapters.memory import HeldWorld
from chalicelib.domain.errors import Denied, Unavailable
from tests.support.issuer import ISSUER, KEYS_AT, Issuer, public_jwk

FOUND_AT = ISSUER + DISCOVERY


@pytest.fixture
def issuer():
    return Issuer(HeldWorld())


def test_a_thousand_tokens_ask_once(issuer):
    tokens, token = issuer.tokens(), issuer.token()
    for _ in range(1000 // 50):
        tokens.admit(token)
    assert issuer.asked == [FOUND_AT, KEYS_AT]


def test_keys_are_asked_for_again_when_they_are_old(issuer):
    tokens = issuer.tokens()
    tokens.admit(issuer.token())
    issuer.world.advance(FRESH)
    tokens.admit(issuer.token())
    assert issuer.asked == [FOUND_AT, KEYS_AT, KEYS_AT], "and where they are is known by then"


def test_a_new_key_is_believed_at_once(issuer):
    tokens = issuer.tokens()
    tokens.admit(issuer.token())
    issuer.show("first", "second")
    issuer.world.advance(AGAIN)
    assert tokens.admit(issuer.token(key="second"))


def test_a_key_that_is_taken_back_is_none_ten_minutes_later(issuer):
    tokens = issuer.tokens()
    tokens.admit(issuer.token())
    issuer.show("second")
    issuer.world.advance(FRESH)
    with pytest.raises(Denied):
        tokens.admit(issuer.token())


def test_names_that_somebody_makes_up_do_not_make_us_ask_more_than_once_a_minute(issuer):
    tokens = issuer.tokens()
    for minute in range(3):
        for number in range(20):
            with pytest.raises(Denied):
                tokens.admit(issuer.token(header={"kid": f"made up {minute} {number}"}))
        issuer.world.advance(AGAIN)
    assert issuer.asked.count(KEYS_AT) == 3


def test_a_silent_issuer_is_not_asked_more_than_once_a_minute_either(issuer):
    tokens, issuer.down = issuer.tokens(), True
    for _ in range(20):
        with pytest.raises(Unavailable):
            tokens.admit(issuer.token())
    assert issuer.asked == [FOUND_AT]
    issuer.down = False
    issuer.world.advance(AGAIN)
    assert tokens.admit(issuer.token())


def test_known_keys_are_believed_for_an_hour_while_the_issuer_is_silent_and_no_longer(issuer):
    tokens = issuer.tokens()
    tokens.admit(issuer.token())
    issuer.down = True
    issuer.world.advance(STALE - timedelta(seconds=1))
    assert tokens.admit(issuer.token())
    issuer.world.advance(timedelta(seconds=1))
    with pytest.raises(Unavailable):
        tokens.admit(issuer.token())


def test_what_cannot_be_known_is_not_called_wrong(issuer):
    # given an issuer that has a new key, and is silent
    tokens = issuer.tokens()
    tokens.admit(issuer.token())
    issuer.show("second")
    issuer.down = True
    issuer.world.advance(AGAIN)
    with pytest.raises(Unavailable):
        tokens.admit(issuer.token(key="second"))


def test_a_stage_may_say_where_the_keys_are(issuer):
    issuer.pages = {"https://keys.example.net/jwks": issuer.pages[KEYS_AT]}
    assert issuer.tokens(keys_url="https://keys.example.net/jwks").admit(issuer.token())
    assert issuer.asked == ["https://keys.example.net/jwks"]


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": ISSUER, "jwks_uri": "https://evil.example.org/keys"},
        {"issuer": ISSUER, "jwks_uri": "https://login.example.org.evil.org/keys"},
        {"issuer": ISSUER, "jwks_uri": "https://login.example.org@evil.example.org/keys"},
        {"issuer": ISSUER, "jwks_uri": "https://login.example.org:8443/keys"},
        {"issuer": ISSUER, "jwks_uri": "http://login.example.org/realms/shop/keys"},
        {"issuer": ISSUER, "jwks_uri": "//login.example.org/keys"},
        {"issuer": ISSUER, "jwks_uri": "https://[login.example.org/keys"},
        {"issuer": ISSUER, "jwks_uri": 7},
        {"issuer": ISSUER},
        {"issuer": "https://login.example.org/realms/other", "jwks_uri": KEYS_AT},
        {"jwks_uri": KEYS_AT},
        [],
        b"{",
        b'{"issuer": 1, "issuer": 2}',
        b"\xff",
    ],
    ids=str,
)
def test_a_discovery_document_leads_to_no_other_host_and_is_the_issuers_own(issuer, document):
    issuer.pages[FOUND_AT] = document
    with pytest.raises(Unavailable):
        issuer.tokens().admit(issuer.token())
    assert issuer.asked == [FOUND_AT]


GOOD = public_jwk("first")


@pytest.mark.parametrize(
    "keys",
    [
        [{**GOOD, "kty": "oct", "k": "AAAA"}],
        [{**GOOD, "use": "enc"}],
        [{**GOOD, "alg": "RS512"}],
        [{**GOOD, "alg": "HS256"}],
        [{**GOOD, "kid": 1}],
        [{**GOOD, "n": 5}],
        [{**GOOD, "n": "AQAB"}],
        [{**GOOD, "n": "!"}],
        [{**GOOD, "n": ""}],
        [{**GOOD, "e": "AQ"}],
        [{name: value for name, value in GOOD.items() if name != "kid"}],
        [GOOD, {**GOOD, "n": public_jwk("stranger")["n"]}],
        [GOOD, GOOD],
        ["first"],
        [{**public_jwk("first", "ES256"), "alg": "RS256"}],
    ],
    ids=range(15),
)
def test_what_is_no_key_for_this_algorithm_is_none(issuer, keys):
    issuer.pages[KEYS_AT] = {"keys": keys}
    with pytest.raises(Denied):
        issuer.tokens().admit(issuer.token())


@pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": []}, {"keys": [GOOD] * 101}, b"", b"[]"])
def test_what_is_no_list_of_keys_leaves_those_that_are_known(issuer, document):
    tokens = issuer.tokens()
    tokens.admit(issuer.token())
    issuer.pages[KEYS_AT] = document
    issuer.world.advance(FRESH)
    assert tokens.admit(issuer.token())


def test_other_members_of_a_key_are_not_read(issuer):
    # a private half that somebody published by accident, and where its certificate is
    issuer.pages[KEYS_AT] = {"keys": [{**GOOD, "d": "AQAB", "x5u": "https://evil.example.org", "p": "x"}]}
    assert issuer.tokens().admit(issuer.token())
    assert issuer.asked == [FOUND_AT, KEYS_AT]


def test_one_that_asks_does_not_keep_others_with_known_keys_waiting(issuer):
    tokens = issuer.tokens()
    tokens.admit(issuer.token())
    issuer.world.advance(AGAIN)
    seen = []
    page = issuer.page

    def slow(url):
        seen.append(tokens.admit(issuer.token()).tenant)  # somebody else, meanwhile
        return page(url)

    tokens._keys._page = slow  # the issuer, at the moment that it is asked
    with pytest.raises(Denied):
        tokens.admit(issuer.token(header={"kid": "made up"}))
    assert seen == ["ann"]
