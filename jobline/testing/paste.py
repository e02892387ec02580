"""A test to paste: the user's own test, renamed, its one call told which schedule to play."""

import ast
import inspect
import io
import re
import textwrap
from itertools import accumulate
from tokenize import COMMENT, ENDMARKER, NEWLINE, NL, generate_tokens
from types import FrameType

from jobline.testing.faults import Schedule


def as_a_test(frame: FrameType, schedule: Schedule) -> str | None:
    """The source of the test that runs in this frame, with `schedule=` in the call that it is at. None: there is no such source."""
    name = frame.f_code.co_name
    try:
        lines, first = inspect.getsourcelines(frame.f_code)
    except (OSError, TypeError):
        return None
    source = "".join(lines)
    span = _call(source, frame, first)
    if not name.startswith("test") or span is None:
        return None
    data = source.encode()
    call = _with_schedule(data[slice(*span)].decode(), schedule)
    told = data[: span[0]].decode() + call + data[span[1] :].decode()
    suffix = re.sub(r"\W", "_", str(schedule)) or "calm"
    return re.sub(rf"\bdef {name}\b", f"def {name}_{suffix}", told, count=1)


def _call(source: str, frame: FrameType, first: int) -> tuple[int, int] | None:
    """From which byte to which the source has the call that the frame is at."""
    at = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    margin = len(source) - len(source.lstrip())
    starts = [0, *accumulate(map(len, source.encode().splitlines(keepends=True)))]
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.end_lineno and node.end_col_offset is not None:
            begin, end = node.col_offset + margin, node.end_col_offset + margin
            if (node.lineno + first - 1, node.end_lineno + first - 1, begin, end) == at:
                return starts[node.lineno - 1] + begin, starts[node.end_lineno - 1] + end
    return None


def _with_schedule(call: str, schedule: Schedule) -> str:
    """The call with one argument more, after its last one and before the comments that may follow that."""
    tokens = [token for token in generate_tokens(io.StringIO(call).readline) if token.type not in _SILENT]
    last = tokens[-2]  # the very last is the closing bracket
    before = call.splitlines(keepends=True)[: last.end[0] - 1]
    at = sum(map(len, before)) + last.end[1]
    words = f' schedule="{schedule}",' if last.string == "," else f', schedule="{schedule}"'
    return call[:at] + words + call[at:]


_SILENT = {COMMENT, NL, NEWLINE, ENDMARKER}
