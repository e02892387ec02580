"""What all commands that speak to the API share: `--json`, `--profile`, the client, and how its errors end the command."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from jobline.cli import out
from jobline.cli.connection import Connection, connect
from jobline.cli.exits import USAGE, Failure, failure_of
from jobline.client.errors import ClientError
from jobline.client.synchronous import Client

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """One command's conversation with the API. `as_json`: with a program instead of a person."""

    client: Client
    connection: Connection
    as_json: bool

    def show(self, document: Any, people: Callable[[], None]) -> None:
        """The answer: as it is for a program, or as people like it."""
        if self.as_json:
            out.print_json(document)
        else:
            people()

    def may_ask(self, *, yes: bool) -> None:
        """Before anything is shown that leads to a question. Raises UsageError where a program would have to answer it."""
        if self.as_json and not yes:
            raise click.UsageError("--json cannot ask: this needs --yes")

    def agreed(self, question: str, *, yes: bool) -> None:
        """Ask before something is changed for many. Ends the command when the answer is no."""
        self.may_ask(yes=yes)
        if not yes and not click.confirm(f"{question} (at {self.connection.url})", err=True):
            raise Failure("nothing was done")


def open_client(connection: Connection) -> Client:
    """The client of a connection. Tests put theirs here."""
    return Client(connection.url, key=connection.api_key)


def sleep(seconds: float) -> None:
    """Let seconds pass. Tests put theirs here."""
    time.sleep(seconds)


def talking(command: F) -> F:
    """Give the command a `Talk` as its first argument, and the options that go with it."""

    @wraps(command)
    def wrapped(*, as_json: bool, profile: str | None, **given: Any) -> Any:
        connection = connect(profile)
        try:
            client = open_client(connection)
        except ValueError as error:
            raise Failure(f"{connection.found}: {error}", status=USAGE) from error
        try:
            with client:
                return command(Talk(client=client, connection=connection, as_json=as_json), **given)
        except (ClientError, TimeoutError) as error:
            raise failure_of(error, connection.url) from error

    json_option = click.option(
        "--json", "as_json", is_flag=True, help="JSON instead of a table, for programs."
    )
    profile_option = click.option(
        "--profile", metavar="NAME", help="The stage to speak to: one of `jobline profile list`."
    )
    decorated: Any = json_option(profile_option(wrapped))
    return decorated  # type: ignore[no-any-return]
