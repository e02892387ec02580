"""A test to paste: the user's own test, renamed, its one call told which schedule to play."""

import ast
import inspect
import re
import textwrap
from types import FrameType

from jobline.testing.faults import Schedule


def test_to_paste(frame: FrameType, schedule: Schedule) -> str | None:
    """The source of the test that runs in this frame, with `schedule=` in the call that it is at. None: there is no such source."""
    name = frame.f_code.co_name
    try:
        lines, first = inspect.getsourcelines(frame.f_code)
    except (OSError, TypeError):
        return None
    source = "".join(lines)
    end = _end_of_call(source, frame, first)
    if not name.startswith("test") or end is None:
        return None
    data = source.encode()
    before, after = data[: end - 1].rstrip(), data[end - 1 :]
    comma = b"" if before.endswith((b",", b"(")) else b","
    told = before + comma + f' schedule="{schedule}"'.encode() + after
    suffix = re.sub(r"\W", "_", str(schedule)) or "calm"
    return re.sub(rf"\bdef {name}\b", f"def {name}_{suffix}", told.decode(), count=1)


test_to_paste.__test__ = False  # type: ignore[attr-defined]  # it only looks like one to pytest


def _end_of_call(source: str, frame: FrameType, first: int) -> int | None:
    """How many bytes into the source the call ends that the frame is at."""
    at = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    margin = len(source) - len(source.lstrip())
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.end_lineno and node.end_col_offset is not None:
            here = (node.lineno + first - 1, node.end_lineno + first - 1)
            columns = (node.col_offset + margin, node.end_col_offset + margin)
            if (here, columns) == ((at[0], at[1]), (at[2], at[3])):
                whole = source.encode().splitlines(keepends=True)
                return sum(map(len, whole[: node.end_lineno - 1])) + columns[1]
    return None
