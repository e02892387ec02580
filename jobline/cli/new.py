"""`jobline new`."""

from pathlib import Path
from typing import Any

import click

from jobline import __version__, home
from jobline.cli import out
from jobline.cli.exits import USAGE, Failure
from jobline.new import parts, wheel
from jobline.new.name import fault


@click.command()
@click.argument("name")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Where to; else a folder of that name."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text, for programs.")
def new(name: str, *, folder: Path | None, as_json: bool) -> None:
    """Make a project with a first task, its test, and all that deploys it.

    \b
    jobline new hello && cd hello && make demo
    """  # noqa: D301 - \b is click's: keep this line as it is
    if wrong := fault(name):
        raise Failure(f"the name {name!r} is {wrong}", status=USAGE, then="Such as: jobline new hello")
    there = folder or Path(name)
    if taken := _in_the_way(there):
        raise Failure(taken, status=USAGE, then="Take another name, or --folder PATH for another place.")
    files = made(name, there)
    told: dict[str, Any] = {
        "name": name,
        "folder": str(there.resolve()),
        "jobline": __version__,
        "yours": [path for path in sorted(files) if path in parts.PLACES.values()],
        "files": sorted(files),
        "next": [f"cd {there}", "make demo"],
    }
    if as_json:
        out.print_json(told)
        return
    out.say(f"{there}: a project of {len(files)} files, of which yours are")
    for path in told["yours"]:
        out.say(f"  {path}")
    out.say("The others are Jobline's own (README.md says which). Next:")
    out.say(f"  {' && '.join(told['next'])}")


def made(name: str, there: Path) -> list[str]:
    """Write the project's files; their paths in it. Raises Failure; then some of them may be there."""
    try:
        with out.working("packing Jobline's tools for it"):
            put = wheel.put(there / "vendor")
        files = parts.project(name, home.source(), put.name)
        for path, text in files.items():
            target = there / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except (OSError, wheel.NoWheel) as error:
        raise Failure(f"the project was not made: {error}") from error
    return [*files, f"vendor/{put.name}"]


def _in_the_way(there: Path) -> str | None:
    if there.is_symlink() or (there.exists() and not there.is_dir()):
        return f"{there} is there already"
    if there.is_dir() and any(there.iterdir()):
        return f"{there} is there already, and not empty"
    if around := home.project(there.parent):
        return f"{there} would be a project inside the project {around}"
    return None
