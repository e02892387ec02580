"""Rows to test with: one of each state, plain or with every field in use, at addresses that a test chooses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.domain.job import (
    Effect,
    Entry,
    Failure,
    Inline,
    Job,
    Place,
    Progress,
    Reason,
    State,
    Stored,
)
from chalicelib.pipeline.ids import RANDOM_BYTES, make_id

NOW = datetime(2101, 3, 4, 12, 0, 0, 123_000, tzinfo=UTC)
"""Far ahead, so that no emulator's TTL pass takes a finished row away under a test."""

MS = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

EPOCH = 3
OWNER = f"{EPOCH}.k7t0ken9xy"
FORGET = (NOW + 7 * DAY).replace(microsecond=0)
"""TTL counts whole seconds."""

_numbers = count(1)


def new_id(at: datetime = NOW, last: str = "") -> str:
    """An id of this millisecond that no other call gave; `last` chooses its partition."""
    number = next(_numbers) * 32
    job_id = make_id(at, number.to_bytes(RANDOM_BYTES, "big"))
    return job_id[: 26 - len(last)] + last


def plain(state: State = State.QUEUED, *, at: datetime = NOW, last: str = "", **facts: Any) -> Job:
    """A plain job in this state, as the pipeline would have brought it there."""
    job = Job(
        id=new_id(at, last),
        tenant="default",
        task="send_mail",
        lane="default",
        args=Inline(json='{"to":"x"}'),
        state=state,
        max_attempts=5,
        epoch=EPOCH,
        attempts=2,
        history=(Entry(at=at, event="claimed", epoch=1, by="1.aaaaaaaaaa"),),
    )
    return replace(job, **{**_of_state(state), **facts})


def _of_state(state: State) -> dict[str, Any]:
    """What is there in this state and in no other."""
    failure = Failure(type="ValueError", message="no", traceback="", fingerprint="f00")
    match state:
        case State.QUEUED:
            return {"ready": EPOCH}
        case State.SCHEDULED:
            return {"due": NOW + DAY, "attention": "due", "attention_at": NOW + DAY}
        case State.RUNNING:
            return {"owner": OWNER, "lease": NOW + SECOND}
        case State.RETRYING:
            return {"ready": EPOCH, "due": NOW + SECOND, "error": failure}
        case State.WAITING:
            return {"awaits": "0.1", "children": 3}
        case State.SUCCEEDED:
            return {"result": Inline(json="1"), "forget": FORGET}
        case State.DEAD:
            dead = {"attention": "dead", "attention_at": NOW, "forget": FORGET}
            return {"reason": Reason.FAILED, "error": failure, **dead}
        case State.CANCELLED | State.EXPIRED:
            return {"forget": FORGET}


def full(state: State = State.QUEUED, *, at: datetime = NOW, **facts: Any) -> Job:
    """A job of this state with every other field in use, none of them harmless."""
    hard = {
        "tenant": "Größe/東京#1 🦶",
        "task": "mail.send-to_all",
        "lane": "high",
        "args": Inline(
            json='{"text":"Füße 🦶 \\u0000 \\"quoted\\" \u2028","n":12345678901234567890123456789}'
        ),
        "max_attempts": 50,
        "attempts": 49,
        "expires": NOW + 2 * DAY + MS,
        "progress": Progress(fraction=1 / 3, message="ein Drittel ⅓\n\t", at=NOW - MS),
        "history": tuple(
            Entry(
                at=NOW - number * MS, event="claimed", epoch=number, by=f"{number}.aaaaaaaaaa", note="a  note"
            )
            for number in range(12)
        ),
        "keep": timedelta(days=366),
        "tags": tuple(f"tag {number} ü" for number in range(10)),
        "key": "0b1c-Schlüssel",
        "on_success": "tidy",
        "on_failure": "alarm",
        "cause": new_id(at),
        "events": ("accepted", "dead"),
        "checkpoint": STORED,
    }
    return plain(state, at=at, **{**hard, **facts})


EFFECTS = (
    Effect(slot="on_success", id=make_id(NOW, bytes(RANDOM_BYTES)), task="tidy"),
    Effect(slot="on_failure", id=make_id(NOW + MS, bytes(RANDOM_BYTES)), task="größer"),
)

STORED = Stored(place=Place.OBJECT, sha256="ab" * 32, size=4 * 1024 * 1024)
