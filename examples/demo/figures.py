"""Figures of a run: counts and latencies for each kind of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]
STARTS = frozenset({"claimed", "reclaimed"})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of work. Times in seconds, from acceptance to the outcome; None when nothing has ended."""

    kind: str
    submitted: int
    succeeded: int
    retried: int  #: needed more than one attempt, whatever came of it
    dead: int
    other: int  #: cancelled, expired or without an outcome
    p50: float | None
    p95: float | None
    max: float | None


def row(kind: str, jobs: Sequence[Document]) -> Row:
    """The figures of these jobs."""
    latencies = sorted(
        latency for job in jobs if (latency := seconds(job, "created_at", "finished_at")) is not None
    )
    succeeded = sum(job["state"] == "SUCCEEDED" for job in jobs)
    dead = sum(job["state"] == "DEAD" for job in jobs)
    return Row(
        kind=kind,
        submitted=len(jobs),
        succeeded=succeeded,
        retried=sum(job["attempts"] > 1 for job in jobs),
        dead=dead,
        other=len(jobs) - succeeded - dead,
        p50=percentile(latencies, 0.50),
        p95=percentile(latencies, 0.95),
        max=latencies[-1] if latencies else None,
    )


def seconds(job: Document, start: str, end: str) -> float | None:
    """Between two of the job's times; None while one of them is not there."""
    if not job.get(start) or not job.get(end):
        return None
    return max(0.0, (datetime.fromisoformat(job[end]) - datetime.fromisoformat(job[start])).total_seconds())


def attempts(job: Document) -> list[tuple[str, str | None]]:
    """When each attempt started and ended, as the history tells; None for the end of one that still runs."""
    found: list[tuple[str, str | None]] = []
    for entry in job.get("history", ()):
        if found and found[-1][1] is None:  # whatever comes next ends it; a reclaim ends a lost one
            found[-1] = (found[-1][0], entry["at"])
        if entry["event"] in STARTS:
            found.append((entry["at"], None))
    return found


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of them do not exceed; None of nothing."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]
