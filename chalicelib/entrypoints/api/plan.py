"""What so many jobs of a task would cost and when they would be done, by what its jobs took so far."""

from datetime import timedelta
from typing import Annotated, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import InvalidInput, NotFound
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.stats_shape import PricesDocument
from chalicelib.entrypoints.api.whose import AnotherOrAll, whose_or_all
from chalicelib.lanes import BY_NAME
from chalicelib.pipeline.forecast import MOST_JOBS, MOST_UNITS, NEW_TABLE, Ask, Forecast, Known, forecast
from chalicelib.pipeline.gates import policies
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.pipeline.statistics.read import BY_HOURS, question, read
from chalicelib.pipeline.tenants import limits_at_the_door
from chalicelib.prices import run_prices

DAY = timedelta(days=1)
LONGEST = timedelta(days=3650)
"""A time beyond this has no date."""

Bytes = Annotated[int, Meta(ge=0, le=MAX_BODY, description="of JSON, a job")]

RunMs = Annotated[
    int, Meta(ge=1, le=43_200_000, description="how long an attempt runs, in the stead of the history")
]


class PlanQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many, and what differs from the history: the task's own attempts of the last seven days, or `last` seconds."""

    count: Annotated[int, Meta(ge=1, le=MOST_JOBS)]
    last: Annotated[int, Meta(ge=3600, le=BY_HOURS.days * 86400, description="seconds of history")] = (
        7 * 86400
    )
    run_ms: RunMs | None = None
    args_bytes: Bytes = 0
    result_bytes: Bytes = 0
    a_request: Annotated[int, Meta(ge=1, le=1000, description="jobs that one request submits")] = 1000
    table_units: Annotated[
        int, Meta(ge=NEW_TABLE, le=MOST_UNITS, description="write units a second that the table takes")
    ] = NEW_TABLE
    tenant: AnotherOrAll = None


class PlanLine(TypedDict):
    """A part of the bill."""

    what: str
    how: str
    dollars: float


class LimitDocument(TypedDict):
    """Something that takes its time, and how long all would take if it were the only one."""

    what: str
    how: str
    seconds: float


class HistoryDocument(TypedDict):
    """What the plan goes by."""

    since: Time
    attempts: int
    retried: int
    mean_ms: float | None
    p95_ms: float | None


class PlanDocument(TypedDict):
    """A plan: a model, with what it takes for granted."""

    task: str
    count: int
    lane: str
    dollars: float
    lines: list[PlanLine]
    write_units: float
    sqs_requests: float
    invocations: int
    billed_ms: int
    seconds: Annotated[float, Meta(description="from when the first may start until the last has ended")]
    done_at: Annotated[Time | None, Meta(description="if all were submitted now; null: not within ten years")]
    limited_by: Annotated[str, Meta(description="what takes longest; see limits")]
    limits: list[LimitDocument]
    assumptions: list[str]
    history: HistoryDocument
    prices: PricesDocument


def show_plan(request: Request) -> Answer:
    """The plan."""
    query: PlanQuery = request.query
    name, parts = request.name("name"), request.parts
    if name not in parts.registry:
        raise NotFound(f"there is no task {name[:100]!r}")
    tenant = whose_or_all(query.tenant, request)
    asked = question(
        since=None,
        until=None,
        last=timedelta(seconds=query.last),
        step=3600,
        task=name,
        tenant=tenant,
        now=request.arrived,
    )
    past = patience(parts)(lambda: read(asked, parts=parts)).total
    if query.run_ms is None and not past.run.count:
        raise InvalidInput("run_ms", f"no attempt of {name} ended in that time: say how long one runs")
    ask = Ask(
        count=query.count,
        a_request=query.a_request,
        args_bytes=query.args_bytes,
        result_bytes=query.result_bytes,
        run_ms=query.run_ms,
        table_units=query.table_units,
    )
    known = _known(name, tenant, past, parts)
    history: HistoryDocument = {
        "since": rfc3339(asked.since),
        "attempts": past.run.count,
        "retried": past.retried,
        "mean_ms": past.run.mean,
        "p95_ms": past.run.quantile(0.95),
    }
    body = _document(name, known.lane.name, query.count, forecast(ask, known), history, request)
    return Answer(status=200, body=body)


def _known(name: str, tenant: str | None, past: Figures, parts: Parts) -> Known:
    options = parts.registry[name].options
    limits = None if tenant is None else limits_at_the_door(tenant, parts)
    depths = {one.lane: one for one in patience(parts)(parts.queue.depths)}
    depth = depths.get(options.lane)
    return Known(
        past=past,
        lane=BY_NAME[options.lane],
        waiting=0 if depth is None else depth.waiting + depth.in_flight,
        max_attempts=options.max_attempts,
        backoff=options.backoff,
        policies=policies(options),
        tenant_rate=None if limits is None else limits.rate,
        tenant_slots=None if limits is None else limits.concurrency,
        quota=None if limits is None else limits.accepted,
    )


def _document(
    name: str, lane: str, count: int, made: Forecast, history: HistoryDocument, request: Request
) -> PlanDocument:
    prices = run_prices()
    lines = prices.forecast(made)
    takes = made.seconds
    return {
        "task": name,
        "count": count,
        "lane": lane,
        "dollars": round(sum(dollars for dollars, _ in lines.values()), 6),
        "lines": [
            {"what": what, "how": how, "dollars": round(dollars, 6)}
            for what, (dollars, how) in sorted(lines.items(), key=lambda line: -line[1][0])
        ],
        "write_units": made.write_units,
        "sqs_requests": round(made.sqs_requests, 1),
        "invocations": made.jobs.calls // 1000,
        "billed_ms": made.jobs.billed_ms,
        "seconds": round(takes, 1),
        "done_at": rfc3339(request.arrived + timedelta(seconds=takes))
        if takes < LONGEST.total_seconds()
        else None,
        "limited_by": made.slowest.what,
        "limits": [
            {"what": one.what, "how": one.how, "seconds": round(one.seconds, 1)}
            for one in sorted(made.limits, key=lambda one: -one.seconds)
        ],
        "assumptions": list(made.assumed),
        "history": history,
        "prices": {"as_of": prices.as_of, "region": prices.region},
    }
