"""What Jobline's own tasks work with: the pipeline of the attempt that runs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chalicelib.pipeline.parts import Parts

_here: ContextVar[Parts] = ContextVar("jobline_parts_here")


def parts_here() -> Parts:
    """The pipeline that runs this built-in task. Raises LookupError anywhere else."""
    return _here.get()


@contextmanager
def lent(parts: Parts) -> Iterator[None]:
    """For a built-in task that runs within."""
    mark = _here.set(parts)
    try:
        yield
    finally:
        _here.reset(mark)
