"""`jobline replay`."""

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from jobline.cli import out
from jobline.cli.connection import read_state
from jobline.cli.exits import FAILED, USAGE, Failure
from jobline.cli.kinds import pair
from jobline.cli.talk import Talk, talking
from jobline.cli.text import safe, short

HERE = frozenset({"127.0.0.1", "localhost", "::1"})
BUILT_IN = "jobline."
HIDDEN = "[secret]"
"""What the API shows in the place of a secret argument."""


@click.command()
@talking
@click.argument("job_id", metavar="ID")
@click.option("--debug", is_flag=True, help="Stop in pdb on the task's first line, and where it fails.")
@click.option(
    "--tasks",
    metavar="MODULE[,MODULE]",
    help="Where the @task functions are; else where `jobline up` has them.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="With this argument in the stead of the recorded one; may be repeated. Secret ones are not shown, and have to be given so.",
)
@click.option("--yes", is_flag=True, help="Do not ask, where the job is not this machine's.")
def replay(
    talk: Talk, job_id: str, *, debug: bool, tasks: str | None, changes: tuple[str, ...], yes: bool
) -> None:
    """Run a job again in this process, from its recorded input.

    Nothing is recorded: the job stays as it is, its followers are not sent, what the task submits goes nowhere, progress, checkpoints and steps stay
    here. But the task's own code runs: what it does to the world, it does again. `current_job().replay` is true in it.

    Not replayed: what earlier attempts recorded as steps and checkpoints, so all of the work is done; time limits.

    \b
    Exit status: 0 the task returned; 1 it raised.
    """  # noqa: D301 - \b is click's: keep this line as it is
    if debug and talk.as_json:
        raise click.UsageError("--debug is for people, --json for programs: choose one")
    document = dict(talk.client.job(job_id).document)
    _possible(document)
    document["args"] = {**document["args"], **dict(map(pair, changes))}
    _complete(document, {name for name, _ in map(pair, changes)})
    if urlsplit(talk.connection.url).hostname not in HERE:
        talk.agreed(f"Run {document['task']} here? What it does to the world, it does again", yes=yes)
    _as_there(talk)
    played, compared = _played(talk, document, _modules(tasks), debug=debug)
    told = {
        "job": job_id,
        "task": document["task"],
        "outcome": compared.kind,
        "result": compared.result,
        "error": compared.error,
        "recorded": {name: document[name] for name in ("state", "result", "error")},
        "same": compared.same,
        "progress": [{"fraction": fraction, "message": words} for fraction, words in played.notes.progress],
        "steps": sorted(played.notes.steps),
        "checkpoints": len(played.notes.checkpoints),
        "submitted": list(played.submitted),
    }
    talk.show(told, lambda: _people(told, compared.words))
    if compared.kind in {"raised", "cancelled"}:
        raise SystemExit(FAILED)


def _possible(document: dict[str, Any]) -> None:
    """Raises Failure for what cannot be replayed."""
    job = f"{document['task']}[{document['id']}]"
    if document["task"].startswith(BUILT_IN):
        then = "Replay one of its parts: `jobline workflow children ID` lists those of a workflow."
        raise Failure(f"{job} is Jobline's own work, not a task's", then=then)
    if stored := document.get("args_stored"):
        why = {"too_large": "are too large for the API to show", "missing": "are gone"}.get(stored["why"])
        raise Failure(f"{job}: its arguments {why or 'are not shown'} ({stored['bytes']:,} bytes)")
    if document["args"] is None:
        raise Failure(f"{job}: its arguments are not shown to this key")


def _complete(document: dict[str, Any], given: set[str]) -> None:
    """Raises Failure where an argument is secret: the API hides it, and it was not given here."""
    if hidden := [name for name, value in document["args"].items() if name not in given and _hides(value)]:
        then = "Give it here: " + " ".join(f"--set {name}=VALUE" for name in hidden)
        raise Failure(f"{', '.join(hidden)}: secret, and so not shown", status=USAGE, then=then)


def _hides(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_hides, value.values() if isinstance(value, dict) else value))
    return bool(value == HIDDEN)


def _as_there(talk: Talk) -> None:
    """A job of `jobline up` in this folder gets that stage's cloud, so that what the task reads there is there."""
    state = read_state()
    if state.get("api_url") == talk.connection.url:
        os.environ.update({str(name): str(value) for name, value in state.get("environment", {}).items()})


def _modules(given: str | None) -> tuple[str, ...]:
    told = given or os.environ.get("JOBLINE_TASKS") or "chalicelib.tasks"
    return tuple(filter(None, map(str.strip, told.split(","))))


def _played(talk: Talk, document: dict[str, Any], modules: tuple[str, ...], *, debug: bool) -> Any:
    """Raises Failure where the task cannot be had here, or the debugger was told to quit."""
    import bdb

    from chalicelib.domain.errors import InvalidInput, TaskMisdeclared, UnknownTask
    from chalicelib.wiring import load_tasks
    from jobline.replay.compare import compare
    from jobline.replay.notes import Notes
    from jobline.replay.play import play

    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        registry = load_tasks(modules)
    except (ImportError, TaskMisdeclared) as error:
        then = "Go to the project's folder, or say --tasks MODULE: where the @task functions are."
        raise Failure(f"{', '.join(modules)} cannot be imported: {error}", status=USAGE, then=then) from error

    def pages(workflow: str) -> Iterator[Any]:
        return (one["result"] for one in talk.client.pages(f"/workflows/{workflow}/results", "results"))

    notes = Notes((lambda _: None) if talk.as_json else (lambda line: out.say(line, stderr=True)))
    # What a task prints is no part of the answer; a debugger needs the terminal for itself.
    beside = nullcontext() if debug else redirect_stdout(sys.stderr)
    try:
        with beside:
            found = play(document, registry=registry, pages=pages, notes=notes, debug=debug)
    except UnknownTask as error:
        then = f"It is in none of {', '.join(modules)}; --tasks MODULE says where else to look."
        raise Failure(f"there is no task {document['task']!r} here", status=USAGE, then=then) from error
    except InvalidInput as error:
        raise Failure(f"the recorded arguments do not fit this task: {error}") from error
    except bdb.BdbQuit as error:
        raise Failure("the debugger was left before the task had ended") from error
    return found, compare(document, found.outcome)


def _people(told: dict[str, Any], words: str) -> None:
    error = told["error"]
    if error is None:
        out.say(
            "returned" if told["outcome"] == "returned" else "returned a workflow, which was not started",
            stderr=True,
        )
        out.lines(short(told["result"], 10_000))
    else:
        out.lines(safe(error["traceback"].rstrip(), lines=True))
    if told["submitted"]:
        out.say(f"submitted into nowhere: {', '.join(told['submitted'])}", stderr=True)
    out.say(words, stderr=True)
