"""Budgets: so many dollars a day or a month, for a tenant, a task or the stage. Set, shown and taken away by an administrator."""

from typing import Annotated, Literal, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import NotFound
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.budgets.budget import (
    LEAST,
    MOST,
    NANO,
    WHOLE_STAGE,
    Budget,
    Kind,
    Period,
    ends,
    find_budget,
    listed_budgets,
    remove_budget,
    set_budget,
    words,
)
from chalicelib.pipeline.budgets.spent import Spent, spent
from chalicelib.pipeline.patience import patience

Dollars = Annotated[float, Meta(ge=LEAST, le=MOST, description="dollars")]
OnSpent = Literal["tell", "pause"]


class NewBudget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole budget; what is left out is none. Days and months are those of UTC."""

    day: Dollars | None = None
    month: Dollars | None = None
    on_spent: Annotated[
        OnSpent, Meta(description="tell: log, metric, event; pause: and refuse submissions until it is over")
    ] = "tell"


class PeriodDocument(TypedDict):
    """A day's, or a month's."""

    period: Annotated[str, Meta(description="2026-11-21, 2026-11")]
    dollars: float
    spent: Annotated[float, Meta(description="by the statistics: approximate")]
    until: Time


class HoldDocument(TypedDict):
    """That submissions are refused."""

    period: str
    until: Time


class BudgetDocument(TypedDict):
    """A budget, and what is spent of it."""

    kind: Kind
    name: str
    day: PeriodDocument | None
    month: PeriodDocument | None
    on_spent: OnSpent
    held: Annotated[HoldDocument | None, Meta(description="null: submissions are accepted")]
    since: Time | None
    by: Annotated[str, Meta(description="the name and the id of the API key")]


class BudgetList(TypedDict):
    """All budgets."""

    budgets: list[BudgetDocument]


def list_budgets(request: Request) -> Answer:
    """All of them, with what is spent."""
    budgets = patience(request.parts)(lambda: list(listed_budgets(request.parts.items)))
    body: BudgetList = {"budgets": [_document(one, request) for one in _spent(budgets, request)]}
    return Answer(status=200, body=body)


def show_tenant_budget(request: Request) -> Answer:
    """Show a tenant's."""
    return _show("tenant", request)


def put_tenant_budget(request: Request) -> Answer:
    """Set a tenant's whole."""
    return _put("tenant", request)


def delete_tenant_budget(request: Request) -> Answer:
    """Take a tenant's away."""
    remove_budget("tenant", _name("tenant", request), parts=request.parts)
    return Answer(status=204)


def show_task_budget(request: Request) -> Answer:
    """Show a task's."""
    return _show("task", request)


def put_task_budget(request: Request) -> Answer:
    """Set a task's whole."""
    return _put("task", request)


def delete_task_budget(request: Request) -> Answer:
    """Take a task's away."""
    remove_budget("task", _name("task", request), parts=request.parts)
    return Answer(status=204)


def show_stage_budget(request: Request) -> Answer:
    """Show the stage's."""
    return _show("stage", request)


def put_stage_budget(request: Request) -> Answer:
    """Set the stage's whole."""
    return _put("stage", request)


def delete_stage_budget(request: Request) -> Answer:
    """Take the stage's away."""
    remove_budget("stage", _name("stage", request), parts=request.parts)
    return Answer(status=204)


def _show(kind: Kind, request: Request) -> Answer:
    return _shown(find_budget(kind, _name(kind, request), parts=request.parts), request)


def _put(kind: Kind, request: Request) -> Answer:
    wish: NewBudget = request.body
    name = _name(kind, request)
    if kind == "task" and name not in request.parts.registry:
        raise NotFound(f"there is no task {name[:100]!r}")
    made = Budget(
        kind=kind,
        name=name,
        day=wish.day,
        month=wish.month,
        pause=wish.on_spent == "pause",
        owner=request.tenant,
    )
    return _shown(set_budget(made, by=request.who, parts=request.parts), request)


def _name(kind: Kind, request: Request) -> str:
    return WHOLE_STAGE if kind == "stage" else request.name("name")


def _spent(budgets: list[Budget], request: Request) -> list[Spent]:
    parts = request.parts
    until = parts.world.now() + parts.limits.patience
    return patience(parts)(lambda: spent(budgets, until=until, parts=parts)) if budgets else []


def _shown(budget: Budget, request: Request) -> Answer:
    [found] = _spent([budget], request)
    return Answer(status=200, body=_document(found, request))


def _document(one: Spent, request: Request) -> BudgetDocument:
    budget, now = one.budget, request.arrived
    hold = budget.hold if budget.hold is not None and budget.hold.until > now else None
    return {
        "kind": budget.kind,
        "name": budget.name,
        "day": _period(one, "day", request),
        "month": _period(one, "month", request),
        "on_spent": "pause" if budget.pause else "tell",
        "held": None if hold is None else {"period": hold.period, "until": rfc3339(hold.until)},
        "since": None if budget.since is None else rfc3339(budget.since),
        "by": budget.by,
    }


def _period(one: Spent, period: Period, request: Request) -> PeriodDocument | None:
    dollars, now = one.budget.dollars(period), request.arrived
    if dollars is None:
        return None
    return {
        "period": words(period, now),
        "dollars": dollars,
        "spent": one.total[period] / NANO,
        "until": rfc3339(ends(period, now)),
    }
