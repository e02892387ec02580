"""Rows made by hand, one for each state, as the law would have made them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.domain.job import Effect, Entry, Failure, Inline, Job, Reason, State

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ID = "01KDWVY2G0" + "0123456789ABCDEF"
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)

FAILURE = Failure(type="ValueError", message="no", fingerprint="f00")
OWED = Effect(slot="on_failure", id="01KDWVY2G0" + "Z" * 16, task="mourn")


def queued(**facts) -> Job:
    """A job that was just accepted."""
    return replace(
        Job(
            id=ID,
            tenant="default",
            task="work",
            lane="default",
            args=Inline(json="{}"),
            state=State.QUEUED,
            ready=0,
            max_attempts=5,
        ),
        **facts,
    )


def scheduled(**facts) -> Job:
    """A job that is due in a day."""
    row = queued(state=State.SCHEDULED, ready=None, due=NOW + DAY, attention="due", attention_at=NOW + DAY)
    return replace(row, **facts)


def running(*, epoch: int = 1, **facts) -> Job:
    """A job that an attempt has, for a minute yet."""
    owner = f"{epoch}.token{epoch}"
    row = queued(
        state=State.RUNNING, ready=None, epoch=epoch, attempts=epoch, owner=owner, lease=NOW + MINUTE
    )
    return replace(row, **{"history": (Entry(at=NOW, event="claimed", epoch=epoch, by=owner),), **facts})


def retrying(**facts) -> Job:
    """A job that failed once and waits for its second attempt."""
    row = running()
    failed = Entry(at=NOW, event="retry_scheduled", epoch=1, by="1.token1", note="ValueError")
    waits = replace(
        row,
        state=State.RETRYING,
        ready=1,
        owner=None,
        lease=None,
        due=NOW + MINUTE,
        error=FAILURE,
        history=(*row.history, failed),
    )
    return replace(waits, **facts)


def waiting(**facts) -> Job:
    """A workflow that waits for its first step."""
    row = running()
    waited = Entry(at=NOW, event="waited", epoch=1, by="1.token1", note="0.0")
    waits = replace(
        row,
        state=State.WAITING,
        attempts=0,
        owner=None,
        lease=None,
        awaits="0.0",
        children=2,
        history=(*row.history, waited),
    )
    return replace(waits, **facts)


def ended(state: State, **facts) -> Job:
    """A job that is over, and owes nothing."""
    row = running()
    event = {
        State.SUCCEEDED: "succeeded",
        State.DEAD: "died",
        State.CANCELLED: "cancelled",
        State.EXPIRED: "expired",
    }[state]
    over = replace(
        row,
        state=state,
        owner=None,
        lease=None,
        forget=NOW + DAY,
        history=(*row.history, Entry(at=NOW, event=event, epoch=1, by="1.token1")),
    )
    if state is State.SUCCEEDED:
        over = replace(over, result=Inline(json="1"))
    if state is State.DEAD:
        over = replace(over, reason=Reason.FAILED, error=FAILURE, attention="dead", attention_at=NOW)
    return replace(over, **facts)


def row_in(state: State) -> Job:
    """The plainest row of that state."""
    makers = {
        State.QUEUED: queued,
        State.SCHEDULED: scheduled,
        State.RUNNING: running,
        State.RETRYING: retrying,
        State.WAITING: waiting,
    }
    return makers[state]() if state in makers else ended(state)
