"""API keys of a stage, made and revoked as people do it, and let in or not by the API's own gate."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.items import DynamoItems
from chalicelib.adapters.aws.side_tables import DynamoApiKeys
from chalicelib.adapters.crew import ThreadCrew
from chalicelib.adapters.memory import parts as twins
from chalicelib.domain.errors import Denied
from chalicelib.pipeline.api_keys import Gate
from infra.stack import provision
from tests.support.no_account import no_account

TABLE = "jobline-dev"


@pytest.fixture
def gate(monkeypatch):
    """The API's gate at the stage's table; a new one each time, since a gate remembers for a minute."""
    no_account(monkeypatch)
    with mock_aws():
        import boto3

        provision(boto3.client("cloudformation"), app="jobline", stage="dev")
        items = DynamoItems(Clients(), TABLE, ThreadCrew())
        parts = replace(twins(), api_keys=DynamoApiKeys(Clients(), TABLE), items=items)
        parts.world.advance(datetime.now(UTC) - parts.world.now())
        yield lambda: Gate(parts)


def test_what_is_printed_opens_the_door_with_these_scopes_and_nothing_else_is_on_the_line(jobline, gate):
    made = jobline(
        "keys", "create", "--stage", "dev", "--tenant", "acme", "--name", "shop", "--scope", "read"
    )

    assert made.exit_code == 0, made.output
    key = gate().admit(made.stdout.strip())
    assert (key.tenant, key.scopes, key.name, key.expires) == ("acme", {"read"}, "shop", None)
    assert made.stdout.count("\n") == 1
    assert made.stdout.split("_")[2].strip() not in made.stderr, "the secret is told once"


def test_without_a_word_it_may_submit_and_read_and_days_end_it(jobline, gate):
    made = jobline("keys", "create", "--stage", "dev", "--tenant", "acme", "--name", "shop", "--days", "2")

    key = gate().admit(made.stdout.strip())
    assert key.scopes == {"submit", "read"}
    assert timedelta(days=1.9) < key.expires - datetime.now(UTC) <= timedelta(days=2)


def test_a_revoked_key_opens_nothing(jobline, gate):
    token = jobline("keys", "create", "--stage", "dev", "--tenant", "acme", "--name", "shop").stdout.strip()

    answer = jobline("keys", "revoke", "--stage", "dev", token.split("_")[1])

    assert answer.exit_code == 0
    assert "within a minute" in answer.output
    with pytest.raises(Denied):
        gate().admit(token)


def test_a_rotated_key_is_printed_alone_and_the_old_one_ends_when_it_was_said(jobline, gate):
    words = ("--tenant", "acme", "--name", "shop", "--per-minute", "30")
    old = jobline("keys", "create", "--stage", "dev", *words).stdout.strip()

    answer = jobline("keys", "rotate", "--stage", "dev", "--overlap-hours", "2", old.split("_")[1])

    assert answer.exit_code == 0, answer.output
    new = gate().admit(answer.stdout.strip())
    assert (new.tenant, new.per_minute) == ("acme", 30)
    assert timedelta(hours=1.9) < gate().admit(old).expires - datetime.now(UTC) <= timedelta(hours=2)


def test_the_list_says_when_a_key_was_used_last(jobline, gate):
    token = jobline("keys", "create", "--stage", "dev", "--tenant", "acme", "--name", "shop").stdout.strip()
    jobline("keys", "create", "--stage", "dev", "--tenant", "acme", "--name", "unused")
    opened = gate()
    opened.count(opened.admit(token))

    listed = json.loads(jobline("keys", "list", "--stage", "dev", "--json").output)

    assert {key["name"]: key["used"] for key in listed} == {
        "shop": f"{datetime.now(UTC):%Y-%m-%d}",
        "unused": "never",
    }


def test_the_list_has_all_keys_the_newest_first_and_no_secret(jobline, gate):
    tokens = [
        jobline("keys", "create", "--stage", "dev", "--tenant", name, "--name", f"{name}'s").stdout.strip()
        for name in ("one", "two")
    ]
    jobline("keys", "revoke", "--stage", "dev", tokens[0].split("_")[1])

    table = jobline("keys", "list", "--stage", "dev").output
    listed = json.loads(jobline("keys", "list", "--stage", "dev", "--json").output)

    assert {key["tenant"]: key["state"].split()[0] for key in listed} == {"one": "revoked", "two": "works"}
    assert [key["created"] for key in listed] == sorted((key["created"] for key in listed), reverse=True)
    assert [line.split()[0] for line in table.splitlines()[1:]] == [key["id"] for key in listed]
    for token in tokens:
        assert token.split("_")[2] not in table + json.dumps(listed)


@pytest.mark.usefixtures("gate")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("revoke", "--stage", "dev", "0000000000"), "there is no key 0000000000"),
        (("rotate", "--stage", "dev", "0000000000"), "there is no key 0000000000 that works"),
        (("create", "--stage", "dev", "--tenant", "a b", "--name", "x"), "tenant: not 1 to 64 letters"),
        (("create", "--stage", "nope", "--tenant", "a", "--name", "x"), "no stage 'nope'"),
        (("list", "--stage", "local"), "not found"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(jobline, words, told):
    answer = jobline("keys", *words)

    assert answer.exit_code == (3 if words[0] == "revoke" else 1)
    assert told in answer.output
    assert "Traceback" not in answer.output


def test_a_program_gets_what_was_made_as_one_document(jobline, gate):
    words = ("--stage", "dev", "--json")
    made = json.loads(jobline("keys", "create", *words, "--tenant", "acme", "--name", "shop").stdout)

    assert gate().admit(made["key"]).id == made["id"]
    rotated = json.loads(jobline("keys", "rotate", *words, made["id"]).stdout)
    assert gate().admit(rotated["key"]).tenant == "acme"
    assert json.loads(jobline("keys", "revoke", *words, made["id"]).stdout) == {
        "id": made["id"],
        "revoked": True,
    }


ROLE = "arn:aws:iam::123456789012:role/teams/shop"
SESSION = "arn:aws:sts::123456789012:assumed-role/shop/i-0abc"


def test_a_role_is_let_in_without_a_key_and_out_again_by_its_arn(jobline, gate):
    words = ("--stage", "dev", "--tenant", "acme", "--name", "shop", "--scope", "read", "--role", ROLE)
    made = jobline("keys", "create", *words)

    assert (made.exit_code, made.stdout) == (0, ""), made.output
    assert gate().admit_signer(SESSION).scopes == {"read"}
    again = jobline("keys", "create", *words)
    assert again.exit_code == 1
    assert "exists already" in again.output
    (listed,) = json.loads(jobline("keys", "list", "--stage", "dev", "--json").output)
    assert (listed["id"], listed["tenant"]) == ("arn:aws:iam::123456789012:role/shop", "acme")
    assert jobline("keys", "revoke", "--stage", "dev", ROLE).exit_code == 0
    with pytest.raises(Denied):
        gate().admit_signer(SESSION)


@pytest.mark.usefixtures("gate")
def test_only_a_role_is_one(jobline):
    words = ("--stage", "dev", "--tenant", "acme", "--name", "shop")
    answer = jobline("keys", "create", *words, "--role", "arn:aws:iam::123456789012:user/ann")

    assert answer.exit_code == 1
    assert "role: not the ARN of an IAM role" in answer.output
