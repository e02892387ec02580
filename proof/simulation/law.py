"""The law in the proof's own words, independent of the pipeline's table: which event leads from where to where, and of what kind it is."""

from chalicelib.domain.job import State

S = State
OPEN = frozenset({S.QUEUED, S.SCHEDULED, S.RUNNING, S.RETRYING, S.WAITING})
OVER = frozenset({S.SUCCEEDED, S.DEAD, S.CANCELLED, S.EXPIRED})
LAW: dict[str, tuple[frozenset[State], State | None]] = {
    "released": (frozenset({S.SCHEDULED}), S.QUEUED),
    "claimed": (frozenset({S.QUEUED, S.RETRYING}), S.RUNNING),
    "reclaimed": (frozenset({S.RUNNING}), S.RUNNING),
    "renewed": (frozenset({S.RUNNING}), S.RUNNING),
    "checkpointed": (frozenset({S.RUNNING}), S.RUNNING),
    "parked": (frozenset({S.RUNNING}), S.SCHEDULED),
    "requeued": (frozenset({S.RUNNING}), S.QUEUED),
    "replaced": (frozenset({S.QUEUED}), S.QUEUED),
    "waited": (frozenset({S.RUNNING}), S.WAITING),
    "joined": (frozenset({S.WAITING}), S.QUEUED),
    "succeeded": (frozenset({S.RUNNING}), S.SUCCEEDED),
    "retry_scheduled": (frozenset({S.RUNNING}), S.RETRYING),
    "died": (frozenset({S.RUNNING}), S.DEAD),
    "cancel_requested": (frozenset({S.RUNNING}), S.RUNNING),
    "cancelled": (OPEN, S.CANCELLED),
    "expired": (frozenset({S.QUEUED, S.SCHEDULED, S.RUNNING}), S.EXPIRED),
    "redriven": (frozenset({S.DEAD}), S.QUEUED),
    "appointed": (frozenset(State), None),
    "postponed": (frozenset(State), None),
    "outbox_cleared": (OVER, None),
}
SILENT = frozenset({"renewed", "checkpointed", "appointed", "postponed", "outbox_cleared"})
CLAIMS = frozenset({"claimed", "reclaimed"})
OUTCOMES = frozenset({"succeeded", "retry_scheduled", "died", "cancelled", "expired"})
GIVEN = frozenset({"parked", "requeued", "waited"})
"""Given back: no outcome, no attempt used up, and the claim may be left out of the history."""

GROWING = frozenset({*CLAIMS, "redriven", "replaced"})
"""With these the epoch grows by one, and never else."""

ELIDED = frozenset({*CLAIMS, *GIVEN, "released", "replaced", "joined"})
"""What a history may leave out when a job is given back or replaced: what came to nothing."""
AFTER_WISH = frozenset({"succeeded", "cancelled", "expired"})


class Violation(Exception):
    """An invariant does not hold. `name` says which."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name}: {words}")
        self.name = name
