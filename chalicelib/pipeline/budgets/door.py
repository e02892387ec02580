"""At the door: requests whose tenant, task or stage has spent its budget are refused until its day or month is over.

It looks at what the process knows of tenants' limits anyway: no call for anybody. What is accepted is never held: followers, retries,
schedules' and events' jobs go on.
"""

from collections.abc import Mapping, Sequence

from chalicelib.domain.errors import JoblineError, OverBudget
from chalicelib.pipeline.asked import Asked
from chalicelib.pipeline.budgets.hold import Hold
from chalicelib.pipeline.keyed import known
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.tenants import holds_at_the_door


def within_budgets(asked: Sequence[Asked | Exception], parts: Parts) -> list[Asked | Exception]:
    """The requests, in their order; those that a spent budget stops are now `OverBudget`.

    A request whose idempotency key stands for a job already is let through, and answered with that job.
    """
    holds = holds_at_the_door(parts) if any(isinstance(one, Asked) for one in asked) else {}
    return (
        [_within(one, holds, parts) if isinstance(one, Asked) else one for one in asked]
        if holds
        else list(asked)
    )


def _within(asked: Asked, holds: Mapping[str, Hold], parts: Parts) -> Asked | Exception:
    now = parts.world.now()
    names = ("stage", f"task {asked.task.name}", f"tenant {asked.how.tenant}")
    found = [holds[name] for name in names if name in holds and holds[name].until > now]
    if not found:
        return asked
    try:
        if known(asked, parts) is not None:
            return asked
    except JoblineError as error:
        return error
    hold = max(found, key=lambda one: one.until)
    return OverBudget(hold.whose, hold.dollars, hold.period, hold.until - now)
