"""`jobline tenants`: what all of a tenant's jobs together may use."""

import re
from typing import Any
from urllib.parse import quote

import click

from jobline.cli import out
from jobline.cli.group import Usual
from jobline.cli.kinds import seconds_of
from jobline.cli.talk import Talk, talking
from jobline.cli.text import ago, span

_RATE = re.compile(r"(\d+)\s*/\s*(\S+)", re.ASCII)


class PerTime(click.ParamType[Any]):
    """`10/s`, `1000/1d`: so many in so long."""

    name = "n/span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        found = _RATE.fullmatch(str(value))
        per = seconds_of(found[2]) or seconds_of(f"1{found[2]}") if found else None
        if not found or not per:
            self.fail(f"{value!r} is not so many in so long, such as 10/s or 1000/1d", param, ctx)
        return {"limit": int(found[1]), "per": per}


@click.group(cls=Usual)
def tenants() -> None:
    """Tenants' limits: how fast, how many at once, how many accepted. Takes an administrator's key.

    Without a further word it lists the tenants that have limits.
    """


@tenants.command("list")
@talking
def list_(talk: Talk) -> None:
    """List the tenants that have limits."""
    found = talk.client.call("GET", "/tenants")
    talk.show(found, lambda: _table(found["tenants"]))


@tenants.command()
@talking
@click.argument("tenant")
def show(talk: Talk, tenant: str) -> None:
    """Show a tenant's limits."""
    found = talk.client.call("GET", _path(tenant))
    talk.show(found, lambda: _table([found]))


@tenants.command()
@talking
@click.argument("tenant")
@click.option("--rate", type=PerTime(), help="At most so many attempts start in so long, such as 10/s.")
@click.option("--burst", type=click.IntRange(1), help="With --rate: after a pause so many at once; else 1.")
@click.option("--concurrency", type=click.IntRange(1), help="At most so many run at once.")
@click.option(
    "--accepted", type=PerTime(), help="At most so many jobs are accepted in so long, such as 100000/1d."
)
@click.option(
    "--bytes", type=PerTime(), help="At most so many bytes of arguments in so long, such as 1000000/1h."
)
@click.option("--unfinished", type=click.IntRange(1), help="At most so many jobs that have not ended.")
@click.option("--schedules", type=click.IntRange(0), help="At most so many schedules.")
@click.option(
    "--children", type=click.IntRange(0), help="At most so many children of one group of a workflow."
)
def limit(talk: Talk, tenant: str, *, rate: Any, burst: int | None, **others: Any) -> None:
    """Set all limits of a tenant: what is left out is none."""
    if rate is None and all(one is None for one in others.values()):
        raise click.UsageError("give a limit; `jobline tenants unlimit` takes all away")
    if burst is not None:
        if rate is None:
            raise click.UsageError("--burst goes with --rate")
        rate = {**rate, "burst": burst}
    body = {"rate": rate, **others}
    found = talk.client.call(
        "PUT", _path(tenant), {name: one for name, one in body.items() if one is not None}
    )
    talk.show(found, lambda: _table([found]))


@tenants.command()
@talking
@click.argument("tenant")
@click.option("--yes", is_flag=True, help="Do not ask.")
def unlimit(talk: Talk, tenant: str, *, yes: bool) -> None:
    """Take all limits of a tenant away."""
    talk.agreed(f"Take all limits of {tenant} away?", yes=yes)
    talk.client.call("DELETE", _path(tenant))
    talk.show({"tenant": tenant}, lambda: out.say(f"{tenant} has no limits; all know of it within a minute"))


def _path(tenant: str) -> str:
    return f"/tenants/{quote(tenant, safe='')}/limits"


def _table(found: list[Any]) -> None:
    rows = (
        (
            one["tenant"],
            _per(one["rate"]),
            one["concurrency"],
            _per(one["accepted"]),
            _per(one.get("bytes")),
            one.get("unfinished"),
            one.get("schedules"),
            one.get("children"),
            ago(one["since"]),
            one["by"],
        )
        for one in found
    )
    out.table(
        (
            "tenant",
            "rate",
            "concurrency",
            "accepted",
            "bytes",
            "unfinished",
            "schedules",
            "children",
            "since",
            "by",
        ),
        rows,
        empty="no tenant has limits",
    )


def _per(one: Any) -> str:
    if one is None:
        return ""
    burst = f", {one['burst']} at once" if one.get("burst", 1) > 1 else ""
    return f"{one['limit']:,} in {span(one['per'])}{burst}"
