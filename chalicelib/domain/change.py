"""A guarded write as a value: what must hold of the row, and what then becomes of it.

The lifecycle makes these; the in-memory twin evaluates them and the DynamoDB adapter renders them as one conditional update, so the
law is written once.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Any, assert_never

from chalicelib.domain.job import Entry, Job
from chalicelib.domain.lean import dataclass


@dataclass(frozen=True, slots=True)
class Equals:
    """The field has exactly this value."""

    field: str
    value: object


@dataclass(frozen=True, slots=True)
class Missing:
    """The row does not have the field."""

    field: str


@dataclass(frozen=True, slots=True)
class Present:
    """The row has the field."""

    field: str


@dataclass(frozen=True, slots=True)
class Before:
    """The field is a time before this one."""

    field: str
    value: datetime


Clause = Equals | Missing | Present | Before


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One conditional write. `where` is a conjunction; fields are those of `Job`; `history` is appended."""

    where: tuple[Clause, ...]
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    history: tuple[Entry, ...] = ()


EMPTY: Mapping[str, Any] = {
    "ready": None,
    "owner": None,
    "lease": None,
    "due": None,
    "expires": None,
    "cancel_requested": None,
    "progress": None,
    "result": None,
    "error": None,
    "reason": None,
    "outbox": (),
    "attention": None,
    "attention_at": None,
    "forget": None,
    "place": None,
    "checkpoint": None,
    "awaits": None,
    "children": None,
}
"""What a removed field reads as. Only these may be absent from a row."""


def holds(clause: Clause, job: Job) -> bool:
    """Whether the row satisfies the clause."""
    value = getattr(job, clause.field)
    missing = clause.field in EMPTY and value == EMPTY[clause.field]
    match clause:
        case Equals():
            return not missing and bool(value == clause.value)
        case Missing():
            return missing
        case Present():
            return not missing
        case Before():
            return not missing and bool(value < clause.value)
        case _:
            assert_never(clause)


def allowed(change: Change, job: Job) -> bool:
    """Whether the whole condition holds."""
    return all(holds(clause, job) for clause in change.where)


def apply(change: Change, job: Job) -> Job:
    """The row after the write. The condition is not looked at here."""
    fields: dict[str, Any] = dict(change.set)
    fields.update({name: getattr(job, name) + number for name, number in change.add.items()})
    fields.update({name: EMPTY[name] for name in change.remove})
    if change.history:
        fields["history"] = (*fields.get("history", job.history), *change.history)
    return replace(job, **fields)
