"""What a project may be called: its name is a part of every name on AWS, and some of those are short."""

import re

MOST = 20
"""Characters: a bucket's name has 63, of which account, region, stage and our own words take the rest."""

TAKEN = frozenset({"aws", "jobline"})
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def fault(name: str) -> str | None:
    """What is wrong with it as a project's name; None: nothing."""
    if len(name) > MOST:
        return f"longer than {MOST} characters, which names on AWS have no room for"
    if not _NAME.fullmatch(name):
        return "not lower-case letters and digits, with single dashes between them, a letter first"
    return "taken" if name in TAKEN else None
