"""What a running attempt writes down for those that come after it: from where to go on, and what its steps came to."""

import threading
from datetime import datetime, timedelta

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Checkpointed
from chalicelib.domain.guards import Mine
from chalicelib.domain.job import Job, Payload, Progress
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.ports import Saved, Written
from chalicelib.pipeline.sealed_text import sealed_event
from chalicelib.pipeline.sealer import checkpoint_of
from chalicelib.pipeline.steps import Steps
from chalicelib.pipeline.verdict import owner_of

ROUNDS = 5
"""How many of its own earlier writes, each landing late, a checkpoint puts up with."""


class Notebook:
    """One attempt's notes. For any thread; one of them writes at a time, and whoever calls waits until it is written.

    `lease` is until when the attempt's right holds, `ends` when the attempt is over.
    """

    def __init__(self, job: Job, *, lease: datetime, ends: datetime, parts: Parts) -> None:
        self.job = job
        self._lease = lease
        self._ends = ends
        self._parts = parts
        self._lock = threading.Lock()
        self._begun = self._last = parts.world.now()
        self._longest = timedelta(0)
        steps = Steps(job, until=ends, parts=parts)
        self.recall, self.remember = steps.recall, steps.remember

    def save(self, text: str, progress: Progress | None) -> Saved:
        """Record a checkpoint: when this returns `GO_ON`, `CONTINUE` or `CANCEL` it stands. Raises `Unavailable`, `TooLarge`."""
        with self._lock:
            until = max(self._ends, self._parts.world.now() + self._parts.limits.patience)
            due = self._parts.world.now() + self.job.keep
            placed = patience(self._parts, until)(
                place, text, whose=checkpoint_of(self.job), due=due, parts=self._parts
            )
            row = self._record(placed, progress, until)
            if row is None:
                return Saved.LOST
            self.job = row
            if row.cancel_requested is not None:
                return Saved.CANCEL
            return Saved.CONTINUE if self._nearly_over() else Saved.GO_ON

    def _record(self, checkpoint: Payload, progress: Progress | None, until: datetime) -> Job | None:
        """The row with the checkpoint; None: the right to the job is lost."""
        owner, before = owner_of(self.job), self.job.checkpoint
        for _ in range(ROUNDS):
            event = Checkpointed(
                at=self._parts.world.now(),
                guard=Mine(owner=owner),
                lease=self._lease,
                before=before,
                checkpoint=checkpoint,
                progress=progress,
            )
            written = change(sealed_event(event, self.job, self._parts))
            answer = patience(self._parts, until)(self._parts.store.write, self.job.id, written)
            row = answer.job
            if row is None or row.owner != owner:
                return None
            if isinstance(answer, Written) or row.checkpoint == checkpoint:
                return row
            before = row.checkpoint  # one that we had given up has landed after all
        raise Unavailable(f"{self.job.label()}: its checkpoint was not recorded in {ROUNDS} rounds")

    def _nearly_over(self) -> bool:
        """Whether another checkpoint may come too late: in the last seconds, or earlier where checkpoints are far between."""
        now, margin = self._parts.world.now(), self._parts.limits.continue_margin
        self._longest = max(self._longest, now - self._last)
        self._last = now
        margin = min(margin, (self._ends - self._begun) / 5)
        return now + max(margin, self._longest * 1.5) >= self._ends
