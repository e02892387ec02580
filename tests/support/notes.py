"""The notebook of an attempt that nobody makes: what is written in it goes nowhere."""

from typing import Any


class NoNotebook:
    """For tests of tasks that write nothing down."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a task that was to write nothing down called {name}")
