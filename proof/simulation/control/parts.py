"""LONG: checkpoints only go on, each attempt begins where the last one that was written down ended, and a step that was recorded before an
attempt began is not run again by it, nor ever has another result.
"""

import json
from collections import defaultdict
from typing import Any

from chalicelib.domain.job import Job, State
from proof.simulation.control.room import Key, Room


class Parts(Room):
    """How far each job is, and which of its steps are recorded."""

    policy = "long"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.recorded: dict[str, dict[str, Any]] = defaultdict(dict)  #: job -> step -> result
        self.known: dict[tuple[str, int], frozenset[str]] = {}  #: what was recorded when the attempt began

    def started(self, row: Job, key: Key, policy: Any) -> None:  # noqa: ARG002
        """It knows of all that was recorded before."""
        self.known[row.id, row.epoch] = frozenset(self.recorded[row.id])

    def begins(self, row: Job, state: Any) -> None:
        """The handler is told where to go on."""
        if row.state is State.RUNNING and state != self._state(row):
            self.fail("LONG", f"begins at {state}, the checkpoint is {self._state(row)}", row)

    def written(self, old: Job, new: Job, label: str, key: Key, policy: Any) -> None:  # noqa: ARG002
        """On, and never back."""
        before, after = self._state(old), self._state(new)
        if label == "checkpointed":
            if (before or 0) > after:
                self.fail("LONG", f"a checkpoint goes back from {before} to {after}", new)
            self.monitor.seen("checkpointed")
        elif label != "redriven" and before != after:
            self.fail("LONG", f"{label} makes the checkpoint {after} of {before}", new)
        if label == "requeued":
            self.monitor.seen("continued")

    def runs_step(self, job_id: str, epoch: int, name: str) -> None:
        """A step's function is called."""
        if name in self.known.get((job_id, epoch), ()):
            self.monitor.fail("LONG", f"[{job_id[-6:]}] step {name} runs again in epoch {epoch}")

    def came_to(self, job_id: str, name: str, result: Any) -> None:
        """A step returned: what it says is recorded, now and for ever."""
        first = self.recorded[job_id].setdefault(name, result)
        if first != result:
            self.monitor.fail("LONG", f"[{job_id[-6:]}] step {name} came to {first}, and now to {result}")

    def _state(self, row: Job) -> Any:
        said = None if row.checkpoint is None else self.monitor.text(row.id, row.checkpoint)
        return None if said is None else json.loads(said)
