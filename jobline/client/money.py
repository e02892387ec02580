"""The verbs of money: what jobs cost, what so many more would, and budgets. What is asked of the API, and what is made of its answers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from jobline.client.job import Seconds
from jobline.client.plans import call, moment
from jobline.client.talk import Plan


def costs(
    since: datetime | str | None,
    until: datetime | str | None,
    last: Seconds | None,
    by: str | Iterable[str],
    task: str | None,
    tenant: str | None,
) -> Plan[Any]:
    """GET /costs."""
    query = {
        "since": moment(since),
        "until": moment(until),
        "last": None if last is None else round(_seconds(last)),
        "by": by if isinstance(by, str) else ",".join(by),
        "task": task,
        "tenant": tenant,
    }
    return call("GET", "/costs", None, query, once=False, key=None)


def plan(task: str, count: int, last: Seconds | None, run: Seconds | None, more: dict[str, Any]) -> Plan[Any]:
    """GET /tasks/{name}/plan."""
    query = {
        "count": count,
        "last": None if last is None else round(_seconds(last)),
        "run_ms": None if run is None else round(_seconds(run) * 1000),
        **more,
    }
    return call("GET", f"/tasks/{quote(task, safe='')}/plan", None, query, once=False, key=None)


def budgets() -> Plan[list[Any]]:
    """GET /budgets."""
    found = yield from call("GET", "/budgets", None, {}, once=False, key=None)
    budgets: list[Any] = found["budgets"]
    return budgets


def set_budget(path: str, day: float | None, month: float | None, on_spent: str) -> Plan[Any]:
    """PUT a budget, whole: what is None is none."""
    body = {"day": day, "month": month, "on_spent": on_spent}
    given = {name: value for name, value in body.items() if value is not None}
    return call("PUT", path, given, {}, once=False, key=None)


def delete_budget(path: str) -> Plan[None]:
    """DELETE a budget."""
    yield from call("DELETE", path, None, {}, once=False, key=None)


def budget_of(tenant: str | None, task: str | None, *, stage: bool) -> str:
    """The path of the one budget that is meant. Raises ValueError unless it is one."""
    if (tenant is not None) + (task is not None) + stage != 1:
        raise ValueError("a budget is a tenant's, a task's or the stage's: say which one")
    if stage:
        return "/stage/budget"
    kind, name = ("tenants", tenant) if task is None else ("tasks", task)
    return f"/{kind}/{quote(str(name), safe='')}/budget"


def _seconds(given: Seconds) -> float:
    return given.total_seconds() if isinstance(given, timedelta) else given
