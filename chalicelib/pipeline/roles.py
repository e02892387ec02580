"""IAM roles as callers: the name under which a role's rights are kept, whatever session of it asks.

A session's ARN has no path, a role's has one. A role's name is unique in its account, path or not: so the path is left out of both.
"""

from chalicelib.domain.late import regex

_NAME = r"[A-Za-z0-9_+=,.@-]{1,64}"
_ROLE = regex(rf"arn:(aws[a-z-]{{0,20}}):iam::([0-9]{{12}}):role/(?:[\x21-\x7e]{{0,510}}/)?({_NAME})")
_SESSION = regex(rf"arn:(aws[a-z-]{{0,20}}):sts::([0-9]{{12}}):assumed-role/({_NAME})/({_NAME})")


def role_of(arn: str) -> str | None:
    """The role's ARN without its path, of the role's own or of a session's; None: neither, such as a user's, a root's or a guest's."""
    found = _ROLE.fullmatch(arn) or _SESSION.fullmatch(arn)
    return found and f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}"


def is_role(key_id: str) -> bool:
    """Whether what is kept under this id is a role's rights: no API key's id has a colon."""
    return key_id.startswith("arn:")
