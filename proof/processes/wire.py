"""What a call says: read from a request and its answer on their way through the proxy, for the log that the hits are counted from."""

import json
import re
from typing import Any

from proof.processes.http import Message

JOB = re.compile(rb'"sk": ?\{"S": ?"([0-9A-HJKMNP-TV-Z]{26})"\}')
ROW = re.compile(rb'"pk": ?\{"S": ?"job#')
LINE = re.compile(rb'"S": ?"\d{13} ([a-z_]+) (\d+)')  # a line of history as `adapters/aws/rows.py` writes it

Facts = dict[str, Any]


def call_of(request: Message) -> str:
    """The API's name for the call: UpdateItem, ReceiveMessage, ...; for S3 its method."""
    return request.header("x-amz-target").rpartition(".")[2] or request.method


def facts(call: str, request: Message, answer: Message | None) -> Facts | None:
    """What of this call the count needs; None: nothing. Without an answer only what the request says."""
    match call:
        case "PutItem" | "UpdateItem":
            return _write(request)
        case "SendMessageBatch":
            sent = _sent(request)
            return {"sent": sent, "jobs": [address(body)[0] for _, body in sent]}
        case "ReceiveMessage" if answer is not None and answer.status == 200:
            found = _json(answer).get("Messages") or []
            return {"got": [[m["ReceiptHandle"], *address(m["Body"])] for m in found]} if found else None
        case "DeleteMessageBatch":
            return {"done": [entry["ReceiptHandle"] for entry in _json(request).get("Entries", [])]}
    return None


def _write(request: Message) -> Facts | None:
    """The job that a write is about, and the line of history that it adds, if any."""
    job = JOB.search(request.body)
    if job is None or not ROW.search(request.body):
        return None
    lines = LINE.findall(request.body)
    event, epoch = lines[-1] if lines else (b"", b"0")  # a redrive writes older lines too, its own last
    later = b'"SCHEDULED"' in request.body  # a put whose message the tick will send
    return {"job": job[1].decode(), "event": event.decode(), "epoch": int(epoch), "later": later}


def _sent(request: Message) -> list[list[Any]]:
    found = _json(request)
    lane = str(found.get("QueueUrl", "")).rpartition("/")[2]
    return [[lane, entry["MessageBody"]] for entry in found.get("Entries", [])]


def address(body: str) -> tuple[str, int]:
    """The job and the epoch of a message, both empty for what is no message of ours."""
    try:
        found = json.loads(body)
        return str(found["job"]), int(found["epoch"])
    except (ValueError, TypeError, KeyError):
        return "", 0


def _json(message: Message) -> dict[str, Any]:
    try:
        found = json.loads(message.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
