"""The port by which a stage keeps what jobs carry unreadable for whoever reads its table and its bucket: off unless a key is named.

What is sealed says whose it is: a payload that is moved to another job, another tenant or another field does not open. docs/sealing.md
"""

import json
from enum import StrEnum

from chalicelib.domain.errors import KeyUnavailable
from chalicelib.domain.job import Job
from chalicelib.domain.late import Protocol
from chalicelib.domain.lean import dataclass

MARK = b"\x01"
"""What sealed bytes begin with: the format's version, and no beginning of JSON."""


class Field(StrEnum):
    """What of a job, or of something beside the jobs, is sealed."""

    ARGS = "args"
    RESULT = "result"
    CHECKPOINT = "checkpoint"
    ERROR = "error"
    PROGRESS = "progress"
    STEP = "step"
    SCHEDULE = "schedule"
    RELEASE = "release"
    ITEMS = "items"


@dataclass(frozen=True, kw_only=True, slots=True)
class Whose:
    """Whose it is, and what of it: authenticated with what is sealed."""

    tenant: str
    id: str
    field: Field

    @property
    def words(self) -> bytes:
        """The same as bytes; two that differ have different ones."""
        return json.dumps(["jobline", self.tenant, self.id, self.field]).encode()


class Sealer(Protocol):
    """Seals what is written and opens what was sealed. Each call but `on` may raise `KeyUnavailable`."""

    @property
    def on(self) -> bool:
        """Whether what is written now is sealed. What was sealed before is opened anyway, as long as its key is named."""

    def ready(self) -> None:
        """Have the key at hand by which an attempt that starts now can record how it ended."""

    def seal(self, body: bytes, whose: Whose, *, alike: bool = False) -> bytes:
        """The bytes, unreadable; they begin with `MARK`. `alike`: the same are the same again, for what is found by its contents."""

    def open(self, sealed: bytes, whose: Whose) -> bytes:
        """The bytes again. Raises `PayloadMissing` for what was changed, or is another's."""

    def digest(self, plain: str) -> str:
        """What stands in the table for a digest of a request: from a plain one, short arguments could be guessed."""

    def is_of(self, digest: str, plain: str) -> bool:
        """Whether a digest that was found is of this request, whatever key it was made with."""


class NotSealed:
    """A stage that seals nothing. It costs nothing."""

    on = False

    def ready(self) -> None:
        """Nothing is needed."""

    def seal(self, body: bytes, whose: Whose, *, alike: bool = False) -> bytes:  # noqa: ARG002
        """Nobody asks for it: `on` says so."""
        raise KeyUnavailable("nothing is sealed here: no key is named")

    def open(self, sealed: bytes, whose: Whose) -> bytes:  # noqa: ARG002
        """Sealed when a key was named. Nobody here has it."""
        raise KeyUnavailable(
            f"the {whose.field} of {whose.id} is sealed, and neither JOBLINE_SEAL_KEY nor JOBLINE_OPEN_KEYS names a key"
        )

    def digest(self, plain: str) -> str:
        """The plain one."""
        return plain

    def is_of(self, digest: str, plain: str) -> bool:
        """Plain ones are compared."""
        if "." in digest:
            raise KeyUnavailable(
                "an idempotency key was held while payloads were sealed, and no key is named"
            )
        return digest == plain


NOT_SEALED = NotSealed()


def args_for(tenant: str, job_id: str) -> Whose:
    """The arguments of a job that is being made."""
    return Whose(tenant=tenant, id=job_id, field=Field.ARGS)


def args_of(job: Job) -> Whose:
    """A job's arguments."""
    return args_for(job.tenant, job.id)


def result_of(job: Job) -> Whose:
    """A job's result."""
    return Whose(tenant=job.tenant, id=job.id, field=Field.RESULT)


def checkpoint_of(job: Job) -> Whose:
    """A job's checkpoint."""
    return Whose(tenant=job.tenant, id=job.id, field=Field.CHECKPOINT)
