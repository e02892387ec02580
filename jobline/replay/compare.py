"""A replay's outcome beside what is recorded of the job."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.pipeline.outcome import Becomes, Continues, Outcome, Raised, Returned, Several


@dataclass(frozen=True, kw_only=True)
class Compared:
    """`kind`: returned, raised, cancelled, or becomes a workflow. `same`: None where nothing is recorded that could be compared."""

    kind: str
    result: Any
    error: dict[str, Any] | None
    same: bool | None
    words: str


def compare(document: Mapping[str, Any], outcome: Outcome) -> Compared:
    """Decide. An error is the same where its type is, and the place in the code that it came from."""
    kind, result, error = _seen(outcome)
    recorded, state = document["error"], document["state"]
    same: bool | None = None
    if state == "SUCCEEDED":
        known = "result_stored" not in document
        if kind != "returned":
            same, words = False, "the job succeeded"
        elif not known:
            words = "the recorded result is too large for the API to show"
        else:
            same = result == document["result"]
            words = "the recorded result is the same" if same else "the recorded result is another"
    elif recorded is None:
        words = f"the job is {state}: there is no outcome to compare with"
    elif error is None:
        same, words = False, f"recorded is {_named(recorded)}"
    elif error["fingerprint"] == recorded["fingerprint"]:
        same, words = True, "the recorded error is the same, from the same place"
    else:
        same = False
        alike = error["type"] == recorded["type"]
        words = f"recorded is {_named(recorded)}" + (", from another place in the code" if alike else "")
    return Compared(kind=kind, result=result, error=error, same=same, words=words)


def _seen(outcome: Outcome) -> tuple[str, Any, dict[str, Any] | None]:
    if isinstance(outcome, Returned):
        return "returned", json.loads(outcome.json), None
    if isinstance(outcome, Becomes):
        return "becomes", json.loads(outcome.json), None
    if isinstance(outcome, Raised):
        found = outcome.failure
        error = {
            "type": found.type,
            "message": found.message,
            "traceback": found.traceback,
            "fingerprint": found.fingerprint,
        }
        return "cancelled" if outcome.cancelled else "raised", None, error
    assert isinstance(outcome, Continues | Several), outcome
    raise TypeError(f"a replay does not end as {type(outcome).__name__}")


def _named(error: Mapping[str, Any]) -> str:
    return f"{error['type']}: {error['message']}" if error["message"] else str(error["type"])
