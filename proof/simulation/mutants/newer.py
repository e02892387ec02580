"""Code that does not leave alone what newer code wrote."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.change import Change
from chalicelib.domain.errors import InvalidInput, NewerMessage, NewerRow
from chalicelib.domain.job import State
from chalicelib.pipeline import consume, messages, sweep
from proof.simulation.mutants.registry import Patch, mutant


@mutant("the sweep passes by a row that it cannot read", strange=True)
def unread_row_passed_by() -> Sequence[Patch]:
    return [(sweep, "_appoint_unread", lambda *_: None)]


@mutant("the sweep takes a row that it cannot read for a stray, and queues it", strange=True)
def unread_row_queued() -> Sequence[Patch]:
    def queue(job_id: str, _until: Any, parts: Any) -> None:
        check = {"attention": "due", "attention_at": parts.world.now()}
        try:
            parts.store.write(job_id, Change(where=(), set={**check, "state": State.QUEUED, "ready": 0}))
        except NewerRow:
            return

    return [(sweep, "_appoint_unread", queue)]


@mutant("a message of newer code is taken for rubbish", strange=True)
def newer_message_is_rubbish() -> Sequence[Patch]:
    def decode(body: str, lane: str) -> Any:
        try:
            return messages.decode(body, lane)
        except NewerMessage as error:
            raise InvalidInput("message", str(error)) from error

    return [(consume, "decode", decode)]
