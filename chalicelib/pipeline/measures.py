"""What is measured: each metric's name, as alarms and dashboards know it, and its unit."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Measure(StrEnum):
    """One metric. A name is a promise to whoever has an alarm on it."""

    JOBS_ACCEPTED = "JobsAccepted"
    JOBS_STARTED = "JobsStarted"  #: attempts, retries included
    JOBS_SUCCEEDED = "JobsSucceeded"
    JOBS_RETRIED = "JobsRetried"
    JOBS_DEAD = "JobsDead"
    JOBS_CANCELLED = "JobsCancelled"
    JOBS_EXPIRED = "JobsExpired"
    JOBS_WITHOUT_KEY = "JobsWithoutKey"  #: came to run, and the key of what they carry could not be used
    QUEUE_WAIT = "QueueWait"  #: from the time at which a job might start until it did
    RUN_TIME = "RunTime"  #: one attempt, from its claim to its outcome
    BILLED_TIME = "BilledTime"  #: an invocation's time, shared out to the tasks that ran in it
    BATCH_SIZE = "BatchSize"
    SWEEP_LAG = "SweepLag"  #: how far the sweep is behind where it should be
    DEAD_LETTERS = "DeadLetters"
    QUARANTINED = "Quarantined"
    BUDGETS_SPENT = "BudgetsSpent"  #: at each look at a budget that is

    @property
    def unit(self) -> str:
        """CloudWatch's word for the unit."""
        return UNITS.get(self, "Count")


UNITS: Mapping[Measure, str] = {
    Measure.QUEUE_WAIT: "Milliseconds",
    Measure.RUN_TIME: "Milliseconds",
    Measure.BILLED_TIME: "Milliseconds",
    Measure.SWEEP_LAG: "Seconds",
}
"""The units of what is not a count."""


def milliseconds(span: timedelta) -> float:
    """A span of time as metrics have it; none is negative, though clocks may differ."""
    return max(0.0, span / timedelta(milliseconds=1))
