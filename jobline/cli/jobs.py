"""`jobline submit` and `jobline status`: one request each."""

import json
from typing import Any, NoReturn
from urllib.parse import quote

import click

from jobline.cli.connection import connect


@click.command()
@click.argument("task")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--args", "as_json", metavar="JSON", help="All arguments as one JSON object.")
def submit(task: str, arguments: tuple[str, ...], as_json: str | None) -> None:
    """Submit a job and print its id.

    A VALUE is JSON where it is (5, true, '"5"', '[1, 2]'), and otherwise a text.
    """
    args = {**(_object(as_json) if as_json else {}), **dict(_pair(given) for given in arguments)}
    job = connect().call("POST", "/jobs", {"task": task, "args": args}).json()
    click.echo(job["id"])


@click.command()
@click.argument("job_id", metavar="ID")
def status(job_id: str) -> None:
    """Print a job as the API tells it."""
    job = connect().call("GET", f"/jobs/{quote(job_id, safe='')}").json()
    click.echo(json.dumps(job, indent=2))  # ASCII: no text in a job can play tricks on the terminal


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_no_number)
    except ValueError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="--args") from error
    if not isinstance(found, dict):
        raise click.BadParameter('not a JSON object, as in {"name": "value"}', param_hint="--args")
    return found


def _pair(given: str) -> tuple[str, Any]:
    name, equals, text = given.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{given!r} is not NAME=VALUE", param_hint="NAME=VALUE")
    try:
        return name, json.loads(text, parse_constant=_no_number)
    except ValueError:
        return name, text


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
