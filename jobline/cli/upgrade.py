"""`jobline upgrade`."""

import re
import subprocess
import sys
from pathlib import Path

import click

from jobline import __version__, home
from jobline.cli import out
from jobline.cli.exits import USAGE, Failure
from jobline.new import parts, wheel
from jobline.new.upgrade import Plan, plan

TOOLS = "requirements-dev.txt"
_WHEEL = re.compile(r"jobline-[^/\s]+?\.whl")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--overwrite", is_flag=True, help="Take our version of files that you have changed as well.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text, for programs.")
def upgrade(*, dry_run: bool, overwrite: bool, as_json: bool) -> None:
    """Bring a project's parts to the version of this command.

    What is yours is left alone: your tasks, tests, stages and lanes. What is Jobline's and you have changed ends the command, with nothing done,
    unless you say --overwrite. Commit before; look at the difference after.
    """
    there = home.project()
    if there is None:
        then = "Go to the project's folder; `jobline new NAME` makes a project."
        raise Failure("this is no project: there is no jobline.json", status=USAGE, then=then)
    marks = home.marks(there)
    new = parts.ours(str(marks.get("name", "")), home.source())
    todo = plan(there, marks.get("parts", {}), new)
    told = {
        "project": str(there),
        "from": marks.get("jobline"),
        "to": __version__,
        "write": sorted(todo.write),
        "remove": todo.remove,
        "changed_by_you": todo.changed,
        "done": not dry_run and (overwrite or not todo.changed),
    }
    if as_json:
        out.print_json(told)
    elif dry_run:
        _say(todo)
    if dry_run:
        return
    if todo.changed and not overwrite:
        if not as_json:
            _say(todo)
        then = (
            "Move what you need into files of your own and `git checkout` these; or --overwrite takes ours."
        )
        raise Failure(
            f"{len(todo.changed)} files of Jobline's were changed by you; nothing was done", then=then
        )
    _carry_out(there, todo, parts.mark(str(marks["name"]), new))
    if not as_json:
        out.say(
            f"{there.name} is at {__version__}: {len(todo.write)} files written, {len(todo.remove)} removed"
        )
    _derive(there)


def _say(todo: Plan) -> None:
    for path in todo.write:
        out.say(f"write    {path}" + ("   (changed by you)" if path in todo.changed else ""))
    for path in todo.remove:
        out.say(f"remove   {path}" + ("   (changed by you)" if path in todo.changed else ""))
    if not todo.write and not todo.remove:
        out.say("nothing to do")


def _carry_out(there: Path, todo: Plan, mark: str) -> None:
    """The mark comes last: an upgrade that was interrupted is done again."""
    for path, text in todo.write.items():
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        (there / path).write_text(text, encoding="utf-8")
    for path in todo.remove:
        (there / path).unlink(missing_ok=True)
    try:
        put = wheel.put(there / "vendor")
    except wheel.NoWheel as error:
        raise Failure(f"vendor/ is as it was: {error}") from error
    for other in (there / "vendor").glob("jobline-*.whl"):
        if other != put:
            other.unlink()
    tools = there / TOOLS
    if tools.is_file():
        tools.write_text(_WHEEL.sub(put.name, tools.read_text(encoding="utf-8")), encoding="utf-8")
    (there / home.MARK).write_text(mark, encoding="utf-8")


def _derive(there: Path) -> None:
    """What follows from the project's own lanes and stages, made again by the new parts."""
    run = subprocess.run(
        [sys.executable, "-m", "infra", "lanes"], cwd=there, capture_output=True, text=True, check=False
    )
    if run.returncode:
        out.say(
            "then run: python -m infra lanes    (it writes the template and the policies again)", stderr=True
        )
