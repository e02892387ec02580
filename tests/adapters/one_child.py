"""A program of one child, without a guard for `__main__`: run as `-c`, `-m` or a script, nothing of it may run again in the child."""

import signal
import sys

from chalicelib.adapters.runners.child import ChildRunner
from chalicelib.pipeline.task import Registry
from tests.adapters.calls import start
from tests.adapters.cases import register


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


# A shell starts its background jobs with Ctrl-C ignored; this program is to end by it all the same.
signal.signal(signal.SIGINT, signal.default_int_handler)
say("main is", __name__)
runner = ChildRunner(("tests.adapters.cases_in_child",), register(Registry()))
staying = None
if sys.argv[-1] == "stay":
    staying = start(runner, "child_with_a_grandchild", wait=True)
    _, pids = staying.line.next()
    [template] = [process.pid for process, _ in filter(None, [runner._nest._template])]
    say(pids, template)
say(start(runner, "child_echo", value="from the child").outcome())
if staying:
    staying.outcome()
