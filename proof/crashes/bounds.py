"""Quotas and budgets of a stage under proof: never more than they let in; once the faults are over, nobody is locked out and nobody let in too many."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import OverBudget, OverQuota, Throttled
from chalicelib.domain.job import Job
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.tenant_limits import TenantLimits

if TYPE_CHECKING:
    from proof.crashes.stage import Stage

REFUSED = (OverBudget, OverQuota, Throttled)
HOUR = timedelta(hours=1)
MINUTES = 14
"""How long a quota may be wrong once the faults are over: an id that will never have a row is one for ten minutes, and the tick counts each minute."""


def let_in_again(stage: "Stage", limits: TenantLimits) -> None:
    """Once all is quiet, exactly as many jobs are let in as may be there, if not at once, then soon."""
    most, parts = limits.unfinished, stage.parts
    if most is None:
        if limits.accepted is not None:
            stage.advance(minutes=limits.accepted.per / timedelta(minutes=1) * 1.2)
            most = limits.accepted.limit
        else:
            return
    there: list[str] = []
    refused = False
    for _ in range(MINUTES):
        answers = enqueue([_later(limits.tenant) for _ in range(most - len(there) + 1)], parts=parts)
        there += [one.id for one in answers if isinstance(one, Job)]
        refused = any(isinstance(one, REFUSED) for one in answers)
        if len(there) >= most:
            break
        stage.advance(minutes=1)
        stage.tick()
    if limits.unfinished is not None:  # and so it is when they have been counted
        stage.advance(minutes=2)
        stage.tick()
        again = enqueue([_later(limits.tenant)], parts=parts)
        there += [one.id for one in again if isinstance(one, Job)]
    if len(there) > most or not refused:
        stage.monitor.fail("QUOTA", f"{len(there)} of {most} are let in, and nobody is refused")
    if len(there) < most:
        stage.monitor.fail(
            "QUOTA", f"{len(there)} of {most} are let in after {MINUTES} minutes in which all is well"
        )


def nobody_held(stage: "Stage", tenant: str) -> None:
    """A budget's day is over: requests are let in."""
    stage.advance(hours=36)
    stage.tick()
    stage.tick()
    answer: Any = enqueue([_later(tenant)], parts=stage.parts)[0]
    if not isinstance(answer, Job):
        stage.monitor.fail("BUDGET", f"its day is over, and requests are refused: {answer}")


def _later(tenant: str) -> JobRequest:
    return JobRequest(task="work", args={"script": "ok"}, how=Submission(tenant=tenant, delay=HOUR))
