"""The outcome of a run as one value: for the tables, the page, the letter and, as JSON, for other programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from examples.demo.figures import Row, attempts, row, seconds
from examples.demo.judge import Verdict, died_of, judge, troubles
from examples.demo.order import Order
from examples.demo.plan import KINDS
from examples.demo.proof import Proof

Document = Mapping[str, Any]
TOTAL = "total"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One job in the report."""

    id: str
    kind: str
    about: str
    state: str
    attempts: int
    reason: str | None
    #: What it died of; and the types of the errors that were followed by another attempt.
    error: str | None
    troubles: Sequence[str]
    #: Seconds from acceptance to the outcome.
    latency: float | None
    #: Seconds from the run's first acceptance to this job's acceptance and outcome, and the start and end of each attempt.
    accepted: float
    finished: float | None
    ran: Sequence[tuple[float, float]]
    #: None when all is as it should be, otherwise what is wrong.
    wrong: str | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished run."""

    ok: bool
    sentence: str
    seconds: float
    folder: str
    files: str
    left_out: Sequence[str]
    kinds: Sequence[Row]
    total: Row
    jobs: Sequence[Line]
    proofs: Sequence[Proof]
    outputs: Mapping[str, str]

    @property
    def dead(self) -> list[Line]:
        return [job for job in self.jobs if job.state == "DEAD"]

    @property
    def retried(self) -> list[Line]:
        return [job for job in self.jobs if job.attempts > 1]

    @property
    def wrong(self) -> list[str]:
        """All that did not go as it should, a sentence each."""
        jobs = [f"{job.kind}, {job.about} ({job.id}): {job.wrong}" for job in self.jobs if job.wrong]
        return jobs + [f"{proof.claim}: not so. {what}" for proof in self.proofs for what in proof.wrong]

    def as_json(self) -> dict[str, Any]:
        """JSON values; adds the lists that are derived, so that a reader need not."""
        dead, retried = [asdict(job) for job in self.dead], [asdict(job) for job in self.retried]
        return {**asdict(self), "wrong": self.wrong, "dead": dead, "retried": retried}


def rows(pairs: Sequence[tuple[Order, Document]]) -> list[Row]:
    """A row for each kind of work that there was."""
    by_kind = {kind: [job for order, job in pairs if order.kind == kind] for kind in KINDS}
    return [row(kind, jobs) for kind, jobs in by_kind.items() if jobs]


def lines(pairs: Sequence[tuple[Order, Document]]) -> list[Line]:
    """A line for each job, in the order of acceptance."""
    if not pairs:
        return []
    first = min((job for _, job in pairs), key=lambda job: str(job["created_at"]))
    return sorted(
        (_line(order, job, first, judge(order.expect, job)) for order, job in pairs), key=lambda line: line.id
    )


def summed_up(lines: Sequence[Line], proofs: Sequence[Proof]) -> tuple[bool, str]:
    """Whether all is well, and the sentence for it."""
    dead, retried = sum(line.state == "DEAD" for line in lines), sum(line.attempts > 1 for line in lines)
    succeeded = sum(line.state == "SUCCEEDED" for line in lines)
    wrong = sum(line.wrong is not None for line in lines) + sum(len(proof.wrong) for proof in proofs)
    sentence = f"{len(lines)} jobs: {succeeded} succeeded, {dead} died, {retried} were retried"
    if wrong:
        return False, f"{sentence}; {wrong} things did not go as they should"
    return True, f"{sentence}. Each has exactly one outcome, and all went as it should."


def _line(order: Order, job: Document, first: Document, verdict: Verdict) -> Line:
    def since(time: str | None) -> float | None:
        return seconds({"first": first["created_at"], "time": time}, "first", "time")

    return Line(
        id=job["id"],
        kind=order.kind,
        about=order.about,
        state=job["state"],
        attempts=job["attempts"],
        reason=job["reason"],
        error=died_of(job) if job["state"] == "DEAD" else None,
        troubles=troubles(job),
        latency=seconds(job, "created_at", "finished_at"),
        accepted=since(job["created_at"]) or 0.0,
        finished=since(job["finished_at"]),
        ran=[(since(start) or 0.0, since(end) or 0.0) for start, end in attempts(job) if end],
        wrong=None if verdict.ok else verdict.sentence,
    )
