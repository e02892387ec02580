"""What people type, as values: time spans, times, NAME=VALUE, JSON."""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click

from jobline.cli.text import now

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(text: str) -> float | None:
    """`90`, `90s`, `1.5h`, `2d` as seconds; None if it is none."""
    found = _SPAN.fullmatch(text.strip())
    return float(found[1]) * _UNITS[found[2] or "s"] if found else None


class Span(click.ParamType[Any]):
    """A time span; plain numbers are seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = value if isinstance(value, float) else seconds_of(str(value))
        if found is None:
            self.fail(f"{value!r} is no time span such as 30s, 5m, 2h or 1d", param, ctx)
        return found


class Moment(click.ParamType[Any]):
    """A time with its zone. `past`: a span means so long ago."""

    name = "time"

    def __init__(self, *, past: bool = False) -> None:
        self.past = past

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if self.past and (ago := seconds_of(str(value))) is not None:
            return now() - timedelta(seconds=min(ago, 10 * 365 * 86_400.0))
        example = "2026-01-31T09:30:00Z" + (", or 2h for two hours ago" if self.past else "")
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time such as {example}", param, ctx)
        if found.tzinfo is None:
            self.fail(f"{value!r} lacks a time zone; write it as in {example}", param, ctx)
        return found.astimezone(UTC)


class Json(click.ParamType[Any]):
    """A JSON value, or with @FILE what is in that file (@- is standard input). `whole`: it has to be an object, or a list."""

    name = "json"

    def __init__(self, whole: type | None = None) -> None:
        self.whole = whole

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            text = _read(value[1:]) if value.startswith("@") else value
            found = json.loads(text, parse_constant=_no_number)
        except (OSError, ValueError) as error:
            self.fail(f"not JSON: {error}", param, ctx)
        if self.whole is not None and not isinstance(found, self.whole):
            wanted = 'an object, as in {"name": "value"}' if self.whole is dict else "a list"
            self.fail(f"not {wanted}", param, ctx)
        return found


SPAN, MOMENT, SINCE = Span(), Moment(), Moment(past=True)


def arguments(pairs: tuple[str, ...], given: dict[str, Any] | None) -> dict[str, Any]:
    """A task's arguments: NAME=VALUE each, over those of one JSON object. Raises BadParameter."""
    return {**(given or {}), **dict(pair(one) for one in pairs)}


def pair(given: str) -> tuple[str, Any]:
    """NAME=VALUE. A value is JSON where it is, and otherwise a text."""
    name, equals, text = given.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{given!r} is not NAME=VALUE", param_hint="NAME=VALUE")
    try:
        return name, json.loads(text, parse_constant=_no_number)
    except ValueError:
        return name, text


def rfc3339(at: datetime | None) -> str | None:
    """A time as the API reads it."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read(name: str) -> str:
    if name == "-":
        return str(sys.stdin.read())
    return Path(name).read_text(encoding="utf-8")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def with_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """The task and its arguments on the command line: TASK NAME=VALUE..., and `--args JSON`. `arguments` puts the two together."""
    for option in (
        click.option(
            "--args",
            "given",
            type=Json(dict),
            metavar="JSON",
            help="All arguments as one JSON object; @FILE reads it from a file.",
        ),
        click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]..."),
        click.argument("task"),
    ):
        command = option(command)
    return command
