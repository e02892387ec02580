"""Which messages of a batch are done with, given what the function answered: Lambda's partial batch responses."""

import enum
from collections.abc import Sequence


class Reading(enum.Enum):
    """What an answer that names no message of the batch means. Sources disagree, so the pipeline must survive both."""

    WHOLE_BATCH_FAILS = (
        "whole batch fails"  # AWS's own documentation, for an empty id, a null one and a bad key
    )
    IGNORED = "ignored"  # told by others of ids that are not in the batch: the entry counts for nothing


class Malformed(Exception):
    """The function's answer is no partial batch response, so nothing of the batch is done with. Says what is wrong."""


def done_with(
    batch: Sequence[str], answer: object, *, reading: Reading = Reading.WHOLE_BATCH_FAILS
) -> list[str]:
    """The ids of `batch` that may be deleted, in their order. Raises Malformed.

    >>> done_with(["a", "b"], {"batchItemFailures": [{"itemIdentifier": "b"}]})
    ['a']
    >>> done_with(["a", "b"], None)
    ['a', 'b']
    """
    failed = set()
    for name in _named(answer):
        if isinstance(name, str) and name in batch:
            failed.add(name)
        elif reading is Reading.WHOLE_BATCH_FAILS:
            raise Malformed(f"batchItemFailures names {name!r}, which is no message of the batch")
    return [one for one in batch if one not in failed]


def _named(answer: object) -> list[object]:
    """What the answer names, whatever it is. No answer, an empty one, and a null or empty list are a full success."""
    if answer is None:
        return []
    if not isinstance(answer, dict):
        raise Malformed(f"the answer is a {type(answer).__name__}, not an object")
    failures = answer.get("batchItemFailures")
    if failures is None:
        return []
    if not isinstance(failures, list):
        raise Malformed(f"batchItemFailures is a {type(failures).__name__}, not a list")
    return [one.get("itemIdentifier") if isinstance(one, dict) else one for one in failures]
