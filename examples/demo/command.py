"""The command line of the demo. Exit status: 0 all as it should be, 1 not, 2 wrong use, 130 Ctrl-C."""

import argparse
import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console

from examples.demo.api import ApiTrouble
from examples.demo.folders import NotOurs
from examples.demo.report import Report
from examples.demo.run import BUILD, Choice, NothingToDo, run
from examples.demo.screen import Screen
from examples.demo.tables import print_report
from infra.stack import StackFailed
from jobline.local.emulator import EmulatorFailed
from jobline.local.ports import PortBusy
from jobline.local.supervised import DidNotStart

if TYPE_CHECKING:
    from jobline.local.stack import LocalStack

WIDTH = 120  # where there is no terminal to ask


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; the exit status."""
    options = _parser().parse_args(arguments)
    # With --json the report alone goes to standard output; what a person reads goes to the other stream.
    console = Console(stderr=options.json, highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    signal.signal(signal.SIGTERM, _terminated)
    choice = Choice(
        folder=options.dir and options.dir.expanduser().resolve(),
        out=(options.out or BUILD / "output").expanduser().resolve(),
        time_limit=options.time_limit,
    )
    if choice.folder is not None and not choice.folder.is_dir():
        console.print(f"{choice.folder} is not a folder", style="bold red", markup=False)
        return 2
    return _run(choice, console, as_json=options.json, keep=options.keep)


def _run(choice: Choice, console: Console, *, as_json: bool, keep: bool) -> int:
    def present(report: Report, stack: "LocalStack") -> None:
        print_report(console, report)
        if as_json:
            print(json.dumps(report.as_json(), indent=1), flush=True)
        if keep:
            _stay(console, stack)

    try:
        report = run(choice, Screen(console), present)
    except KeyboardInterrupt:
        console.print("\nStopped. Nothing is left running.", style="bold yellow")
        return 130
    except (NothingToDo, NotOurs) as wrong:
        console.print(str(wrong), style="bold red", markup=False, soft_wrap=True)
        return 2
    except (ApiTrouble, DidNotStart, EmulatorFailed, PortBusy, StackFailed) as trouble:
        console.print(str(trouble), style="bold red", markup=False, soft_wrap=True)
        return 1
    return 0 if report.ok else 1


def _stay(console: Console, stack: "LocalStack") -> None:
    """Leave the stack running until Ctrl-C, for a closer look."""
    call = f"curl -H 'Authorization: Bearer {stack.api_key}' '{stack.api_url}/jobs?state=DEAD'"
    console.print(
        f"\nThe stack stays up until Ctrl-C. The dead jobs, for example:\n  {call}",
        markup=False,
        soft_wrap=True,
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print()


def _terminated(_number: int, _frame: FrameType | None) -> None:
    """As if by Ctrl-C: everything that was started is stopped on the way out."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo",
        description="A few hundred real jobs on one machine: thumbnails, CSV summaries, word counts, web pages and a mail.",
    )
    parser.add_argument(
        "--dir",
        type=Path,
        metavar="DIR",
        help="work on the files in DIR instead of the samples; DIR is only read",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"where to put the results (default: {BUILD / 'output'})"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON to standard output")
    parser.add_argument(
        "--keep", action="store_true", help="leave the stack running afterwards, until Ctrl-C"
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help="give up after so long (default: four minutes, and more for a large folder)",
    )
    return parser
