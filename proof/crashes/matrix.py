"""The fault matrix: which faults of the list these plans make happen, and how each is recognised."""

from collections.abc import Iterator, Mapping
from typing import Any

from proof.crashes.faults import KEY_SERVICE, Fault
from proof.crashes.watch import label_of
from proof.simulation.clockwork import Sandbox

HERE: Mapping[str, str] = {
    "F01": "a door dies before it puts a row",
    "F02": "a door dies after it put a row, or before it sends",
    "F03": "a door dies after it has sent",
    "F04": "a row is put, the reply lost, resent or late",
    "F05": "a message is sent, the reply lost, resent or late",
    "F07": "entries of a batch of messages fail under HTTP 200",
    "F08": "a client asks again with its key while its first request stands still in a door",
    "F11": "a message comes twice, the second time while the first is handled",
    "F13": "every message that was ever sent comes again at the end of a plan",
    "F14": "a delivery that stood still is acknowledged with a receipt that a later one has replaced",
    "F15": "a message names a job that is not there",
    "F16": "a message is no JSON",
    "F17": "a consumer dies before its claim",
    "F18": "a consumer dies after its claim",
    "F19": "a claim takes effect, the reply is lost, resent or late",
    "F20": "a claim is refused by another's claim of the same epoch",
    "F21": "a task raises",
    "F22": "a job dies of its last attempt's failure",
    "F23": "a job dies for lost workers",
    "F25": "a success is refused, the job has moved on",
    "F26": "a retry is refused, the job has moved on",
    "F27": "one of both that landed late",
    "F28": "one of both from before a redrive",
    "F29": "a consumer dies after its success is recorded",
    "F30": "a success takes effect, the reply is lost, resent or late",
    "F33": "a consumer dies after a retry is recorded, before its message is sent",
    "F37": "rubbish beside a good message in one batch",
    "F38": "a message is received ten times and never handled",
    "F39": "a dead letter of a job that is over",
    "F40": "the dead letters' consumer dies at a call",
    "F41": "the queue loses every message",
    "F43": "a tick dies after it has sent",
    "F44": "a tick stands still, others tick meanwhile",
    "F46": "a query of the index does not see the last write",
    "F47": "a cancel stands still while others work on its job, or comes while it runs",
    "F48": "a cancel takes effect, the reply is lost; it is asked again",
    "F49": "a workflow is cancelled while its fan-out stands still",
    "F50": "a consumer dies at a page of a fan-out, or at a child's row",
    "F51": "a group's last child ends while the mark of another is still to come",
    "F52": "a group's child is delivered again while its workflow waits, or goes on",
    "F53": "whoever ended the last child dies before the join",
    "F63": "DynamoDB throttles a call three times",
    "F64": "SQS or S3 refuse, or a connection breaks",
    "F65": "a payload is stored, its row is not",
    "F71": "a webhook's receiver is down, busy, too slow; it has the message in the end, and the job knows nothing of it",
    "F74": "two faults in one plan",
    "F75": "the key service refuses a call, or its answer is lost",
    "F76": "the key of sealed payloads is switched off, and on again",
    "F77": "the key service stands still for minutes",
    "F78": "a job is opened that was sealed before the stage had another key",
    "F79": "a door dies between the place that it took of a quota and the job's row",
    "F80": "a tick dies while it counts a quota anew",
    "F81": "a tick dies while it looks after a budget",
}

_REPLY_LOST = frozenset({Fault.LOST, Fault.RESENT, Fault.LATE, Fault.LATER})
_DEATHS = frozenset({Fault.CRASH_BEFORE, Fault.CRASH_AFTER})


def names_of(fault: Fault, operation: str, params: Mapping[str, Any], box: Sandbox) -> Iterator[str]:
    """Which faults of the matrix a fault at this call is."""
    what = _what(operation, params)
    yield from _newer(fault, operation, what, box)
    found = _NAMED.get((fault, what))
    if found and (found[1] is None or found[1] == box.kind):
        yield found[0]
    if fault in _REPLY_LOST:
        yield from {"row": ["F04"], "send": ["F05"], "claimed": ["F19"], "succeeded": ["F30"]}.get(what, [])
    if what in {"cancelled", "cancel_requested"} and box.kind == "cancel":
        yield from ["F48"] if fault is Fault.LOST else ["F47"] if fault is Fault.STALLED else []
    if fault is Fault.ERROR:
        yield "F64" if operation in {"SendMessageBatch", "PutObject", "GetObject"} else "F63"
    if fault is Fault.LOST:
        yield "F64"
    if fault is Fault.STALE and "IndexName" in params:
        yield "F46"
    if fault is Fault.PARTIAL:
        yield "F07"
    if fault is Fault.STALLED and box.kind == "tick":
        yield "F44"
    if fault in _DEATHS and box.kind == "consumer" and (what == "page" or _is_child(operation, params)):
        yield "F50"
    if fault in _DEATHS and box.kind == "dead-letters":
        yield "F40"
    if (
        box.kind == "tick"
        and fault in _DEATHS
        and (box.woken or (what, fault) == ("send", Fault.CRASH_AFTER))
    ):
        yield "F43"


def _newer(fault: Fault, operation: str, what: str, box: Sandbox) -> Iterator[str]:
    """Of keys, quotas and budgets."""
    if operation in KEY_SERVICE:
        yield "F77" if fault is Fault.STALLED else "F75"
    if fault not in _DEATHS:
        return
    if box.kind == "api" and (what, fault) in {
        ("quota", Fault.CRASH_AFTER),
        ("unfinished", Fault.CRASH_AFTER),
    }:
        yield "F79"
    if box.kind == "tick" and what in {"unfinished", "DeleteItem"}:
        yield "F80"
    if box.kind == "tick" and what in {"budget", "tenant"}:
        yield "F81"


def _is_child(operation: str, params: Mapping[str, Any]) -> bool:
    """Whether a child's row is put."""
    cause = params["Item"].get("cause", {}).get("S", "") if operation == "PutItem" else ""
    return str(cause).startswith("workflow:")


def _what(operation: str, params: Mapping[str, Any]) -> str:
    if operation == "UpdateItem":
        return label_of(params)
    if operation == "PutItem":
        kind = str(params["Item"]["pk"]["S"]).partition("#")[0]
        return {"job": "row"}.get(kind, kind)
    return {"SendMessageBatch": "send", "PutObject": "payload"}.get(operation, operation)


_NAMED: Mapping[tuple[Fault, str], tuple[str, str | None]] = {
    (Fault.CRASH_BEFORE, "row"): ("F01", "api"),
    (Fault.CRASH_AFTER, "row"): ("F02", "api"),
    (Fault.CRASH_BEFORE, "send"): ("F02", "api"),
    (Fault.CRASH_AFTER, "send"): ("F03", "api"),
    (Fault.CRASH_BEFORE, "claimed"): ("F17", None),
    (Fault.CRASH_AFTER, "claimed"): ("F18", None),
    (Fault.CRASH_AFTER, "succeeded"): ("F29", None),
    (Fault.CRASH_AFTER, "retry_scheduled"): ("F33", None),
    (Fault.CRASH_AFTER, "payload"): ("F65", None),
}
