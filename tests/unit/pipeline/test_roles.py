"""A role's rights are found by whatever session of it asks; and by nobody else."""

from datetime import timedelta

import pytest

from chalicelib.adapters import memory
from chalicelib.domain.errors import Conflict, Denied, InvalidInput
from chalicelib.pipeline.api_keys import Gate, admit_role, create_key, rotate_key
from chalicelib.pipeline.roles import is_role, role_of

ROLE = "arn:aws:iam::123456789012:role/shop"
SESSION = "arn:aws:sts::123456789012:assumed-role/shop/i-0abc"
RIGHTS = {"tenant": "ann", "scopes": frozenset({"read"}), "name": "shop"}


@pytest.mark.parametrize(
    ("arn", "role"),
    [
        (ROLE, ROLE),
        (SESSION, ROLE),
        ("arn:aws:sts::123456789012:assumed-role/shop/ann@example.org", ROLE),
        ("arn:aws:iam::123456789012:role/teams/web/shop", ROLE),
        ("arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/shop", ROLE),
        ("arn:aws-cn:iam::123456789012:role/shop", "arn:aws-cn:iam::123456789012:role/shop"),
        ("arn:aws-us-gov:sts::123456789012:assumed-role/a+b=c,d.e@f-_/s1", "arn:aws-us-gov:iam::123456789012:role/a+b=c,d.e@f-_"),
        ("arn:aws:sts::123456789012:assumed-role/shop", None),
        ("arn:aws:sts::123456789012:assumed-role/shop/", None),
        ("arn:aws:sts::123456789012:assumed-role/teams/web/shop/s1", None),
        ("arn:aws:sts::123456789012:federated-user/shop", None),
        ("arn:aws:iam::123456789012:user/shop", None),
        ("arn:aws:iam::123456789012:root", None),
        ("arn:aws:iam::12345678901:role/shop", None),
        ("arn:aws:iam::*:role/shop", None),
        ("arn:aws:iam::123456789012:role/*", None),
        ("arn:aws:iam::123456789012:role/", None),
        ("arn:aws:iam::123456789012:role/shop\n", None),
        ("arn:aws:iam::123456789012:role/sh\u043ep", None),
        ("arn:aws:iam::\u0661\u0662\u0663456789012:role/shop", None),
        ("arn:evil:iam::123456789012:role/shop", None),
        (f"arn:aws:iam::123456789012:role/{'a' * 65}", None),
        ("shop", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_role_has_one_name(arn, role):
    assert role_of(arn) == role


def test_a_session_has_the_rights_of_its_role_and_of_no_other():
    parts = memory.parts()
    made = admit_role("arn:aws:iam::123456789012:role/teams/shop", **RIGHTS, parts=parts)
    gate = Gate(parts)
    assert gate.admit_signer(SESSION) == made
    assert (made.tenant, made.scopes) == ("ann", {"read"})
    for other in (SESSION.replace("/shop/", "/shop2/"), SESSION.replace("1234", "9234"), "arn:aws:iam::123456789012:user/shop"):  # fmt: skip
        with pytest.raises(Denied) as refused:
            gate.admit_signer(other)
        assert refused.value.known, "somebody, but nobody who may"


def test_who_did_not_sign_is_nobody():
    with pytest.raises(Denied) as refused:
        Gate(memory.parts()).admit_signer(None)
    assert not refused.value.known


def test_a_roles_rights_end_and_can_be_given_anew():
    parts = memory.parts()
    admit_role(ROLE, **RIGHTS, expires=parts.world.now() + timedelta(hours=1), parts=parts)
    with pytest.raises(Conflict):
        admit_role(ROLE, **{**RIGHTS, "tenant": "bob"}, parts=parts)
    parts.world.advance(timedelta(hours=1))
    with pytest.raises(Denied):
        Gate(parts).admit_signer(SESSION)
    admit_role(ROLE, **{**RIGHTS, "tenant": "bob"}, parts=parts)
    assert Gate(parts).admit_signer(SESSION).tenant == "bob"


def test_a_revoked_role_is_out_within_a_minute():
    parts = memory.parts()
    made, gate = admit_role(ROLE, **RIGHTS, parts=parts), Gate(parts)
    gate.admit_signer(SESSION)
    assert parts.api_keys.revoke(made.id, parts.world.now())
    parts.world.advance(Gate.REMEMBER)
    with pytest.raises(Denied):
        gate.admit_signer(SESSION)


def test_a_roles_entry_is_no_key_and_a_key_is_no_role():
    parts = memory.parts()
    made = admit_role(ROLE, **RIGHTS, parts=parts)
    token, key = create_key(**RIGHTS, parts=parts)
    assert is_role(made.id)
    assert not is_role(key.id)
    for given in (f"jl_{made.id}_{'0' * 40}", made.id, f"jl_{ROLE}_x"):
        with pytest.raises(Denied):
            Gate(parts).admit(given)
    with pytest.raises(Denied):
        Gate(parts).admit_signer(token)
    with pytest.raises(InvalidInput, match="no secret"):
        rotate_key(made.id, overlap=timedelta(0), parts=parts)


@pytest.mark.parametrize(
    ("other", "argument"),
    [({"arn": "arn:aws:iam::123456789012:user/x"}, "role"), ({"tenant": "a#b"}, "tenant"), ({"scopes": frozenset({"x"})}, "scopes"), ({"per_minute": 0}, "per_minute")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_name(other, argument):
    with pytest.raises(InvalidInput) as refused:
        admit_role(**{"arn": ROLE, **RIGHTS, **other}, parts=memory.parts())
    assert refused.value.argument == argument
