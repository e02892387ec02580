"""Which jobs share a limit, a line or a lock: the name of what is shared, and the values of the arguments that it goes by."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.errors import InvalidInput

LONGEST = 120
"""Characters of a key that is still written out; beyond that its digest stands for it."""


def flow_key(name: str, key: Sequence[str], args: Mapping[str, Any]) -> str:
    """`name` alone, or `name:` with the values of these arguments as JSON, for people to read. An argument not given counts as null.

    Raises `InvalidInput` for a value that is no plain one: what a key is made of has to be told apart at a glance.
    """
    if not key:
        return name
    values = [args.get(argument) for argument in key]
    for argument, value in zip(key, values, strict=True):
        if value is not None and not isinstance(value, str | int | float | bool):
            raise InvalidInput(
                f"args.{argument}", "is part of a key, and so has to be text, a number, true, false or null"
            )
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"))[1:-1]
    if len(name) + 1 + len(text) > LONGEST:
        text = f"sha256-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    return f"{name}:{text}"
