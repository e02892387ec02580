"""What a job's document must say of itself: its history is a path of the law's table, and its state is where that leads."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.history import CONTINUED
from chalicelib.domain.job import TERMINAL, State
from chalicelib.domain.lifecycle import TRANSITIONS
from jobline.logs.line import made_at

CLOCKS = timedelta(minutes=2)
"""What the clocks of two writers may differ by."""

CLAIMS = frozenset({"claimed", "reclaimed"})
OUTCOMES = frozenset({"succeeded", "died", "cancelled", "expired"})
GIVEN_BACK = frozenset({"parked", "requeued"})
"""The claim that came to nothing may be left out."""

_STARTS = {
    "released": State.SCHEDULED,
    "claimed": State.QUEUED,
    "cancelled": State.QUEUED,
    "expired": State.QUEUED,
    "redriven": State.DEAD,
    "parked": State.QUEUED,
    "requeued": State.QUEUED,
    "replaced": State.QUEUED,
    "joined": State.WAITING,
}
_CLAIMABLE = frozenset({State.QUEUED, State.RETRYING})

Entry = Mapping[str, Any]


def broken(job: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each thing that no run of the pipeline can have written."""
    history: Sequence[Entry] = job["history"]
    yield from _off_the_path(job, history)
    yield from _out_of_order(job, history)
    yield from _nobodys(history)
    yield from _miscounted(job, history)
    state = job["state"]
    has_result = job.get("result") is not None or "result_stored" in job
    if has_result and state != "SUCCEEDED":
        yield f"it has a result, and is {state}"
    if (job["reason"] is not None) != (state == "DEAD"):
        yield f"it is {state}, and the reason of its death is {job['reason']}"
    for name in ("args", "result"):
        if (job.get(f"{name}_stored") or {}).get("why") == "missing":
            yield f"its {name} was not stored so: gone, changed, or another job's"


def _off_the_path(job: Mapping[str, Any], history: Sequence[Entry]) -> Iterator[str]:
    if not history:
        if job["state"] not in ("QUEUED", "SCHEDULED"):
            yield f"it is {job['state']}, and nothing says how it came there"
        return
    state = _STARTS.get(history[0]["event"], State.RUNNING)
    for number, entry in enumerate(history):
        name = entry["event"]
        if name in GIVEN_BACK and state in _CLAIMABLE:
            state = State.RUNNING
        reached = {
            arrow.target or state
            for arrow in TRANSITIONS
            if arrow.event.name == name and (state in arrow.sources or not arrow.sources)
        }
        if len(reached) != 1:
            yield f"entry {number + 1}, {name}: that cannot happen to a job that is {state}"
            return
        state = reached.pop()
    if state != job["state"]:
        yield f"its history leads to {state}, and it is {job['state']}"


def _out_of_order(job: Mapping[str, Any], history: Sequence[Entry]) -> Iterator[str]:
    made, before, epoch = made_at(job["id"]), datetime(1970, 1, 2, tzinfo=UTC), 0
    for number, entry in enumerate(history, 1):
        at = datetime.fromisoformat(entry["at"])
        if made is not None and at < made - CLOCKS:
            yield f"entry {number}, {entry['event']}: {entry['at']} is before the job was made"
        if at < before - CLOCKS:
            yield f"entry {number}, {entry['event']}: {entry['at']} is before the entry above it"
        if entry["epoch"] < epoch:
            yield f"entry {number}, {entry['event']}: its epoch {entry['epoch']} is below the one above it"
        before, epoch = max(before, at), max(epoch, entry["epoch"])
    if history and epoch != job["epoch"]:
        yield f"its history ends with epoch {epoch}, and its own is {job['epoch']}"


def _nobodys(history: Sequence[Entry]) -> Iterator[str]:
    """Who writes by right of a claim leaves its mark, and so did the claim; but the claims of what was given back may be left out."""
    claims = {entry["by"] for entry in history if entry["event"] in CLAIMS}
    for number, entry in enumerate(history, 1):
        mark, name = entry["by"], entry["event"]
        if name in CLAIMS and not mark.startswith(f"{entry['epoch']}."):
            yield f"entry {number}, {name}: its mark {mark!r} is not of its epoch {entry['epoch']}"
        if "." in mark and name not in GIVEN_BACK | {"waited"} and mark not in claims:
            yield f"entry {number}, {name}: nobody claimed with its mark {mark!r}"
        if name in ("succeeded", "retry_scheduled") and "." not in mark:
            yield f"entry {number}, {name}: no attempt's mark is on it"


def _miscounted(job: Mapping[str, Any], history: Sequence[Entry]) -> Iterator[str]:
    lives: list[list[Entry]] = [[]]
    for entry in history:
        if entry["event"] == "redriven":
            lives.append([])
        lives[-1].append(entry)
    ends = [sum(entry["event"] in OUTCOMES for entry in life) for life in lives]
    if any(count > 1 for count in ends):
        yield "one of its lives has two outcomes"
    if ends[-1] != (job["state"] in TERMINAL):
        yield f"it is {job['state']}, and its last life has {ends[-1]} outcomes"
    if any(entry["event"] == "waited" for entry in lives[-1]):
        return  # a workflow that waited has all its attempts again
    back = {entry["by"] for entry in lives[-1] if entry["event"] in GIVEN_BACK or entry["note"] == CONTINUED}
    claims = sum(entry["event"] in CLAIMS and entry["by"] not in back for entry in lives[-1])
    if claims != job["attempts"]:
        yield f"its last life has {claims} attempts, and it counts {job['attempts']}"
