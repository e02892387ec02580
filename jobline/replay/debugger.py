"""pdb, which stops on the first line of a task's function, whatever kind of function it is, or where it failed."""

import pdb  # noqa: T100 - it is what this is for
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, TracebackType
from typing import Any


@contextmanager
def stopping_in(function: Callable[..., Any]) -> Iterator[None]:
    """Within, the debugger waits for this function to be entered, in this thread.

    By a breakpoint and not by `runcall`, which would stop in the event loop for a coroutine, and in our own code for a generator.
    """
    code: CodeType = function.__code__
    debugger = pdb.Pdb()
    if wrong := debugger.set_break(code.co_filename, code.co_firstlineno, funcname=code.co_name):
        raise ValueError(wrong)
    debugger.botframe = sys._getframe()  # noqa: SLF001 - as `bdb.Bdb.set_trace` does
    debugger.set_continue()
    sys.settrace(debugger.trace_dispatch)
    try:
        yield
    finally:
        sys.settrace(None)
        debugger.clear_all_breaks()  # they are the class's, not this debugger's


def look_at(trace: TracebackType | None) -> None:
    """The debugger, at the place where it failed."""
    if trace is not None:
        pdb.post_mortem(trace)
