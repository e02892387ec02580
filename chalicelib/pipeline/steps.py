"""What the steps of a job came to: recorded once each, found again by every later attempt.

They lie on the shelf `step#<job> <digest of its arguments>`: a job that is redriven with other arguments finds none of the old ones.
"""

import threading
from datetime import datetime
from hashlib import sha256

from chalicelib.domain.change import Missing
from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Inline, Job, Payload, Place, Stored
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Edit, Fields, Spot, from_ms, to_ms
from chalicelib.pipeline.limits import PAYLOAD_LIFE
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import Patience, patience
from chalicelib.pipeline.sealed_text import opened_text, sealed_text
from chalicelib.pipeline.sealer import MARK, Field, Whose

MAX_STEPS = 1000
"""Steps a job may have. All of them are read at the start of a later attempt's first step, and there are better places for data."""

INLINE_BYTES = 8000
"""A result up to this size lies in the step's own item: beyond 8 KiB S3 costs less."""

_UNRECORDED = ((Missing("bytes"),),)


class Steps:
    """One attempt's view of its job's steps. For any thread."""

    def __init__(self, job: Job, *, until: datetime, parts: Parts) -> None:
        self._job = job
        self._until = until
        self._parts = parts
        self._lock = threading.Lock()
        # Nobody can have recorded anything before the first claim of all: no read is needed to know that.
        self._known: dict[str, Fields] | None = {} if job.epoch <= 1 else None

    def recall(self, name: str) -> str | None:
        """The recorded result, JSON text; None: there is none. Raises `Unavailable`, `PayloadMissing`."""
        fields = self._all().get(name)
        return None if fields is None else self._text(name, fields)

    def remember(self, name: str, text: str) -> str:
        """The result that is recorded: this one, unless another attempt was faster. Raises `Unavailable`, `InvalidInput`."""
        known = self._all()
        if len(known) >= MAX_STEPS and name not in known:
            raise InvalidInput("name", f"a job has at most {MAX_STEPS:,} steps")
        now = self._parts.world.now()
        until = now + self._job.keep + PAYLOAD_LIFE
        told: Fields = {"done": to_ms(now), "epoch": self._job.epoch}
        edit = Edit(where=_UNRECORDED, set={**self._fields(name, text, until), **told}, until=until)
        answer = self._patient(self._parts.items.write, Spot(self._shelf, name), edit)
        known[name] = answer.fields
        return self._text(name, answer.fields)

    @property
    def _shelf(self) -> str:
        return _shelf(self._job)

    @property
    def _patient(self) -> Patience:
        """Until the attempt is over, and a little longer for what is done already."""
        return patience(self._parts, max(self._until, self._parts.world.now() + self._parts.limits.patience))

    def _all(self) -> dict[str, Fields]:
        with self._lock:
            if self._known is None:
                listed = self._patient(self._parts.items.listed, self._shelf, limit=MAX_STEPS)
                self._known = dict(listed)
            return self._known

    def _fields(self, name: str, text: str, until: datetime) -> Fields:
        body = text.encode()
        if len(body) <= INLINE_BYTES:
            return {"bytes": len(body), "json": sealed_text(text, self._whose(name), self._parts)}
        if self._parts.sealer.on:
            body = self._parts.sealer.seal(body, self._whose(name))
        stored = self._patient(self._parts.payloads.put, self._job.id, body, keep_until=until)
        return {"bytes": stored.size, "at": stored.place.value, "sha256": stored.sha256}

    def _text(self, name: str, fields: Fields) -> str:
        if "json" in fields:
            return opened_text(str(fields["json"]), self._whose(name), self._parts)
        stored = Stored(
            place=Place(str(fields["at"])), sha256=str(fields["sha256"]), size=int(str(fields["bytes"]))
        )
        body = self._patient(self._parts.payloads.get, self._job.id, stored)
        return (self._parts.sealer.open(body, self._whose(name)) if body.startswith(MARK) else body).decode()

    def _whose(self, name: str) -> Whose:
        return Whose(tenant=self._job.tenant, id=f"{self._job.id} {name}", field=Field.STEP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """That a step is recorded. What it came to is the job's own."""

    name: str
    size: int  #: bytes of its result
    at: datetime | None  #: None: it was recorded before this was written down
    epoch: int | None  #: the attempt's that recorded it


def steps_of(job: Job, parts: Parts) -> list[Recorded]:
    """The steps that are recorded, in the order of their names. Raises `Unavailable`."""
    listed = patience(parts)(parts.items.listed, _shelf(job), limit=MAX_STEPS)
    return [_recorded(name, fields) for name, fields in listed]


def recorded(job: Job, parts: Parts) -> tuple[str, ...]:
    """The names of the steps that are recorded. Raises `Unavailable`."""
    return tuple(one.name for one in steps_of(job, parts))


def _recorded(name: str, fields: Fields) -> Recorded:
    done, epoch = fields.get("done"), fields.get("epoch")
    return Recorded(
        name=name,
        size=int(str(fields["bytes"])),
        at=from_ms(done) if isinstance(done, int) else None,
        epoch=epoch if isinstance(epoch, int) else None,
    )


def _shelf(job: Job) -> str:
    return f"step#{job.id} {_digest(job.args)}"


def _digest(args: Payload) -> str:
    """What tells arguments from others."""
    if isinstance(args, Stored):
        return args.sha256[:16]
    return sha256(args.json.encode() if isinstance(args, Inline) else args.body).hexdigest()[:16]
