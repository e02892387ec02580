"""One write judged by the row before and the row after it: state, epoch, attempts, history. And any row by its looks alone."""

from collections.abc import Iterator, Sequence

from chalicelib.domain.job import Entry, Job
from proof.simulation.law import CLAIMS, ELIDED, GIVEN, GROWING, LAW, OVER, SILENT, S

Wrong = tuple[str, str]
"""The invariant that does not hold, and in what way."""


def wrong_with(old: Job, new: Job, label: str) -> Iterator[Wrong]:
    """What is wrong with this write."""
    sources, target = LAW[label]
    if old.state not in sources:
        yield "I13", f"{label} from {old.state}"
    if new.state is not (target or old.state):
        yield "I13", f"{label} leads to {new.state}"
    if old.state in OVER and label not in {"redriven", *SILENT}:
        yield "I2", f"{label} after {old.state}"
    yield from _history(old, new, label)
    yield from _numbers(old, new, label)


def _history(old: Job, new: Job, label: str) -> Iterator[Wrong]:
    if label in SILENT:
        if new.history != old.history:
            yield "I13", f"{label} wrote history"
        return
    if new.history[-1].event != label:
        yield "I13", f"{label} is recorded as {new.history[-1].event}"
    before = new.history[:-1]
    if label == "redriven":
        whole = before == (old.history[-len(before) :] if before else ())
        if old.task == "jobline.workflow":  # it knows its lives by its history: their middles go
            whole = _left_out(old.history, before) is not None and before[-1:] == old.history[-1:]
    elif label in GIVEN or label == "replaced":
        left_out = _left_out(old.history, before)
        whole = left_out is not None and all(entry.event in ELIDED for entry in left_out)
    else:
        whole = before == old.history
    if not whole:
        yield "I13", f"{label} changed history"


def _left_out(old: Sequence[Entry], kept: Sequence[Entry]) -> list[Entry] | None:
    """The entries that are missing in what is kept of a history; None: it has some that never were, or another order."""
    rest, missing = list(kept), []
    for entry in old:
        if rest and rest[0] == entry:
            del rest[0]
        else:
            missing.append(entry)
    return None if rest else missing


def _numbers(old: Job, new: Job, label: str) -> Iterator[Wrong]:
    if new.epoch != old.epoch + (label in GROWING):
        yield "I4", f"{label} moves the epoch {old.epoch} -> {new.epoch}"
    # A workflow that waits got on, and has all its attempts again, as a job has that is redriven.
    attempts = 0 if label in {"redriven", "waited"} else old.attempts + (label in CLAIMS) - (label in GIVEN)
    if new.attempts != attempts:
        yield "I5", f"{label} moves attempts {old.attempts} -> {new.attempts}"
    if not 0 <= new.attempts <= new.max_attempts:
        yield "I5", f"attempt {new.attempts} of {new.max_attempts}"


def wrong_by_looks(row: Job) -> Iterator[Wrong]:
    """What must hold of every row at any time, and does not of this one."""
    claimable, over, running = row.state in {S.QUEUED, S.RETRYING}, row.state in OVER, row.state is S.RUNNING
    if row.ready != (row.epoch if claimable else None):
        yield "READY", f"{row.state} with ready={row.ready}"
    if claimable and row.attempts >= row.max_attempts:
        yield "READY", "claimable without attempts left"
    if (row.owner is not None) is not running:
        yield "OWNER", f"{row.state} with owner={row.owner}"
    if (row.lease is not None) is not running:
        yield "OWNER", f"{row.state} with lease={row.lease}"
    if (row.forget is not None) is not over:
        yield "FORGET", f"{row.state} with forget={row.forget}"
    if row.outbox and not over:
        yield "EFFECT", f"{row.state} with an outbox"
    if row.attention == "due" and row.finished:
        yield "I12", f"finished, and in the sweep's index: {row.state}"
    if row.attention == "dead" and (row.state is not S.DEAD or row.outbox):
        yield "I12", f"in the index of the dead: {row.state}"
    if row.state is S.SCHEDULED and row.next_check is None:
        yield "I6", "SCHEDULED without an appointment"
    if row.state is S.DEAD and row.finished is not (row.attention == "dead"):
        yield "I12", "dead, and in no index"
