"""The first five minutes, as a new user has them: from nothing to the first finished job of one's own, typed step by step and timed.

    python -m bench.first_five                 from the wheel, in an empty folder
    python -m bench.first_five --from clone    from a clone of the repository

Every step but the writing of a task is a command of docs/first-five-minutes.md, run by a shell as it stands there. What pip fetches depends on the
line; what is left is the machine's. Ends with status 1 when a step fails.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from jobline.home import BESIDE
from jobline.new import wheel

TASK = '''from chalicelib import task


@task
def shout(text: str) -> str:
    """Say it louder."""
    return text.upper() + "!"
'''
"""The task of one's own."""

OWN = "chalicelib/tasks/mine.py"
RESULT = "HELLO!"
LIMIT = 900.0
"""Seconds of one step."""

ANY_PORTS = "--port 0 --emulator-port 0"
"""What is typed here in addition, so that nobody else's ports are in the way."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is typed. `writes`: instead, the task is written; `stays`: it runs on in a terminal of its own."""

    words: str
    folder: str = "."
    writes: bool = False
    stays: bool = False


UP = "make up"
ROUTES: Mapping[str, Sequence[Step]] = {
    "wheel": (
        Step(words="python3.11 -m venv tools"),
        Step(words=f"tools/bin/pip install './{wheel.NAME}[cli]'"),
        Step(words="tools/bin/jobline new hello"),
        Step(words=OWN, folder="hello", writes=True),
        Step(words=UP, folder="hello", stays=True),
        Step(words=".venv/bin/jobline submit shout text=hello --wait", folder="hello"),
    ),
    "clone": (
        Step(words="git clone --quiet JOBLINE hello"),
        Step(words=OWN, folder="hello", writes=True),
        Step(words=UP, folder="hello", stays=True),
        Step(words=".venv/bin/jobline submit shout text=hello --wait", folder="hello"),
    ),
}


class StepFailed(Exception):
    """A step did not do what it should; says which, and what was said."""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A step, and how long it took."""

    step: Step
    seconds: float


def walk(route: str, folder: Path) -> Iterator[Timed]:
    """Go that way, in that folder, which is empty but for the wheel. Raises StepFailed."""
    if route == "wheel":
        wheel.put(folder)
    with running() as terminals:
        for step in ROUTES[route]:
            began = time.monotonic()
            take(step, folder / step.folder, terminals)
            yield Timed(step=step, seconds=time.monotonic() - began)


def take(step: Step, folder: Path, terminals: list["subprocess.Popen[str]"]) -> None:
    """One step. Raises StepFailed."""
    if step.writes:
        (folder / step.words).write_text(TASK, encoding="utf-8")
        return
    words = step.words.replace("JOBLINE", str(BESIDE)).replace("python3.11", sys.executable)
    if step.stays:
        terminal = subprocess.Popen(
            [*words.split(), f"ARGS={ANY_PORTS}"],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        terminals.append(terminal)
        _until(terminal, "Jobline is up.", step)
        return
    ended = subprocess.run(  # noqa: S602 - our own words, as a person types them
        words,
        shell=True,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if ended.returncode:
        raise StepFailed(f"{step.words}: status {ended.returncode}\n{ended.stdout}{ended.stderr}")
    if "--wait" in words and json.loads(ended.stdout) != RESULT:
        raise StepFailed(f"{step.words}: {ended.stdout!r}, not {RESULT!r}")


def environment() -> dict[str, str]:
    """A new user's: nothing that leads to this clone, or to a stage."""
    ours = ("JOBLINE_", "AWS_", "PYTHONPATH", "VIRTUAL_ENV", "MAKE", "MFLAGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _until(terminal: "subprocess.Popen[str]", words: str, step: Step) -> None:
    said = []
    assert terminal.stdout is not None
    for line in terminal.stdout:
        said.append(line)
        if words in line:
            return
    raise StepFailed(f"{step.words}: ended with\n{''.join(said[-30:])}")


@contextmanager
def running() -> "Iterator[list[subprocess.Popen[str]]]":
    """Terminals in which something runs on; all of it is ended here."""
    terminals: list[subprocess.Popen[str]] = []
    try:
        yield terminals
    finally:
        for terminal in terminals:
            if terminal.poll() is None:
                os.killpg(terminal.pid, signal.SIGINT)
            terminal.communicate(timeout=60)


def table(timed: Sequence[Timed]) -> str:
    """As docs/first-five-minutes.md has it."""
    rows = [
        f"| {'write ' if one.step.writes else ''}`{one.step.words}` | {one.seconds:.1f} |" for one in timed
    ]
    total = sum(one.seconds for one in timed)
    return "\n".join(["| step | seconds |", "|---|---|", *rows, f"| {len(timed)} steps | {total:.1f} |"])


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m bench.first_five", description="Time the first five minutes."
    )
    options.add_argument("--from", dest="route", choices=sorted(ROUTES), default="wheel")
    given = options.parse_args()
    timed = []
    with TemporaryDirectory() as folder:
        try:
            for one in walk(given.route, Path(folder)):
                print(f"{one.seconds:7.1f} s  {one.step.words}", file=sys.stderr, flush=True)
                timed.append(one)
        except StepFailed as failed:
            sys.exit(str(failed))
    print(table(timed))


if __name__ == "__main__":
    main()
