"""A job as the API shows it: the row as a job document, with what lies outside the row as far as it is wanted and fits."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec

from chalicelib.domain.errors import KeyUnavailable, PayloadMissing
from chalicelib.domain.estimate import began, eta
from chalicelib.domain.job import TERMINAL, Entry, Failure, Inline, Job, Payload, Sealed, Stored
from chalicelib.entrypoints.api.job_shape import (
    Elsewhere,
    EntryDocument,
    ErrorDocument,
    JobDocument,
    ProgressDocument,
)
from chalicelib.entrypoints.api.workflow_place import workflow_place
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import fetch
from chalicelib.pipeline.sealed_text import closed_words, opened_words
from chalicelib.pipeline.sealer import Whose, args_of, result_of
from chalicelib.pipeline.shown_args import shown_args, shows_all
from chalicelib.pipeline.task import Registry

ROOM = 5_500_000
"""Bytes of arguments and result in one answer. Lambda's answers end at 6 MB, in which our text is a JSON string once more."""


def brief(job: Job, parts: Parts) -> JobDocument:
    """The document without what lies outside the row: nothing is read for it."""
    return _document(closed_words(job), _shown(job, _in_row(job.args), parts), _in_row(job.result))


def whole(job: Job, parts: Parts) -> JobDocument:
    """The document with stored arguments and result, as far as they fit into one answer; the result comes first.

    Raises `Unavailable`.
    """
    result, room = loaded(job.result, result_of(job), ROOM, parts)
    args, _ = loaded(job.args, args_of(job), room, parts)
    return _document(opened_words(job, parts), _shown(job, args, parts), result)


def _shown(job: Job, args: msgspec.Raw | Elsewhere | None, parts: Parts) -> msgspec.Raw | Elsewhere | None:
    """The arguments without secret ones. Those of most tasks are not even looked into."""
    return (
        shown_text(job.task, bytes(args).decode(), parts.registry) if isinstance(args, msgspec.Raw) else args
    )


def shown_text(task: str, args: str, registry: Registry) -> msgspec.Raw:
    """A task's arguments as JSON text, without secret ones. Those of most tasks are not even looked into."""
    if shows_all(task, registry):
        return msgspec.Raw(args)
    value = shown_args(task, strict_json.read(args.encode(), name="args", limit=MAX_BODY), registry)
    return msgspec.Raw(strict_json.write(value))


def rfc3339(at: datetime) -> str:
    """A time as all documents write it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _in_row(payload: Payload | None) -> msgspec.Raw | Elsewhere | None:
    match payload:
        case Inline():
            return msgspec.Raw(payload.json)
        case Stored():
            return _elsewhere(payload, "not_loaded")
        case Sealed():
            return _elsewhere(payload, "sealed")
        case None:
            return None


def loaded(
    payload: Payload | None, whose: Whose, room: int, parts: Parts
) -> tuple[msgspec.Raw | Elsewhere | None, int]:
    """The payload if it fits and can be opened, and the room that is left."""
    if payload is None or isinstance(payload, Inline):
        return _in_row(payload), room
    if isinstance(payload, Stored) and payload.size > room:
        return _elsewhere(payload, "too_large"), room
    try:
        text = patience(parts)(fetch, payload, whose=whose, parts=parts)
    except PayloadMissing:
        return _elsewhere(payload, "missing"), room
    except KeyUnavailable:
        return _elsewhere(payload, "sealed"), room
    weight = len(json.dumps(text))  # as the answer carries it: quotes and everything beyond ASCII escaped
    if weight > room:
        return _elsewhere(payload, "too_large"), room
    return msgspec.Raw(text), room - weight


def _elsewhere(
    payload: Stored | Sealed, why: Literal["not_loaded", "too_large", "missing", "sealed"]
) -> Elsewhere:
    if isinstance(payload, Sealed):
        return {"bytes": len(payload.body), "sha256": sha256(payload.body).hexdigest(), "why": why}
    return {"bytes": payload.size, "sha256": payload.sha256, "why": why}


def _document(
    job: Job, args: msgspec.Raw | Elsewhere | None, result: msgspec.Raw | Elsewhere | None
) -> JobDocument:
    finished = job.history[-1].at if job.state in TERMINAL and job.history else None
    document: JobDocument = {
        "id": job.id,
        "task": job.task,
        "state": job.state.value,
        "lane": job.lane,
        "tenant": job.tenant,
        "tags": list(job.tags),
        "args": None,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "epoch": job.epoch,
        "created_at": rfc3339(time_of(job.id)),
        "due_at": _maybe(job.due),
        "started_at": _maybe(began(job)),
        "finished_at": _maybe(finished),
        "expires_at": _maybe(job.expires),
        "progress": _progress(job),
        "result": None,
        "error": _error(job.error),
        "reason": None if job.reason is None else job.reason.value,
        "cause": job.cause,
        "workflow": workflow_place(job),
        "limits": [f"{gate.kind} {gate.key}" for gate in job.gates],
        "events": list(job.events),
        "webhook": job.webhook,
        "cancel_requested": job.cancel_requested is not None,
        "history": [_entry(entry) for entry in job.history],
    }
    if isinstance(args, dict):
        document["args_stored"] = args
    else:
        document["args"] = args  # type: ignore[typeddict-item] # JSON text that is spliced in as it is
    if isinstance(result, dict):
        document["result_stored"] = result
    else:
        document["result"] = result
    return document


def _progress(job: Job) -> ProgressDocument | None:
    told = job.progress
    if told is None:
        return None
    return {
        "fraction": told.fraction,
        "message": told.message,
        "at": rfc3339(told.at),
        "eta": _maybe(eta(job)),
    }


def _error(error: Failure | None) -> ErrorDocument | None:
    if error is None:
        return None
    return {
        "type": error.type,
        "message": error.message,
        "traceback": error.traceback,
        "fingerprint": error.fingerprint,
    }


def _entry(entry: Entry) -> EntryDocument:
    return {
        "at": rfc3339(entry.at),
        "event": entry.event,
        "epoch": entry.epoch,
        "by": entry.by,
        "note": entry.note,
    }


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
