"""Three ways to run a task: `thread` for plain functions, `loop` for `async def`, `child` for `cpu=True`.

All three run it by `pipeline.outcome`, so what happened is named alike wherever it happened. None of them keeps time: the attempt
does, through `finished`, `soften` and `stop`. What each can promise when time is over:

              soft limit                                                      hard limit
    thread    raised inside it, as soon as it runs Python again               left alone; its outcome is discarded
    loop      raised at its `await`, the way a cancellation is                cancelled; left alone if it swallows that or never awaits
    child     raised inside it, as soon as it runs Python again; ends sleeps  killed with its children, and waited for

`thread` is one file; `loop` has `background`, where the loop runs, and `throwable`. A child takes more: `child` is the attempt's side,
`nest` starts and keeps the process that children are forked from, `template` is that process, `kernel` what it asks of Linux, `inside`
is what a child does, `wire` and `relay` carry words between them, `fate` finds words for how a child ended.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chalicelib.adapters.late import late
from chalicelib.adapters.runners.loop import LoopRunner
from chalicelib.adapters.runners.thread import ThreadRunner
from chalicelib.pipeline.ports import Runner
from chalicelib.pipeline.task import Kind, Registry

if TYPE_CHECKING:
    from chalicelib.adapters.runners.child import ChildRunner

__all__ = ["LoopRunner", "ThreadRunner", "runners"]


def runners(registry: Registry, modules: Sequence[str]) -> Mapping[Kind, Runner]:
    """A runner for each kind of task. Nothing is started before the first task of its kind; `modules` are imported in the template."""
    return {
        Kind.THREAD: ThreadRunner(registry),
        Kind.LOOP: LoopRunner(registry),
        Kind.PROCESS: late(lambda: _children(modules, registry)),
    }


def _children(modules: Sequence[str], registry: Registry) -> "ChildRunner":
    from chalicelib.adapters.runners.child import (
        ChildRunner,  # half of all that is here, for tasks with `cpu=True` alone
    )

    return ChildRunner(modules, registry)
