"""What the examples' commands do alike for whoever sits at the terminal: trouble in a sentence, and Ctrl-C at any time."""

import signal
from collections.abc import Callable
from types import FrameType

from rich.console import Console

from examples.one_job import TookTooLong
from infra.stack import StackFailed
from jobline.client import ClientError
from jobline.local.emulator import EmulatorFailed
from jobline.local.ports import PortBusy
from jobline.local.supervised import DidNotStart

WIDTH = 120  # where there is no terminal to ask
TROUBLE = (ClientError, DidNotStart, EmulatorFailed, PortBusy, StackFailed, TookTooLong)


def in_order(console: Console, story: Callable[[], int]) -> int:
    """The story's exit status; 1 for trouble, 130 for Ctrl-C, by which all that was started is stopped on the way out."""
    if not console.is_terminal:
        console.width = WIDTH
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return story()
    except KeyboardInterrupt:
        console.print("\nStopped. Nothing is left running.", style="bold yellow")
        return 130
    except TROUBLE as trouble:
        console.print(str(trouble), style="bold red", markup=False, soft_wrap=True)
        return 1


def _terminated(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
