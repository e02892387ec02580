"""Tenants' limits: what all of a tenant's jobs together may use. Set, shown and taken away by an administrator."""

from datetime import timedelta
from typing import Annotated, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.flow import Concurrency, Rate, Throttle
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.gates import MOST_SLOTS
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.tenant_limits import (
    LONGEST_PERIOD,
    MOST_ACCEPTED,
    MOST_BURST,
    MOST_BYTES,
    MOST_CHILDREN,
    MOST_SCHEDULES,
    MOST_UNFINISHED,
    TenantLimits,
    find_limits,
    listed_limits,
    remove_limits,
    set_limits,
)

Seconds = Annotated[float, Meta(ge=0.001, le=MOST_ACCEPTED, description="seconds")]


class TenantRate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` attempts start in `per` seconds; after a pause up to `burst` at once. `per / limit`: 1 ms to 7 days."""

    limit: Annotated[int, Meta(ge=1, le=MOST_ACCEPTED)]
    per: Seconds
    burst: Annotated[int, Meta(ge=1, le=MOST_BURST)] = 1


class TenantQuota(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` jobs are accepted in any `per` seconds."""

    limit: Annotated[int, Meta(ge=1, le=MOST_ACCEPTED)]
    per: Annotated[float, Meta(ge=1, le=LONGEST_PERIOD.total_seconds(), description="seconds")]


class TenantBytes(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` bytes of arguments, as JSON, are accepted in any `per` seconds."""

    limit: Annotated[int, Meta(ge=1, le=MOST_BYTES)]
    per: Annotated[float, Meta(ge=1, le=LONGEST_PERIOD.total_seconds(), description="seconds")]


class NewLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All the limits that the tenant is to have; what is left out is none."""

    rate: TenantRate | None = None
    concurrency: Annotated[int, Meta(ge=1, le=MOST_SLOTS)] | None = None
    accepted: TenantQuota | None = None
    bytes: TenantBytes | None = None
    unfinished: (
        Annotated[int, Meta(ge=1, le=MOST_UNFINISHED, description="jobs that have not ended")] | None
    ) = None
    schedules: Annotated[int, Meta(ge=0, le=MOST_SCHEDULES)] | None = None
    children: (
        Annotated[int, Meta(ge=0, le=MOST_CHILDREN, description="of one group or map of a workflow")] | None
    ) = None


class RateDocument(TypedDict):
    """A rate; `per` is in seconds."""

    limit: int
    per: float
    burst: int


class QuotaDocument(TypedDict):
    """A quota; `per` is in seconds."""

    limit: int
    per: float


class TenantDocument(TypedDict):
    """A tenant's limits; null: there is no such limit."""

    tenant: str
    rate: RateDocument | None
    concurrency: int | None
    accepted: QuotaDocument | None
    bytes: QuotaDocument | None
    unfinished: int | None
    schedules: int | None
    children: int | None
    since: Time | None
    by: Annotated[str, Meta(description="the name and the id of the API key")]


class TenantList(TypedDict):
    """The tenants that have limits, by name."""

    tenants: list[TenantDocument]


def list_tenants(request: Request) -> Answer:
    """Those that have limits."""
    found = patience(request.parts)(lambda: [*listed_limits(request.parts.items)])
    body: TenantList = {"tenants": [_document(one) for one in found]}
    return Answer(status=200, body=body)


def show_limits(request: Request) -> Answer:
    """A tenant's limits."""
    return Answer(status=200, body=_document(find_limits(request.name("name"), parts=request.parts)))


def put_limits(request: Request) -> Answer:
    """Set them all."""
    wish: NewLimits = request.body
    limits = TenantLimits(
        tenant=request.name("name"),
        rate=None
        if wish.rate is None
        else Rate(wish.rate.limit, _span(wish.rate.per), burst=wish.rate.burst),
        concurrency=None if wish.concurrency is None else Concurrency(wish.concurrency),
        accepted=None if wish.accepted is None else Throttle(wish.accepted.limit, _span(wish.accepted.per)),
        bytes=None if wish.bytes is None else Throttle(wish.bytes.limit, _span(wish.bytes.per)),
        unfinished=wish.unfinished,
        schedules=wish.schedules,
        children=wish.children,
    )
    return Answer(status=200, body=_document(set_limits(limits, by=request.who, parts=request.parts)))


def delete_limits(request: Request) -> Answer:
    """Take them away."""
    remove_limits(request.name("name"), parts=request.parts)
    return Answer(status=204)


def _span(seconds: float) -> timedelta:
    return timedelta(milliseconds=round(seconds * 1000))


def _document(limits: TenantLimits) -> TenantDocument:
    rate, slots = limits.rate, limits.concurrency
    return {
        "tenant": limits.tenant,
        "rate": None
        if rate is None
        else {"limit": rate.limit, "per": rate.per.total_seconds(), "burst": rate.burst},
        "concurrency": None if slots is None else slots.limit,
        "accepted": _quota(limits.accepted),
        "bytes": _quota(limits.bytes),
        "unfinished": limits.unfinished,
        "schedules": limits.schedules,
        "children": limits.children,
        "since": None if limits.since is None else rfc3339(limits.since),
        "by": limits.by,
    }


def _quota(quota: Throttle | None) -> QuotaDocument | None:
    return None if quota is None else {"limit": quota.limit, "per": quota.per.total_seconds()}
