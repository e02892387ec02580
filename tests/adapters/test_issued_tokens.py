"""Tokens of a small issuer that really signs: good ones say who bears them, and nothing that is not a good one is believed."""

import hmac
import logging
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.memory import HeldWorld
from chalicelib.domain.errors import Denied
from chalicelib.pipeline.ports import ApiKey
from chalicelib.pipeline.token_form import MOST_CHARS
from tests.support.issuer import AUDIENCE, ISSUER, Issuer, part, private_key, public_jwk, signature

DAY = 86_400


@pytest.fixture(params=["RS256", "ES256"])
def issuer(request):
    return Issuer(HeldWorld(), request.param)


def refused(tokens, token) -> str:
    """Why it is: the log's word. Whoever sent it hears the same for every reason."""
    with pytest.raises(Denied) as error:
        tokens.admit(token)
    assert str(error.value) == "the token is not accepted"
    assert (error.value.known, error.value.challenge) == (False, 'error="invalid_token"')
    return str(error.value.__cause__)


def test_a_good_token_says_tenant_scopes_and_who(issuer):
    bearer = issuer.tokens().admit(issuer.token())
    assert bearer == ApiKey(
        id=bearer.id,
        secret_sha256="",
        tenant="ann",
        scopes=frozenset({"submit", "read", "operate"}),
        name="shop-web",
        created=issuer.world.now(),
        expires=issuer.world.now() + timedelta(seconds=300),
    )
    assert bearer.id.startswith("jwt-")


@pytest.mark.parametrize(
    "other",
    [
        {"aud": [AUDIENCE]},
        {"aud": ["https://other.example.org", AUDIENCE]},
        {"nbf": None},
        {"iat": None},
        {"exp": datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC).timestamp() + 0.5},
        {"header": {"typ": None}},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "application/AT+JWT"}},
        {"header": {"x5t": "abc", "unknown": [1]}},
        {"scope": ["openid", "jobline:read"]},
        {"scope": "jobline:read  jobline:submit "},
        {"tenant": "A.b-c_9"},
        {"resource_access": {"shop": {"roles": ["a"]}}},
    ],
    ids=str,
)
def test_what_real_issuers_say_differently_is_taken(issuer, other):
    assert issuer.tokens().admit(issuer.token(**other)).name == "shop-web"


def test_claims_may_have_other_names(issuer):
    tokens = issuer.tokens(
        tenant_claim="https://shop.example.org/org", scope_claim="scp", prefix="", scopes=frozenset({"admin"})
    )
    bearer = tokens.admit(issuer.token(**{"https://shop.example.org/org": "bob", "scp": ["admin"]}))
    assert (bearer.tenant, bearer.scopes) == ("bob", {"admin"})


def test_a_token_without_a_scope_of_ours_may_nothing(issuer):
    for scope in (None, "", "openid profile", []):
        assert issuer.tokens().admit(issuer.token(scope=scope)).scopes == frozenset()


def public_pem(issuer) -> bytes:
    return private_key("first", issuer.algorithm).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip


def by_hmac(secret):
    return lambda data: hmac.digest(secret, data, "sha256")


def nested(issuer, levels):
    value = "x"
    for _ in range(levels):
        value = [value]
    return issuer.token(deep=value)


def swapped(issuer) -> str:
    """A token that was given to bob, with ann's claims put in."""
    head, _, signed = issuer.token(tenant="bob").split(".")
    return f"{head}.{part(issuer.claims())}.{signed}"


def reheaded(issuer, header: bytes) -> str:
    """A right signature over a header that was never one."""
    text = f"{part(header)}.{part(issuer.claims())}"
    return f"{text}.{part(signature(text.encode(), 'first', issuer.algorithm))}"


def respelled(token: str) -> str:
    """The same bytes: the last letter of their base64url has bits that nobody reads."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(token.rpartition(".")[2]) % 4, "its last letter has bits to spare"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


HOSTILE = {
    # of the signature and of who signed
    "no signature": lambda i: i.token().rpartition(".")[0] + ".",
    "alg none": lambda i: i.token(header={"alg": "none"}).rpartition(".")[0] + ".",
    "alg None, with the right signature": lambda i: i.token(header={"alg": "None"}),
    "alg none, signed with nothing": lambda i: i.token(header={"alg": "none"}, signed=lambda data: b""),
    "no alg": lambda i: i.token(header={"alg": None}),
    "alg is a list": lambda i: i.token(header={"alg": [i.algorithm]}),
    "HS256 with the public key for a secret": lambda i: i.token(
        header={"alg": "HS256"}, signed=by_hmac(public_pem(i))
    ),
    "HS256 that says it is the pinned one": lambda i: i.token(signed=by_hmac(public_pem(i))),
    "HS256 with nothing for a secret": lambda i: i.token(header={"alg": "HS256"}, signed=by_hmac(b"")),
    "another algorithm of the same family": lambda i: i.token(header={"alg": i.algorithm.replace("256", "512")}),
    "alg in lower case": lambda i: i.token(header={"alg": i.algorithm.lower()}),
    "signed by another": lambda i: i.token(key="stranger", header={"kid": "first"}),
    "signed by another, and says so": lambda i: i.token(key="stranger"),
    "another's claims with this signature": swapped,
    "a signature of zeros": lambda i: i.token(signed=lambda data: bytes(256 if i.algorithm == "RS256" else 64)),
    "a signature cut short": lambda i: i.token(signed=lambda data: signature(data, "first", i.algorithm)[:-1]),
    "a signature and more": lambda i: i.token(signed=lambda data: signature(data, "first", i.algorithm) + b"\0"),
    # of the header
    "kid of nobody": lambda i: i.token(header={"kid": "nobody"}),
    "kid is a path": lambda i: i.token(header={"kid": "../../../../dev/null"}),
    "kid is a URL": lambda i: i.token(header={"kid": "https://evil.example.org/keys"}),
    "kid is SQL": lambda i: i.token(header={"kid": "x' UNION SELECT 'k"}),
    "kid is empty": lambda i: i.token(header={"kid": ""}),
    "kid is a number": lambda i: i.token(header={"kid": 1}),
    "kid is too long": lambda i: i.token(header={"kid": "k" * 300}),
    "no kid": lambda i: i.token(header={"kid": None}),
    "jku": lambda i: i.token(key="stranger", header={"jku": "https://evil.example.org/keys"}),
    "x5u": lambda i: i.token(header={"x5u": "https://evil.example.org/cert"}),
    "x5c": lambda i: i.token(header={"x5c": ["MIIB"]}),
    "a key of its own": lambda i: i.token(key="stranger", header={"jwk": public_jwk("stranger", i.algorithm)}),
    "critical": lambda i: i.token(header={"crit": ["exp"], "exp": 1}),
    "critical, and empty": lambda i: i.token(header={"crit": []}),
    "b64 false": lambda i: i.token(header={"b64": False}),
    "compressed": lambda i: i.token(header={"zip": "DEF"}),
    "nested": lambda i: i.token(i.token().encode(), header={"cty": "JWT"}),
    "encrypted": lambda i: i.token(header={"enc": "A128GCM"}),
    "a logout token": lambda i: i.token(header={"typ": "logout+jwt"}),
    "a proof of possession": lambda i: i.token(header={"typ": "dpop+jwt"}),
    "typ is a number": lambda i: i.token(header={"typ": 1}),
    "header is a list": lambda i: reheaded(i, b"[]"),
    "header is no JSON": lambda i: reheaded(i, b"{"),
    "header says alg twice": lambda i: reheaded(i, b'{"alg":"none","alg":"%s","kid":"first"}' % i.algorithm.encode()),
    "header is no UTF-8": lambda i: reheaded(i, b'{"alg":"\xff"}'),
    "header is UTF-16": lambda i: reheaded(i, '{"alg":"RS256","kid":"first"}'.encode("utf-16")),
    # of the claims
    "another issuer": lambda i: i.token(iss="https://login.example.org/realms/other"),
    "an issuer that begins the same": lambda i: i.token(iss=ISSUER + "/"),
    "no issuer": lambda i: i.token(iss=None),
    "issuer is a list": lambda i: i.token(iss=[ISSUER]),
    "another audience": lambda i: i.token(aud="https://other.example.org"),
    "no audience": lambda i: i.token(aud=None),
    "an audience within another": lambda i: i.token(aud=AUDIENCE + ".evil.org"),
    "audiences, ours not among them": lambda i: i.token(aud=["a", "b"]),
    "audiences, one a number": lambda i: i.token(aud=[AUDIENCE, 1]),
    "no audiences": lambda i: i.token(aud=[]),
    "too many audiences": lambda i: i.token(aud=[AUDIENCE] * 21),
    "audience is an object": lambda i: i.token(aud={AUDIENCE: True}),
    "expired": lambda i: i.token(exp=i.claims()["iat"] - 30),
    "expired long ago": lambda i: i.token(exp=0),
    "no end": lambda i: i.token(exp=None),
    "end is text": lambda i: i.token(exp="9999999999"),
    "end is true": lambda i: i.token(exp=True),
    "end is far": lambda i: i.token(exp=i.claims()["iat"] + DAY + 31),
    "end is huge": lambda i: i.token(exp=10**30),
    "end is negative": lambda i: i.token(exp=-1),
    "end is infinite": lambda i: i.token(b'{"exp":1e400}'),
    "end is no number": lambda i: i.token(b'{"exp":NaN}'),
    "begins in the future": lambda i: i.token(nbf=i.claims()["iat"] + 31),
    "made in the future": lambda i: i.token(iat=i.claims()["iat"] + 31),
    "begins at a text": lambda i: i.token(nbf="now"),
    "begins at true": lambda i: i.token(nbf=True),
    "made at null": lambda i: i.token({**i.claims(), "iat": None}),
    "no tenant": lambda i: i.token(tenant=None),
    "tenant is empty": lambda i: i.token(tenant=""),
    "tenant is a list": lambda i: i.token(tenant=["ann"]),
    "tenant is a number": lambda i: i.token(tenant=7),
    "tenant with a hash": lambda i: i.token(tenant="ann#job"),
    "tenant with a slash": lambda i: i.token(tenant="../ann"),
    "tenant with a line": lambda i: i.token(tenant="ann\n"),
    "tenant with a null": lambda i: i.token(tenant="ann\0"),
    "tenant is all of them": lambda i: i.token(tenant="*"),
    "tenant in another alphabet": lambda i: i.token(tenant="\u0430nn"),
    "tenant is too long": lambda i: i.token(tenant="a" * 65),
    "tenant twice": lambda i: i.token(b'{"tenant":"ann","tenant":"bob"}'),
    "no subject": lambda i: i.token(sub=None),
    "subject is a number": lambda i: i.token(sub=7),
    "subject with a line": lambda i: i.token(sub="a\nb"),
    "subject turns the text round": lambda i: i.token(sub="a\u202eb"),
    "subject is too long": lambda i: i.token(sub="s" * 256),
    "a scope of ours that is none": lambda i: i.token(scope="jobline:root jobline:read"),
    "a scope that tokens may not give": lambda i: i.token(scope="jobline:admin"),
    "our prefix alone": lambda i: i.token(scope="jobline:"),
    "scopes are an object": lambda i: i.token(scope={"jobline:read": True}),
    "scopes are true": lambda i: i.token(scope=True),
    "a scope is a number": lambda i: i.token(scope=["jobline:read", 1]),
    "too many scopes": lambda i: i.token(scope=["jobline:read"] * 101),
    "claims are a list": lambda i: i.token(b"[]"),
    "claims are text": lambda i: i.token(b"ann"),
    "claims are nothing": lambda i: i.token(b"null"),
    "claims are deep": lambda i: nested(i, 40),
    "a number of many digits": lambda i: i.token(b'{"exp":' + b"1" * 5000 + b"}"),
    "half a character": lambda i: i.token(b'{"sub":"\\ud800"}'),
    # of the form
    "huge": lambda i: i.token(sub="s", more="x" * MOST_CHARS),
    "two parts": lambda i: i.token().rpartition(".")[0],
    "four parts": lambda i: i.token() + ".e30",
    "five parts, as an encrypted one": lambda i: "e30.e30.e30.e30.e30",
    "dots": lambda i: "..",
    "a dot": lambda i: ".",
    "an empty claim part": lambda i: f"{i.token().split('.')[0]}..{i.token().split('.')[2]}",
    "padded": lambda i: i.token() + "==",
    "the other base64": lambda i: i.token().replace("-", "+").replace("_", "/") + "+",
    "a space within": lambda i: i.token().replace(".", ". "),
    "a line within": lambda i: i.token().replace(".", ".\n"),
    "a null within": lambda i: i.token().replace(".", ".\0"),
    "not ASCII": lambda i: i.token() + "\u00e9",
    "digits of another alphabet": lambda i: i.token() + "\u0661",
    "a part of one letter": lambda i: "a." + i.token().partition(".")[2],
    "another spelling of the signature": lambda i: respelled(i.token()),
    "two tokens": lambda i: f"{i.token()}, {i.token()}",
}  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_token_is_refused_and_the_same_is_said_of_all(issuer, hostile):
    tokens = issuer.tokens()
    assert refused(tokens, hostile(issuer))
    assert tokens.admit(issuer.token()).tenant == "ann", "and those of others work on"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("huge", "too long"),
        ("another spelling of the signature", "another spelling of its base64url"),
        ("HS256 with the public key for a secret", "another algorithm"),
        ("jku", "its header has jku"),
    ],
)
def test_what_can_be_seen_is_seen_before_anything_is_fetched_or_computed(issuer, name, why):
    assert refused(issuer.tokens(), HOSTILE[name](issuer)) == why
    assert issuer.asked == []


def test_a_token_is_good_up_to_its_end_and_the_leeway(issuer):
    tokens, token = issuer.tokens(), issuer.token(exp=issuer.claims()["iat"] + 10)
    issuer.world.advance(timedelta(seconds=39))
    assert tokens.admit(token)
    issuer.world.advance(timedelta(seconds=1))
    assert refused(tokens, token) == "expired"


def test_without_leeway_a_token_ends_when_it_says(issuer):
    tokens, token = issuer.tokens(leeway=timedelta(0)), issuer.token()
    issuer.world.advance(timedelta(seconds=300))
    assert refused(tokens, token) == "expired"
    assert refused(tokens, issuer.token(nbf=issuer.claims()["iat"] + 1)) == "nbf is in the future"


@pytest.mark.parametrize(("kid", "allowed"), [("first", True), ("short", False)])
def test_an_rsa_key_that_is_too_short_is_none(kid, allowed):
    issuer = Issuer(HeldWorld())
    issuer.show("first", "short")
    tokens = issuer.tokens()
    if allowed:
        assert tokens.admit(issuer.token(key=kid))
    else:
        assert "InvalidKeyError" in refused(tokens, issuer.token(key=kid))


def test_the_log_says_why_and_never_holds_the_token(caplog):
    issuer = Issuer(HeldWorld())
    token = issuer.token(aud="https://other.example.org")
    with caplog.at_level(logging.DEBUG):
        refused(issuer.tokens(), token)
    assert [(line.__dict__["action"], line.__dict__["why"]) for line in caplog.records] == [
        ("token_refused", "another audience")
    ]
    assert not any(one in caplog.text for one in token.split("."))


# ------------------------------------------------------------------------------------------------------ whatever else it is

RSA, EC = Issuer(HeldWorld()), Issuer(HeldWorld(), "ES256")
READERS = {one.algorithm: (one.tokens(), one.token()) for one in (RSA, EC)}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0\u00e9"


@st.composite
def mutated(draw, token):
    """A token with one to four places changed: a letter for another, taken out, put in; or its parts in another order."""
    text = token
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        letter = draw(st.sampled_from(LETTERS))
        kind = draw(st.sampled_from(["instead", "in", "out", "cut", "twice"]))
        text = {
            "instead": text[:at] + letter + text[at + 1 :],
            "in": text[:at] + letter + text[at:],
            "out": text[:at] + text[at + 1 :],
            "cut": text[:at],
            "twice": text[:at] + text[max(0, at - 8) :],
        }[kind]
    return text


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data(), algorithm=st.sampled_from(["RS256", "ES256"]))
def test_no_change_of_a_good_token_makes_another_good_one(data, algorithm):
    tokens, token = READERS[algorithm]
    changed = data.draw(mutated(token))
    if changed == token:
        assert tokens.admit(changed)
    else:
        refused(tokens, changed)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(header=st.binary(max_size=60), claims=st.binary(max_size=60))
def test_no_bytes_are_a_token_by_themselves(header, claims):
    refused(READERS["RS256"][0], f"{part(header)}.{part(claims)}.{part(sha256(header).digest())}")
