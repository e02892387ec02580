"""The reckoning once all is quiet: what was accepted, what became of it, and whether the recorded operations add up."""

from collections import Counter

from chalicelib.domain.job import TERMINAL, Job, State
from proof.simulation.law import OUTCOMES
from proof.simulation.monitor import Monitor
from proof.simulation.people import People

ENDS = {
    State.SUCCEEDED: "succeeded",
    State.DEAD: "dead",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "expired",
}


def final(monitor: Monitor, job_id: str) -> Job | None:
    """The job as it ended, also when TTL has deleted it since."""
    return monitor.rows.get(job_id) or monitor.forgotten.get(job_id)


def reckon(monitor: Monitor, people: People) -> Counter[str]:
    """Accepted = succeeded + dead + cancelled + expired, effects once each, answers true. Reports to the monitor."""
    ledger: Counter[str] = Counter()
    for job_id in monitor.accepted:
        row = final(monitor, job_id)
        ledger["accepted"] += 1
        if row is None or row.state not in TERMINAL:
            ledger["lost"] += 1
            monitor.fail("I11", f"{job_id[-6:]} was accepted and is {row.state if row else 'nowhere'}")
        else:
            ledger[ENDS[row.state]] += 1
    ledger["jobs"] = len(monitor.ever)
    ledger["submitted"] = sum(1 for job_id in monitor.accepted if monitor.ever[job_id].cause is None)
    _outcomes(monitor, ledger)
    _effects(monitor)
    _answers(monitor, people)
    return ledger


def _outcomes(monitor: Monitor, ledger: Counter[str]) -> None:
    """One outcome an epoch, and the row says what its history says last."""
    for job_id in monitor.ever:
        row = final(monitor, job_id)
        if row is None:
            continue
        seen = Counter(entry.epoch for entry in row.history if entry.event in OUTCOMES and entry.by)
        twice = [epoch for epoch, number in seen.items() if number > 1]
        if twice:
            ledger["recorded_twice"] += 1
            monitor.fail("I3", f"{job_id[-6:]} has two outcomes in epochs {twice}")


def _effects(monitor: Monitor) -> None:
    """Each outbox that was ever written has put exactly its own follower."""
    for parent, follower in monitor.owed:
        row = final(monitor, follower)
        if row is None or row.cause != parent:
            monitor.fail("EFFECT", f"{parent[-6:]} owed {follower[-6:]}, which is not there")
    for parent, put in monitor.followers.items():
        owed = [follower for owner, follower in monitor.owed if owner == parent]
        if sorted(put) != sorted(owed):
            monitor.fail("EFFECT", f"{parent[-6:]} owed {len(owed)} and {len(put)} were put")


def _answers(monitor: Monitor, people: People) -> None:
    """What a verb answered is in the job's history: a cancel answered CANCELLED stays so, an answered redrive happened."""
    for operation in people.operations:
        answer, row = operation.answer, final(monitor, operation.job_id)
        if row is None or not isinstance(answer, Job):
            continue
        happened = {(entry.event, entry.epoch) for entry in row.history}
        for entry in answer.history[-1:]:
            forgotten = (
                row.history and entry.epoch < row.history[-40:][0].epoch
            )  # a redrive keeps the newest lines
            if (entry.event, entry.epoch) not in happened and not forgotten:
                words = f"{operation.verb} answered {entry.event} in epoch {entry.epoch}, which never was"
                monitor.fail("ANSWER", f"{row.id[-6:]} {words}")
