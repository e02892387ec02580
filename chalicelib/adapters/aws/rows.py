"""A job as a DynamoDB item: which attribute holds which field, and how.

Times are whole milliseconds since 1970 (numbers), `ttl` whole seconds as DynamoDB's TTL wants it. A field at its empty value has no
attribute. History is a list of short strings, so that a plain job's row stays within 1 KiB.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.adapters.aws.keys import attention_key, job_key
from chalicelib.domain.change import EMPTY
from chalicelib.domain.errors import NewerRow
from chalicelib.domain.flow import Gate, GateKind
from chalicelib.domain.job import (
    KEEP,
    Effect,
    Entry,
    Failure,
    Inline,
    Job,
    Payload,
    Place,
    Progress,
    Reason,
    Sealed,
    State,
    Stored,
)
from chalicelib.domain.lean import dataclass

Attribute = Mapping[str, Any]
Item = Mapping[str, Attribute]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """The time of so many milliseconds since 1970."""
    return _EPOCH + ms * _MS


def _text(value: Any) -> Attribute:
    return {"S": str(value)}


def _number(value: Any) -> Attribute:
    return {"N": str(value)}


def _time(value: datetime) -> Attribute:
    return {"N": str(to_ms(value))}


def _read_time(attribute: Attribute) -> datetime:
    return from_ms(int(attribute["N"]))


def _payload(value: Payload) -> Attribute:
    if isinstance(value, Inline):
        return {"S": value.json}
    if isinstance(value, Sealed):
        return {"B": value.body}
    return {"M": {"at": _text(value.place), "sha256": _text(value.sha256), "size": _number(value.size)}}


def _read_payload(attribute: Attribute) -> Payload:
    if "S" in attribute:
        return Inline(json=attribute["S"])
    if "B" in attribute:
        return Sealed(body=bytes(attribute["B"]))
    found = attribute["M"]
    return Stored(place=Place(found["at"]["S"]), sha256=found["sha256"]["S"], size=int(found["size"]["N"]))


def _failure(value: Failure) -> Attribute:
    return {
        "M": {
            "type": _text(value.type),
            "message": _text(value.message),
            "traceback": _text(value.traceback),
            "fingerprint": _text(value.fingerprint),
        }
    }


def _read_failure(attribute: Attribute) -> Failure:
    return Failure(**{name: found["S"] for name, found in attribute["M"].items()})


def _progress(value: Progress) -> Attribute:
    fraction = {} if value.fraction is None else {"fraction": _number(value.fraction)}
    return {"M": {**fraction, "message": _text(value.message), "at": _time(value.at)}}


def _read_progress(attribute: Attribute) -> Progress:
    found = attribute["M"]
    fraction = float(found["fraction"]["N"]) if "fraction" in found else None
    return Progress(fraction=fraction, message=found["message"]["S"], at=_read_time(found["at"]))


def _outbox(value: tuple[Effect, ...]) -> Attribute:
    return {"L": [{"M": {"slot": _text(e.slot), "id": _text(e.id), "task": _text(e.task)}} for e in value]}


def _read_outbox(attribute: Attribute) -> tuple[Effect, ...]:
    return tuple(
        Effect(**{name: found["S"] for name, found in effect["M"].items()}) for effect in attribute["L"]
    )


def _history(value: tuple[Entry, ...]) -> Attribute:
    return {"L": [_text(_line(entry)) for entry in value]}


def _line(entry: Entry) -> str:
    """Time, event, epoch, writer and note, those at the end left out when empty: a row has few bytes to lose."""
    line = f"{to_ms(entry.at)} {entry.event} {entry.epoch} {entry.by} {entry.note}"
    return line if entry.note else line.rstrip(" ")


def _read_history(attribute: Attribute) -> tuple[Entry, ...]:
    return tuple(_read_entry(line["S"]) for line in attribute["L"])


def _read_entry(line: str) -> Entry:
    at, event, epoch, by, note = (*line.split(" ", 4), "", "")[:5]
    return Entry(at=from_ms(int(at)), event=event, epoch=int(epoch), by=by, note=note)


def _read_gate(text: str) -> Gate:
    kind, _, key = text.partition(" ")
    return Gate(kind=GateKind(kind), key=key)


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field of `Job` is written and read."""

    attribute: str
    write: Callable[[Any], Attribute]
    read: Callable[[Attribute], Any]


def _string(attribute: str) -> _Field:
    return _Field(attribute, _text, lambda found: found["S"])


def _integer(attribute: str) -> _Field:
    return _Field(attribute, _number, lambda found: int(found["N"]))


def _instant(attribute: str) -> _Field:
    return _Field(attribute, _time, _read_time)


FIELDS: Mapping[str, _Field] = {
    "tenant": _string("tenant"),
    "task": _string("task"),
    "lane": _string("lane"),
    "args": _Field("args", _payload, _read_payload),
    "state": _Field("state", _text, lambda found: State(found["S"])),
    "max_attempts": _integer("max_attempts"),
    "epoch": _integer("epoch"),
    "attempts": _integer("attempts"),
    "ready": _integer("ready"),
    "owner": _string("owner"),
    "lease": _instant("lease"),
    "due": _instant("due"),
    "expires": _instant("expires"),
    "cancel_requested": _instant("cancel_requested"),
    "progress": _Field("progress", _progress, _read_progress),
    "result": _Field("result", _payload, _read_payload),
    "error": _Field("error", _failure, _read_failure),
    "reason": _Field("reason", _text, lambda found: Reason(found["S"])),
    "outbox": _Field("outbox", _outbox, _read_outbox),
    "attention": _Field("attention", _text, lambda found: found["S"].partition("#")[0]),
    "attention_at": _instant("attention_at"),
    "history": _Field("history", _history, _read_history),
    "forget": _Field(
        "ttl", lambda at: _number(math.ceil(to_ms(at) / 1000)), lambda found: from_ms(int(found["N"]) * 1000)
    ),
    "keep": _Field(
        "keep",
        lambda keep: _number(math.ceil(keep.total_seconds())),
        lambda found: timedelta(seconds=int(found["N"])),
    ),
    "tags": _Field(
        "tags",
        lambda tags: {"L": [_text(tag) for tag in tags]},
        lambda found: tuple(t["S"] for t in found["L"]),
    ),
    "key": _string("key"),
    "on_success": _string("on_success"),
    "on_failure": _string("on_failure"),
    "cause": _string("cause"),
    "gates": _Field(
        "gates",
        lambda gates: {"L": [_text(f"{gate.kind} {gate.key}") for gate in gates]},
        lambda found: tuple(_read_gate(one["S"]) for one in found["L"]),
    ),
    "ticket": _integer("ticket"),
    "place": _integer("place"),
    "checkpoint": _Field("checkpoint", _payload, _read_payload),
    "webhook": _string("webhook"),
    "events": _Field(
        "events",
        lambda events: {"L": [_text(event) for event in events]},
        lambda found: tuple(event["S"] for event in found["L"]),
    ),
    "awaits": _string("awaits"),
    "children": _integer("children"),
}

_KEYS = frozenset({"pk", "sk"})
_ABSENT: Mapping[str, Any] = {
    **EMPTY,
    "keep": KEEP,
    "tags": (),
    "key": None,
    "on_success": None,
    "on_failure": None,
    "cause": None,
    "gates": (),
    "ticket": None,
    "webhook": None,
    "events": (),
}


def encode(name: str, value: Any, job_id: str) -> Attribute:
    """One field's value as an attribute."""
    if name == "attention":
        return _text(attention_key(value, job_id))
    return FIELDS[name].write(value)


_NOTHING = object()
_WRITTEN = [
    (name, field.attribute, field.write, _ABSENT.get(name, _NOTHING)) for name, field in FIELDS.items()
]
_READ = {field.attribute: (name, field.read) for name, field in FIELDS.items()}


def to_item(job: Job) -> dict[str, Attribute]:
    """The whole row."""
    item = dict(job_key(job.id))
    for name, attribute, write, absent in _WRITTEN:
        value = getattr(job, name)
        if value is not absent and value != absent:
            item[attribute] = encode(name, value, job.id) if name == "attention" else write(value)
    return item


def from_item(item: Item) -> Job:
    """The job in a row. Raises `NewerRow` for a state or an attribute that this code does not know, or one that it misses."""
    fields: dict[str, Any] = {}
    attribute = ""
    try:
        for attribute, found in item.items():
            if attribute not in _KEYS:
                name, read = _READ[attribute]
                fields[name] = read(found)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise NewerRow(
            f"job {item['sk']['S']}: attribute {attribute!r} holds what this code does not know"
        ) from error
    try:
        return Job(id=item["sk"]["S"], **fields)
    except TypeError as error:
        raise NewerRow(f"job {item['sk']['S']}: {error}") from error
