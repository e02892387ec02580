"""`jobline budgets`: so many dollars a day or a month, for a tenant, a task or the whole stage."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.group import Usual
from jobline.cli.talk import Talk, talking
from jobline.cli.text import local


def _whose(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--stage", "whole", is_flag=True, help="Of all jobs of the stage."),
        click.option("--task", help="Of this task's jobs, whoever's they are."),
        click.option("--tenant", help="Of this tenant's jobs, whatever their task."),
    ):
        command = option(command)
    return command


@click.group(cls=Usual)
def budgets() -> None:
    """Budgets: dollars a day or a month, and what happens when they are spent. Takes an administrator's key.

    Without a further word it lists them, with what is spent.
    """


@budgets.command("list")
@talking
def list_(talk: Talk) -> None:
    """List all budgets, with what is spent."""
    found = talk.client.call("GET", "/budgets")
    talk.show(found, lambda: _table(found["budgets"]))


@budgets.command()
@talking
@_whose
def show(talk: Talk, **whose: Any) -> None:
    """Show a budget, with what is spent."""
    found = talk.client.call("GET", _path(**whose))
    talk.show(found, lambda: _table([found]))


@budgets.command("set")
@talking
@_whose
@click.option("--day", type=float, help="Dollars a day of UTC.")
@click.option("--month", type=float, help="Dollars a month.")
@click.option(
    "--pause",
    is_flag=True,
    help="Refuse submissions when it is spent, until it is over; else it is only told.",
)
def set_(talk: Talk, *, day: float | None, month: float | None, pause: bool, **whose: Any) -> None:
    """Set a budget whole: what is left out is none."""
    if day is None and month is None:
        raise click.UsageError("give --day, --month or both; `jobline budgets remove` takes it away")
    body: dict[str, Any] = {"on_spent": "pause" if pause else "tell"}
    body |= {name: dollars for name, dollars in (("day", day), ("month", month)) if dollars is not None}
    found = talk.client.call("PUT", _path(**whose), body)
    talk.show(found, lambda: _table([found]))


@budgets.command()
@talking
@_whose
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(talk: Talk, *, yes: bool, **whose: Any) -> None:
    """Take a budget away."""
    path = _path(**whose)
    talk.agreed("Take the budget away?", yes=yes)
    talk.client.call("DELETE", path)
    talk.show({"removed": True}, lambda: out.say("there is none; all know of it within a minute"))


def _path(*, tenant: str | None, task: str | None, whole: bool) -> str:
    if (tenant is not None) + (task is not None) + whole != 1:
        raise click.UsageError("say whose: --tenant NAME, --task NAME or --stage")
    if whole:
        return "/stage/budget"
    return (
        f"/tenants/{quote(tenant, safe='')}/budget"
        if tenant
        else f"/tasks/{quote(task or '', safe='')}/budget"
    )


def _table(found: list[Any]) -> None:
    rows = (
        (
            one["kind"],
            "" if one["kind"] == "stage" else one["name"],
            _spent(one["day"]),
            _spent(one["month"]),
            one["on_spent"],
            "" if one["held"] is None else f"until {local(one['held']['until'])}",
            one["by"],
        )
        for one in found
    )
    out.table(
        ("of", "name", "day", "month", "when spent", "refusing", "by"), rows, empty="there are no budgets"
    )


def _spent(one: Any) -> str:
    return "" if one is None else f"${one['spent']:.4f} of ${one['dollars']:g}"
