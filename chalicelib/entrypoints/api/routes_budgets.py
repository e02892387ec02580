"""The routes of budgets. Nobody sets one for oneself: that takes an administrator's key."""

from collections.abc import Callable

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.budgets import (
    BudgetDocument,
    BudgetList,
    NewBudget,
    delete_stage_budget,
    delete_task_budget,
    delete_tenant_budget,
    list_budgets,
    put_stage_budget,
    put_task_budget,
    put_tenant_budget,
    show_stage_budget,
    show_task_budget,
    show_tenant_budget,
)
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.route import Reply, Route

Handler = Callable[[Request], Answer]


def _of(path: str, whose: str, *, show: Handler, put: Handler, delete: Handler) -> tuple[Route, ...]:
    return (
        Route(
            method="GET",
            path=path,
            scope="admin",
            handler=show,
            summary=f"Show the budget of {whose}, and what is spent",
            replies={200: Reply(meaning="The budget.", shape=BudgetDocument)},
            problems=(404,),
        ),
        Route(
            method="PUT",
            path=path,
            scope="admin",
            handler=put,
            summary=f"Set a budget for {whose}: dollars a day or a month, and what happens when they are spent",
            body=NewBudget,
            example={"day": 5.0, "month": 100.0, "on_spent": "pause"},
            replies={
                200: Reply(meaning="This is the budget; it is looked at every minute.", shape=BudgetDocument)
            },
        ),
        Route(
            method="DELETE",
            path=path,
            scope="admin",
            handler=delete,
            summary=f"Take the budget of {whose} away",
            replies={204: Reply(meaning="There is none; all know of it within a minute.")},
            problems=(404,),
        ),
    )


BUDGET_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/budgets",
        scope="admin",
        handler=list_budgets,
        summary="List all budgets, and what is spent of each",
        replies={200: Reply(meaning="The budgets.", shape=BudgetList)},
    ),
    *_of(
        "/tenants/{name}/budget",
        "a tenant's jobs",
        show=show_tenant_budget,
        put=put_tenant_budget,
        delete=delete_tenant_budget,
    ),
    *_of(
        "/tasks/{name}/budget",
        "a task's jobs",
        show=show_task_budget,
        put=put_task_budget,
        delete=delete_task_budget,
    ),
    *_of(
        "/stage/budget",
        "all jobs of the stage",
        show=show_stage_budget,
        put=put_stage_budget,
        delete=delete_stage_budget,
    ),
)
