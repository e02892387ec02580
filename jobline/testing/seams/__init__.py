"""Where a task meets the world: each seam makes one kind of call an effect, while it is open. A new kind is one line in `SEAMS`."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from jobline.testing.seams.aws import aws_calls
from jobline.testing.seams.http_client import http_client_calls
from jobline.testing.seams.named import Named, named_calls
from jobline.testing.seams.notes import notes
from jobline.testing.seams.submissions import submissions
from jobline.testing.seams.web import httpx_calls, requests_calls

Seam = Callable[[], AbstractContextManager[None]]

SEAMS: list[Seam] = [
    submissions,
    notes,
    aws_calls,
    requests_calls,
    httpx_calls,
    http_client_calls,
]


@contextmanager
def opened(effects: Sequence[Named] = ()) -> Iterator[None]:
    """Every seam is open. One of a library that is not installed has nothing to see."""
    with ExitStack() as stack:
        for seam in SEAMS:
            _open(seam, stack)
        stack.enter_context(named_calls(effects))
        yield


def _open(seam: Seam, stack: ExitStack) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library says when it is imported is not the task's doing
            stack.enter_context(seam())
    except ImportError:
        return
