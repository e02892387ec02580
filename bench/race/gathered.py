"""A prototype, measured and not shipped: the writes of some milliseconds as one BatchExecuteStatement. docs/decisions/0032-statement-batches.md

What it takes: a change whose condition is equalities alone, which a claim's and a settlement's is. All else goes as it goes today.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.direct import calls
from chalicelib.adapters.aws.errors import calling
from chalicelib.adapters.aws.keys import job_key
from chalicelib.adapters.aws.rows import FIELDS, encode, from_item
from chalicelib.domain.change import Change, Equals
from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.ports import JobStore, Refused, Written

MOST = 25
"""Statements of a batch: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html"""

WINDOW = 0.003
"""Seconds that the first of a batch waits for others."""

BEYOND = 9_999
"""An index beyond the end of a list appends to it."""


@dataclass(kw_only=True)
class _Batch:
    statements: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    trouble: Exception | None = None
    full: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


class GatheredStore:
    """A `JobStore` that gathers what several threads write at the same time."""

    def __init__(self, store: JobStore, clients: Clients, table: str) -> None:
        self._store = store
        self._clients = clients
        self._table = table
        self._lock = threading.Lock()
        self._open: _Batch | None = None
        calls.DIRECT = {**calls.DIRECT, "dynamodb": calls.DIRECT["dynamodb"] | {"BatchExecuteStatement"}}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, job_id: str, change: Change) -> Written | Refused:
        """In a batch with what others write now, or alone."""
        statement = self._statement(job_id, change)
        if statement is None:
            return self._store.write(job_id, change)
        with self._lock:
            first = self._open is None
            batch: _Batch | None = self._open or _Batch()
            self._open = batch
            assert batch is not None
            if job_id in batch.statements:
                batch = None
            else:
                batch.statements[job_id] = statement
                if len(batch.statements) == MOST:
                    self._open = None
                    batch.full.set()
        if batch is None:
            return self._store.write(job_id, change)
        if first:
            self._send(batch)
        else:
            batch.done.wait()
        if batch.trouble is not None:
            raise batch.trouble
        return _read(batch.answers[job_id])

    def _send(self, batch: _Batch) -> None:
        batch.full.wait(WINDOW)
        with self._lock:
            if self._open is batch:
                self._open = None
        try:
            with calling("BatchExecuteStatement"):
                found = self._clients.dynamodb.batch_execute_statement(
                    Statements=list(batch.statements.values())
                )
            batch.answers = dict(zip(batch.statements, found["Responses"], strict=True))
        except Exception as error:  # noqa: BLE001 - everybody who wrote has to know
            batch.trouble = error
        finally:
            batch.done.set()

    def _statement(self, job_id: str, change: Change) -> Any:
        if not all(isinstance(one, Equals) for one in change.where) or len(change.history) > 1:
            return None
        sets: list[str] = []
        parameters: list[Any] = []
        for name, value in change.set.items():
            sets.append(f'SET "{FIELDS[name].attribute}"=?')
            parameters.append(encode(name, value, job_id))
        for name, number in change.add.items():
            attribute = FIELDS[name].attribute
            sets.append(f'SET "{attribute}"="{attribute}"+?')
            parameters.append(encode(name, number, job_id))
        for entry in change.history:
            sets.append(f'SET "{FIELDS["history"].attribute}"[{BEYOND}]=?')
            parameters += encode("history", (entry,), job_id)["L"]
        sets += [f'REMOVE "{FIELDS[name].attribute}"' for name in change.remove]
        wheres = []
        for name, held in job_key(job_id).items():
            wheres.append(f'"{name}"=?')
            parameters.append(held)
        for clause in change.where:
            wheres.append(f'"{FIELDS[clause.field].attribute}"=?')
            parameters.append(encode(clause.field, clause.value, job_id))  # type: ignore[union-attr] # all are equalities
        return {
            "Statement": f'UPDATE "{self._table}" {" ".join(sets)} WHERE {" AND ".join(wheres)} RETURNING ALL NEW *',
            "Parameters": parameters,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def _read(answer: Any) -> Written | Refused:
    error = answer.get("Error")
    if error is None:
        return Written(job=from_item(answer["Item"]))
    if error["Code"] == "ConditionalCheckFailed":
        item = error.get("Item") or answer.get("Item")
        return Refused(job=from_item(item) if item else None)
    raise Unavailable(f"BatchExecuteStatement: {error}")
