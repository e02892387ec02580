"""`jobline profile`: stages by name."""

import sys

import click

from jobline.cli import out, profiles
from jobline.cli.connection import connect, read_state
from jobline.cli.exits import NOT_FOUND, Failure
from jobline.cli.group import Usual
from jobline.cli.profiles import NAME, Profile, Profiles
from jobline.client.http import options

json_option = click.option("--json", "as_json", is_flag=True, help="JSON instead of a table, for programs.")


@click.group(cls=Usual)
def profile() -> None:
    """Stages by name: an address and a key each, in a file that only you can read.

    \b
    What a command speaks to is the first of these that is there:
    JOBLINE_URL and JOBLINE_API_KEY; --profile; JOBLINE_PROFILE; what `jobline up` runs in this folder; the profile in use.

    Without a further word it lists them.
    """  # noqa: D301 - \b is click's: keep these lines as they are


@profile.command()
@click.argument("name")
@click.option("--url", required=True, help="Where the API is, stage and all: https://....amazonaws.com/api")
@click.option(
    "--key-stdin",
    is_flag=True,
    help="Read the key from standard input instead of asking: never on the command line, where others see it.",
)
@json_option
def add(name: str, *, url: str, key_stdin: bool, as_json: bool) -> None:
    """Add a profile, or change one. The first is in use at once."""
    if not NAME.fullmatch(name):
        raise click.BadParameter("up to 64 letters, digits, - and _", param_hint="NAME")
    key = sys.stdin.readline() if key_stdin else click.prompt("API key", hide_input=True, err=True)
    made = Profile(url=url.rstrip("/"), key=key.strip())
    try:
        options(made.url, made.key, {})
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    there = profiles.read()
    now = Profiles(profiles={**there.profiles, name: made}, used=there.used or name)
    profiles.write(now)
    out.say(f"{name} is in {profiles.file()}", stderr=True)
    if as_json:
        out.print_json(_shown(name, now))


@profile.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the profiles, never their keys, and say what commands speak to from here."""
    there = profiles.read()
    try:
        taken = connect()
        speaks: dict[str, str | None] = {"url": taken.url, "found": taken.found}
    except Failure as error:
        taken, speaks = None, {"url": None, "found": error.message}
    if as_json:
        each = [_shown(name, there) for name in sorted(there.profiles)]
        out.print_json({"profiles": each, "speaks_to": speaks})
        return
    rows = (
        (name, one.url, "in use" if name == there.used else "")
        for name, one in sorted(there.profiles.items())
    )
    out.table(("name", "url", ""), rows, empty="no profiles: `jobline profile add NAME --url URL` makes one")
    if taken is not None:
        out.say(f"From here commands speak to {taken.url} ({taken.found}).", stderr=True)


@profile.command()
@click.argument("name")
@json_option
def use(name: str, *, as_json: bool) -> None:
    """Let commands speak to this stage where nothing else says to which."""
    there = profiles.read()
    _known(name, there)
    now = Profiles(profiles=there.profiles, used=name)
    profiles.write(now)
    if as_json:
        out.print_json(_shown(name, now))
    out.say(f"{name} is in use", stderr=True)
    if read_state():
        out.say(
            f"In this folder `jobline up` runs and comes first; --profile {name} goes around it.", stderr=True
        )


@profile.command()
@click.argument("name")
@json_option
def remove(name: str, *, as_json: bool) -> None:
    """Forget a profile and its key."""
    there = profiles.read()
    _known(name, there)
    left = {other: one for other, one in there.profiles.items() if other != name}
    profiles.write(Profiles(profiles=left, used=None if there.used == name else there.used))
    if as_json:
        out.print_json(_shown(name, there) | {"removed": True})
    out.say(f"{name} is forgotten", stderr=True)


def _shown(name: str, there: Profiles) -> dict[str, object]:
    """A profile for programs, without its key."""
    return {"name": name, "url": there.profiles[name].url, "used": name == there.used}


def _known(name: str, there: Profiles) -> None:
    if name not in there.profiles:
        raise Failure(
            f"there is no profile {name!r}", status=NOT_FOUND, then="`jobline profile list` shows them."
        )
