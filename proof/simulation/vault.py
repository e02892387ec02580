"""SEALED: where a stage seals, what is written of a job cannot be read without its key, and opens as what it is. KEYLESS: for a key that is away no attempt
is used up, no handler's work thrown away, nothing ended. The proof opens with the key itself, whatever its service tells the stage.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chalicelib.domain.errors import KeyUnavailable, PayloadMissing
from chalicelib.domain.job import Inline, Job, Payload
from chalicelib.pipeline.sealed_text import PREFIX
from chalicelib.pipeline.sealer import MARK, Field, Whose
from chalicelib.pipeline.task import BUILT_IN
from proof.simulation.law import OUTCOMES

if TYPE_CHECKING:
    from proof.simulation.clockwork import Sandbox
    from proof.simulation.monitor import Monitor

Opens = Callable[[bytes, Whose], bytes]
"""As `Sealer.open`."""

KEYLESS = "without its key"
SHOWN = (Field.ARGS, Field.RESULT, Field.CHECKPOINT)


class Vault:
    """What the monitor knows of the key, in the histories that have one."""

    def __init__(self, monitor: "Monitor") -> None:
        self._monitor = monitor
        self.opens: Opens | None = None  #: None: nothing is sealed here
        self.seals: Callable[[Sandbox], bool] = lambda _: True  #: whether what this process writes is sealed

    def text(self, job: Job, body: bytes) -> str | None:
        """What a payload says, sealed or not; None: it does not open as any of the job's."""
        if not body.startswith(MARK):
            return body.decode()
        found = (self._open(job, body, field) for field in SHOWN)
        return next((one.decode() for one in found if one is not None), None)

    def _open(self, job: Job, body: bytes, field: Field) -> bytes | None:
        if self.opens is None:
            return None
        try:
            return self.opens(body, Whose(tenant=job.tenant, id=job.id, field=field))
        except (PayloadMissing, KeyUnavailable):
            return None

    def written(self, old: Job | None, new: Job, label: str, box: "Sandbox") -> None:
        """A row was put or changed."""
        if self.opens is None:
            return
        if self.seals(box):
            for words in self._plain(old, new):
                self._fail("SEALED", words, new)
        if label in OUTCOMES and old is not None and new.history[-1].by:
            self._used(new, label)
        if label == "requeued" and new.history[-1].note == KEYLESS:
            self._monitor.seen("keyless")
            if new.epoch in self._monitor.starts.get(new.id, ()):
                self._fail("KEYLESS", "given back for its key when its handler had run", new)

    def _plain(self, old: Job | None, new: Job) -> Iterator[str]:
        """What of this write can be read by whoever reads the table."""
        for name, field in (("args", Field.ARGS), ("result", Field.RESULT), ("checkpoint", Field.CHECKPOINT)):
            payload: Payload | None = getattr(new, name)
            if payload is None or (old is not None and getattr(old, name) == payload):
                continue
            body = self._monitor.body(new.id, payload)
            if isinstance(payload, Inline) or (body is not None and not body.startswith(MARK)):
                yield f"its {name} can be read"
            elif body is not None and self._open(new, body, field) is None:
                yield f"its {name} do not open"
        error, progress = new.error, new.progress
        if error is not None and (old is None or old.error != error) and not _closed(error.message):
            yield "what went wrong can be read"
        if (
            progress is not None
            and (old is None or old.progress != progress)
            and progress.message
            and not _closed(progress.message)
        ):
            yield "what it says of itself can be read"

    def _used(self, new: Job, label: str) -> None:
        """An attempt ended badly: its handler had started, or there was a reason that waiting does not mend."""
        if label not in {"retry_scheduled", "died"} or new.task.startswith(BUILT_IN):
            return
        if (
            new.epoch not in self._monitor.starts.get(new.id, ())
            and new.id not in self._monitor.lost_payloads
        ):
            self._fail("KEYLESS", f"{label} in an attempt whose handler never started", new)

    def _fail(self, name: str, words: str, row: Job) -> None:
        self._monitor.fail(name, f"{row.task}[{row.id[-6:]}] {words}")


def _closed(words: str) -> bool:
    return words.startswith(PREFIX)
