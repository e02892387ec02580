"""`jobline up`: the whole of Jobline on this machine, until Ctrl-C."""

import json
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from infra.stack import StackFailed
from jobline.cli.connection import STATE_FILE, forget_state, write_state
from jobline.cli.out import working
from jobline.cli.welcome import welcome
from jobline.client import Client
from jobline.local.emulator import EmulatorFailed
from jobline.local.ports import PortBusy
from jobline.local.stack import LocalStack
from jobline.local.supervised import DidNotStart

BUSY = 2  # exit status
WHILE = 3600.0  # seconds of one wait; any number does

PORT = click.IntRange(0, 65535)


@click.command()
@click.option(
    "--port", default=8000, type=PORT, show_default=True, help="The API's port; 0 for any free one."
)
@click.option(
    "--emulator-port",
    default=4566,
    type=PORT,
    show_default=True,
    help="The AWS emulator's port; 0 for any free one.",
)
@click.option(
    "--tasks",
    default="chalicelib.tasks",
    show_default=True,
    metavar="MODULE[,MODULE]",
    help="Where your @task functions are.",
)
@click.option(
    "--log-dir",
    default="build/local/logs",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the processes' logs go.",
)
@click.option("--json", "as_json", is_flag=True, help="Say the same as one line of JSON, for scripts.")
def up(port: int, emulator_port: int, tasks: str, log_dir: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Run API, queues, table, consumers and tick on this machine, until Ctrl-C.

    Needs no AWS account, no Docker and no network. Everything listens on 127.0.0.1 alone, and is forgotten at the end.
    """
    _end_in_order()
    out, err = Console(soft_wrap=True, highlight=False), Console(stderr=True, soft_wrap=True, highlight=False)

    def say(line: str) -> None:
        (err if as_json else out).print(line, markup=False, style="yellow")
        write_state(_facts(stack))

    stack = LocalStack(port=port, emulator_port=emulator_port, tasks=tasks, log_dir=log_dir, say=say)
    try:
        with ExitStack() as ending:
            with working("starting the emulator, the table and the queues, the consumer, the tick, the API"):
                ending.enter_context(stack)
            _greet(stack, out, as_json=as_json)
            while not stack.failed.wait(WHILE):
                pass
            status = 1
    except KeyboardInterrupt:
        status = 0
    except PortBusy as busy:
        err.print(f"jobline up: {busy}", markup=False)
        status = BUSY
    except (EmulatorFailed, StackFailed, DidNotStart) as error:
        err.print(f"jobline up: {error}", markup=False)
        status = 1
    forget_state(stack.api_key)
    if status == 0 and not as_json:
        out.print("stopped")
    sys.exit(status)


def _end_in_order() -> None:
    """Let every way of asking be Ctrl-C: also a shell's SIGINT for a job in the background, which is ignored by default."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means it
            signal.signal(number, signal.default_int_handler)


def _greet(stack: LocalStack, out: Console, *, as_json: bool) -> None:
    write_state(_facts(stack))
    if as_json:
        click.echo(json.dumps(_facts(stack)))
        return
    with Client(stack.api_url, key=stack.api_key) as client:
        known = client.call("GET", "/tasks")["tasks"]
    welcome(_facts(stack), known, out)


def _facts(stack: LocalStack) -> dict[str, Any]:
    return {
        "api_url": stack.api_url,
        "docs_url": f"{stack.api_url}/docs",
        "api_key": stack.api_key,
        "emulator_url": stack.emulator_url,
        "log_dir": str(stack.log_dir),
        "state_file": str(STATE_FILE.resolve()),
        "pids": {"up": os.getpid(), **stack.pids},
        "environment": {
            name: value for name, value in stack.environment.items() if name.startswith(("AWS_", "JOBLINE_"))
        },
    }
