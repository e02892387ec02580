"""`jobline keys`: make, list, rotate and revoke API keys of a stage, with the permissions of whoever types it. No function may write one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text

from chalicelib.adapters.aws.items import DynamoItems
from chalicelib.adapters.aws.side_tables import DynamoApiKeys
from chalicelib.adapters.crew import ThreadCrew
from chalicelib.adapters.world import RealWorld
from chalicelib.domain.errors import JoblineError
from chalicelib.pipeline.api_keys import (
    MOST_OVERLAP,
    MOST_PER_MINUTE,
    SCOPES,
    admit_role,
    create_key,
    rotate_key,
)
from chalicelib.pipeline.key_use import last_uses
from chalicelib.pipeline.ports import ApiKey
from chalicelib.pipeline.roles import role_of
from infra.config import NotReady, load
from infra.config import stage as read_stage
from infra.place import Nowhere, Place
from infra.show import console
from jobline.cli import out
from jobline.cli.exits import NOT_FOUND, Failure
from jobline.place_clients import PlaceClients

COLUMNS = ("id", "tenant", "scopes", "name", "created", "used", "state")
PARTITION = "apikey#"

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead, for scripts.")
stage_option = click.option("--stage", required=True, help="A stage of .chalice/config.json.")


@dataclass(frozen=True, kw_only=True)
class KeyParts:
    """All of the pipeline that keys need."""

    api_keys: DynamoApiKeys
    world: RealWorld


@click.group()
def keys() -> None:
    """API keys of a stage, and IAM roles: who may ask it for what.

    A key belongs to a tenant, whose jobs are all that it sees, and has scopes. Only its hash is kept: what `create` prints is shown
    once. Where to: the account and region that the aws command would take.
    """


@keys.command()
@stage_option
@click.option("--tenant", required=True, help="Whose jobs it is for.")
@click.option("--name", required=True, help="What it is for, for whoever reads the list.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(sorted(SCOPES)),
    default=("submit", "read"),
    show_default=True,
    help="May be given several times.",
)
@click.option("--days", type=click.IntRange(1, 3660), help="Until it expires; else it does not.")
@click.option(
    "--per-minute",
    type=click.IntRange(1, MOST_PER_MINUTE),
    help="Requests a minute at most; else as many as come.",
)
@click.option(
    "--role",
    metavar="ARN",
    help="An IAM role's, for a stage with JOBLINE_IAM=on: its credentials sign, and no key is made.",
)
@json_option
def create(
    stage: str,
    *,
    role: str | None,
    tenant: str,
    name: str,
    scopes: tuple[str, ...],
    days: int | None,
    per_minute: int | None,
    as_json: bool,
) -> None:
    """Make a key and print it, alone on standard output. Nobody can show it again."""
    expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
    given: dict[str, Any] = {
        "tenant": tenant,
        "scopes": frozenset(scopes),
        "name": name,
        "expires": expires,
        "per_minute": per_minute,
    }
    with _told():
        given["parts"] = KeyParts(api_keys=_keys(stage), world=RealWorld())
        token, key = (None, admit_role(role, **given)) if role else create_key(**given)
    if as_json:
        click.echo(json.dumps({**_facts(key, None), "key": token}, indent=2))
        return
    if token is None:
        click.echo(f"{key.id} of {tenant}: {', '.join(sorted(scopes))}; within a minute", err=True)
        return
    click.echo(token)
    click.echo(f"key {key.id} of {tenant}: {', '.join(sorted(scopes))}; it works at once", err=True)


@keys.command()
@stage_option
@click.argument("key_id", metavar="ID")
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, MOST_OVERLAP.days * 24),
    default=24,
    show_default=True,
    help="How long the old key works still.",
)
@json_option
def rotate(stage: str, *, key_id: str, overlap_hours: int, as_json: bool) -> None:
    """Make a key in the stead of the one of this id, print it, and let the old one expire when the overlap is over."""
    with _told():
        made: Any = KeyParts(api_keys=_keys(stage), world=RealWorld())
        token, key = rotate_key(key_id, overlap=timedelta(hours=overlap_hours), parts=made)
    if as_json:
        click.echo(json.dumps({**_facts(key, None), "key": token}, indent=2))
        return
    click.echo(token)
    click.echo(f"key {key.id} works at once; {key_id} for {overlap_hours} hours still, at most", err=True)


@keys.command("list")
@stage_option
@json_option
def list_(stage: str, *, as_json: bool) -> None:
    """Print all keys, the newest first, with the day of their last use; never their secrets, which nobody has.

    Reads through the whole table, since keys have no index: on a large one it takes a while and costs a read unit for each 8 KB.
    """
    with _told(), out.working("reading through the table"):
        found = sorted(_all(stage), key=lambda key: key.created, reverse=True)
        used = last_uses(_items(stage))
    if as_json:
        click.echo(json.dumps([_facts(key, used.get(key.id)) for key in found], indent=2))
        return
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for key in found:
        facts = _facts(key, used.get(key.id))
        row = {**facts, "scopes": ", ".join(facts["scopes"])}
        table.add_row(*(Text(row[column]) for column in COLUMNS))
    console().print(table)


@keys.command()
@stage_option
@click.argument("key_id", metavar="ID")
@json_option
def revoke(stage: str, *, key_id: str, as_json: bool) -> None:
    """Revoke the key of this id: the ten characters after jl_, or a role's ARN. The API refuses it within a minute."""
    with _told():
        if not _keys(stage).revoke(role_of(key_id) or key_id, datetime.now(UTC)):
            then = f"`jobline keys list --stage {stage}` shows them."
            raise Failure(f"there is no key {key_id}", status=NOT_FOUND, then=then)
    if as_json:
        click.echo(json.dumps({"id": key_id, "revoked": True}))
        return
    click.echo(f"{key_id} is revoked; the API refuses it within a minute")


def _keys(stage: str) -> DynamoApiKeys:
    chosen, place = read_stage(stage, load()), Place()
    return DynamoApiKeys(PlaceClients(place), chosen.names.table)


def _items(stage: str) -> DynamoItems:
    chosen, place = read_stage(stage, load()), Place()
    return DynamoItems(PlaceClients(place), chosen.names.table, ThreadCrew())


def _all(stage: str) -> Iterator[ApiKey]:
    """Every key of the stage. Their addresses are found by a scan; the pipeline itself never needs to."""
    chosen, place = read_stage(stage, load()), Place()
    table, keys_ = chosen.names.table, DynamoApiKeys(PlaceClients(place), chosen.names.table)
    pages = (
        place.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=table,
            FilterExpression="begins_with(pk, :keys)",
            ExpressionAttributeValues={":keys": {"S": PARTITION}},
            ProjectionExpression="pk",
        )
    )
    for page in pages:
        for item in page["Items"]:
            if key := keys_.find(item["pk"]["S"].removeprefix(PARTITION)):
                yield key


def _facts(key: ApiKey, used: datetime | None) -> dict[str, Any]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "scopes": sorted(key.scopes),
        "name": key.name,
        "created": f"{key.created:%Y-%m-%d %H:%M}",
        "used": "never" if used is None else f"{used:%Y-%m-%d}",
        "state": _state(key),
    }


def _state(key: ApiKey) -> str:
    if key.revoked:
        return f"revoked {key.revoked:%Y-%m-%d %H:%M}"
    if key.expires and key.expires <= datetime.now(UTC):
        return f"expired {key.expires:%Y-%m-%d %H:%M}"
    return f"until {key.expires:%Y-%m-%d %H:%M}" if key.expires else "works"


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (NotReady, Nowhere, JoblineError, ClientError, BotoCoreError) as error:
        raise click.ClickException(str(error)) from error
