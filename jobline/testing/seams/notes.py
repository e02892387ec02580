"""What a task writes down of its job is an effect: it can be killed before it and after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.line import AttemptLine
from jobline.testing.effects import failing, wrapped
from jobline.testing.seams.patch import patched


@contextmanager
def notes() -> Iterator[None]:
    """`current_job().checkpoint(...)` and the record of `current_job().step(...)`; the step's own effects are effects as ever."""
    with (
        patched(AttemptLine, "save", lambda save: wrapped(save, _checkpoint, _unavailable)),
        patched(AttemptLine, "remember", lambda remember: wrapped(remember, _step, _unavailable)),
    ):
        yield


def _checkpoint(*_: Any) -> str:
    return "checkpoint"


def _step(_: AttemptLine, name: str, *__: Any) -> str:
    return f"record step {name}"


def _unavailable(*_: Any) -> Any:
    return failing(Unavailable)
