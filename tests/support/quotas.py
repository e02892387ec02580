"""A tenant with quotas that asks: what tests of quotas share."""

from collections import Counter
from datetime import timedelta

from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.asked import Submitted
from chalicelib.pipeline.duties import do_duties
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.tenant_limits import TenantLimits, set_limits
from chalicelib.pipeline.tenants import limits_of

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
COUNTER = Spot("unfinished", "ann")


def limit(stage, tenant="ann", **limits):
    """Set them, and let everybody know."""
    set_limits(TenantLimits(tenant=tenant, **limits), by="an operator", parts=stage.parts)
    stage.advance(minutes=1)
    limits_of(tenant, stage.parts)


def ask(stage, *values, tenant="ann", task="work", **how):
    """What each of these requests, sent together, came to: its job, or what kept it out."""
    wanted = [
        JobRequest(task=task, args={"x": value}, how=Submission(tenant=tenant, **how)) for value in values
    ]
    answers = submit(wanted, parts=stage.parts)
    return [answer.job if isinstance(answer, Submitted) else answer for answer in answers]


def kinds(answers):
    return "".join("." if hasattr(answer, "id") else type(answer).__name__[0] for answer in answers)


def counted(stage):
    return stage.parts.items.read(COUNTER).get("count")


def minute(stage):
    """A minute passes, and the tick looks after items."""
    stage.advance(minutes=1)
    do_duties(until=stage.world.now() + MINUTE, parts=stage.parts)


def counting(stage):
    """What is asked of items from now on."""
    calls = Counter()
    for name in ("read", "write", "listed", "delete"):
        port = getattr(stage.parts.items, name)

        def counted_(*args, _port=port, _name=name, **how):
            calls[_name] += 1
            return _port(*args, **how)

        setattr(stage.parts.items, name, counted_)
    return calls


def down(*_, **__):
    raise Unavailable("the table is down")
