"""Whose tokens a stage believes is said by settings, all of it or nothing: what is wrong is refused by its name before anybody asks."""

import json
from datetime import timedelta

import pytest

from chalicelib.pipeline.trust import Trust
from chalicelib.settings import BadSetting, Settings
from tests.support.pages import DOCS

ON = {
    "JOBLINE_JWT_ISSUER": "https://login.example.org/",
    "JOBLINE_JWT_AUDIENCE": "https://jobs.example.org",
}


def test_by_default_no_token_is_believed():
    assert Settings.from_env({}).trust is None
    assert Settings.from_env({"JOBLINE_JWT_ISSUER": ""}).trust is None


def test_an_issuer_and_an_audience_are_enough():
    assert Settings.from_env(ON).trust == Trust(
        issuer="https://login.example.org/",
        audience="https://jobs.example.org",
        algorithm="RS256",
        keys_url=None,
        tenant_claim="tenant",
        scope_claim="scope",
        prefix="jobline:",
        scopes=frozenset({"submit", "read", "operate"}),
        leeway=timedelta(seconds=30),
    )


def test_all_of_it_can_be_said():
    said = {
        "JOBLINE_JWT_ALGORITHM": "ES256",
        "JOBLINE_JWT_KEYS": "https://www.example.net/certs?v=3",
        "JOBLINE_JWT_TENANT": "https://shop.example.org/org",
        "JOBLINE_JWT_SCOPE": "scp",
        "JOBLINE_JWT_SCOPES": "read, admin",
        "JOBLINE_JWT_PREFIX": "",
        "JOBLINE_JWT_LEEWAY": "0",
    }
    trust = Settings.from_env({**ON, **said}).trust
    assert trust is not None
    assert (trust.algorithm, trust.keys_url) == ("ES256", "https://www.example.net/certs?v=3")
    assert (trust.tenant_claim, trust.scope_claim) == ("https://shop.example.org/org", "scp")
    assert (trust.scopes, trust.prefix, trust.leeway) == ({"read", "admin"}, "", timedelta(0))


WRONG = [
    ("JOBLINE_JWT_ISSUER", ""),
    ("JOBLINE_JWT_ISSUER", "login.example.org"),
    ("JOBLINE_JWT_ISSUER", "http://login.example.org"),
    ("JOBLINE_JWT_ISSUER", "https://login.example.org/?a=1"),
    ("JOBLINE_JWT_ISSUER", "https://user@login.example.org/"),
    ("JOBLINE_JWT_ISSUER", "https://169.254.169.254/"),
    ("JOBLINE_JWT_ISSUER", "https://localhost/"),
    ("JOBLINE_JWT_ISSUER", "https://login.example.org:8443/"),
    ("JOBLINE_JWT_AUDIENCE", ""),
    ("JOBLINE_JWT_AUDIENCE", "two words"),
    ("JOBLINE_JWT_AUDIENCE", "a" * 256),
    ("JOBLINE_JWT_ALGORITHM", "none"),
    ("JOBLINE_JWT_ALGORITHM", "HS256"),
    ("JOBLINE_JWT_ALGORITHM", "rs256"),
    ("JOBLINE_JWT_ALGORITHM", "RS256,HS256"),
    ("JOBLINE_JWT_ALGORITHM", ""),
    ("JOBLINE_JWT_KEYS", "http://login.example.org/keys"),
    ("JOBLINE_JWT_KEYS", "file:///etc/passwd"),
    ("JOBLINE_JWT_TENANT", ""),
    ("JOBLINE_JWT_SCOPE", "a b"),
    ("JOBLINE_JWT_SCOPES", ""),
    ("JOBLINE_JWT_SCOPES", "root"),
    ("JOBLINE_JWT_PREFIX", "a b"),
    ("JOBLINE_JWT_LEEWAY", "301"),
    ("JOBLINE_JWT_LEEWAY", "-1"),
    ("JOBLINE_JWT_LEEWAY", "1.5"),
    ("JOBLINE_JWT_ISSUERS", "https://login.example.org/"),
]


@pytest.mark.parametrize(("variable", "value"), WRONG)
def test_what_cannot_be_is_refused_by_its_name(variable, value):
    with pytest.raises(BadSetting, match=variable):
        Settings.from_env({**ON, variable: value})


@pytest.mark.parametrize("alone", ["JOBLINE_JWT_AUDIENCE", "JOBLINE_JWT_KEYS", "JOBLINE_JWT_TENANT"])
def test_half_of_it_is_refused_since_somebody_believes_that_it_is_on(alone):
    with pytest.raises(BadSetting, match="JOBLINE_JWT_ISSUER is not set"):
        Settings.from_env({alone: "https://x.example.org"})


def test_what_reads_tokens_is_built_only_where_they_are_believed():
    from chalicelib import wiring

    assert wiring.build(Settings.from_env({})).tokens is None
    assert wiring.build(Settings.from_env(ON)).tokens is not None


def test_the_example_of_the_page_is_right():
    text = (DOCS / "security.md").read_text(encoding="utf-8")
    environment = json.loads(text.partition("```json\n")[2].partition("```")[0])
    trust = Settings.from_env(environment).trust
    assert trust is not None
    assert trust.tenant_claim == "https://example.org/tenant"


def test_signatures_are_asked_for_only_where_a_stage_says_so():
    assert not Settings.from_env({"JOBLINE_STAGE": "prod"}).signed
    assert Settings.from_env({"JOBLINE_STAGE": "prod", "JOBLINE_IAM": "on"}).signed


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"JOBLINE_STAGE": "prod", "JOBLINE_IAM": "yes"}, "neither on nor off"),
        ({"JOBLINE_STAGE": "local", "JOBLINE_IAM": "on"}, "needs API Gateway"),
        ({"JOBLINE_STAGE": "prod", "JOBLINE_IAM": "on", **ON}, "choose one"),
    ],
)
def test_signatures_cannot_be_had_everywhere_nor_beside_tokens(other, why):
    with pytest.raises(BadSetting, match=why):
        Settings.from_env(other)
