"""Which faults of the matrix happened, and how each is recognised. What cannot be told afterwards is not claimed.

From the proxy's record of the calls, which knows what each process had received, claimed and settled when it was killed:

    F02  the API was killed when it had put a job's row and not yet tried to send its message
    F04, F19, F30  a put, a claim, a success was applied and the reply was lost or cut
    F05  messages were sent and the reply was lost
    F13  a claim was refused for a job that had ended: a message too many, absorbed
    F17  a consumer was killed, or died, with a message that it had not claimed yet
    F18  the same with a job that it had claimed and not settled
    F20  a claim was refused within a second of another process's claim of the same job
    F25, F26  a success, a failure was refused after another process had claimed the job: a zombie, fenced
    F29  a consumer was killed, or died, with a message whose job it had settled and which it had not deleted
    F43  the tick was killed when it had woken a job and not yet written that down

From the rows, and from who ended how: F21 (handlers that raised or took their process with them), F23 (jobs dead of workers lost that kill
theirs each time), F24 (attempts that outlived their time), F47 (cancels), F61 (clocks worse than assumed), F64 (API errors).
What the run did itself is counted where it was done: F08, F11, F15, F16, F41, F42, F68, F69, F70.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.domain.job import Job, Reason, State
from proof.processes.ledger import COMPLETIONS, OUTCOMES

RECENT = 1.0  # seconds
APPLIED = 200
REFUSED = 400
NO_REPLY = frozenset({"lost", "cut", "stalled"})
API, TICKER = "api", "ticker"


class Watcher:
    """Reads the journal from its beginning, an event at a time, and counts."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self._held: dict[str, dict[str, str]] = defaultdict(dict)  # process -> receipt -> job
        self._did: dict[str, dict[str, str]] = defaultdict(dict)  # process -> job -> "claimed" or "settled"
        self._claims: dict[str, tuple[str, int, float]] = {}  # job -> who claimed it last, epoch, when
        self._ended: set[str] = set()
        self._unsent: set[str] = set()  # rows that the API has put and not yet tried to send for
        self._woken: set[str] = set()  # jobs that the tick has woken and not yet written about

    def see(self, event: Mapping[str, Any]) -> None:
        """The next event."""
        who = event["who"]
        match event["what"]:
            case "call":
                self._call(who, event)
            case "killed" | "died":
                self._killed(who)
            case "started":
                self._held.pop(who, None)
                self._did.pop(who, None)

    def _call(self, who: str, event: Mapping[str, Any]) -> None:
        match event["call"]:
            case "PutItem":
                self._put(who, event)
            case "UpdateItem":
                self._update(who, event)
            case "SendMessageBatch":
                self._sent(who, event)
            case "ReceiveMessage":
                self._held[who].update({receipt: job for receipt, job, _ in event["got"] if job})
            case "DeleteMessageBatch" if event["status"] == APPLIED:
                for receipt in event["done"]:
                    self._held[who].pop(receipt, None)

    def _put(self, who: str, event: Mapping[str, Any]) -> None:
        if event["status"] != APPLIED:
            return
        self.hits["F04"] += event["fate"] in NO_REPLY
        if who == API and not event["later"]:
            self._unsent.add(event["job"])

    def _sent(self, who: str, event: Mapping[str, Any]) -> None:
        jobs = event["jobs"]
        self._unsent.difference_update(jobs)
        if event["status"] == APPLIED:
            self.hits["F05"] += event["fate"] in NO_REPLY
            if who == TICKER:
                self._woken.update(jobs)

    def _update(self, who: str, event: Mapping[str, Any]) -> None:
        job, what, epoch, at = event["job"], event["event"], event["epoch"], event["at"]
        lost = event["fate"] in NO_REPLY
        if who == TICKER:
            self._woken.discard(job)
        if event["status"] == APPLIED:
            if what in ("claimed", "reclaimed"):
                self.hits["F19"] += lost
                self._did[who][job] = "claimed"
                self._claims[job] = (who, epoch, at)
            elif what in OUTCOMES:
                self.hits["F30"] += lost and what == "succeeded"
                self._did[who][job] = "settled"
                if what in COMPLETIONS:
                    self._ended.add(job)
            elif what == "redriven":
                self._ended.discard(job)
        elif event["status"] == REFUSED:
            self._refused(who, job, what, epoch, at)

    def _refused(self, who: str, job: str, what: str, epoch: int, at: float) -> None:
        """A condition that did not hold."""
        claimant, newest, when = self._claims.get(job, ("", 0, 0.0))
        if what in ("claimed", "reclaimed"):
            self.hits["F13"] += job in self._ended
            self.hits["F20"] += claimant not in ("", who) and at - when < RECENT
        elif what in OUTCOMES and newest > epoch and claimant != who:
            self.hits["F25" if what == "succeeded" else "F26"] += 1

    def _killed(self, who: str) -> None:
        if who == API:
            self.hits["F02"] += len(self._unsent)
            self._unsent.clear()
        elif who == TICKER:
            self.hits["F43"] += len(self._woken)
            self._woken.clear()
        for job in self._held.pop(who, {}).values():
            state = self._did[who].get(job, "")
            self.hits[{"claimed": "F18", "settled": "F29"}.get(state, "F17")] += 1
        self._did.pop(who, None)


def seen(events: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """The faults that the journal shows."""
    watcher = Watcher()
    for event in events:
        watcher.see(event)
    return watcher.hits


def told(rows: Iterable[Job]) -> Counter[str]:
    """The faults that the rows tell of."""
    hits: Counter[str] = Counter()
    for row in rows:
        notes = Counter(entry.note for entry in row.history)
        hits["F21"] += notes["ValueError"] + notes["KeyError"] + notes["WorkerLost"]
        hits["F23"] += row.task == "fatal" and row.state is State.DEAD and row.reason is Reason.WORKER_LOST
        hits["F24"] += notes["TimeLimitExceeded"] + notes[Reason.TIMED_OUT]
    return hits
