"""Statistics: what a tenant's jobs came to, or, for an administrator, everybody's."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.reading import Moment, moment
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.stats_shape import stats_document
from chalicelib.entrypoints.api.whose import AnotherOrAll, whose_or_all
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.statistics.read import BY_HOURS, question, read
from chalicelib.prices import run_prices

Last = Annotated[
    int,
    Meta(
        ge=60,
        le=BY_HOURS.days * 86400,
        description="seconds before until, in the stead of since: by the API's clock",
    ),
]
Step = Annotated[
    int,
    Meta(
        ge=60,
        le=BY_HOURS.days * 86400,
        description="seconds, whole minutes or whole hours; steps below an hour reach over two days, others over 92",
    ),
]


class StatsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of which time, and whose. Without `since`, the hour before `until`; without `until`, up to now."""

    since: Moment | None = None
    until: Moment | None = None
    last: Last | None = None
    step: Step | None = None
    task: Annotated[str | None, Meta(description="of this task alone")] = None
    tenant: AnotherOrAll = None


def show_stats(request: Request) -> Answer:
    """The figures."""
    query: StatsQuery = request.query
    asked = question(
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        last=None if query.last is None else timedelta(seconds=query.last),
        step=query.step,
        task=query.task,
        tenant=whose_or_all(query.tenant, request),
        now=request.arrived,
    )
    found = patience(request.parts)(lambda: read(asked, parts=request.parts))
    return Answer(status=200, body=stats_document(found, run_prices()))
