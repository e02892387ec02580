"""Small pages: a group of a few children then has several, and every number of children is near a page's end."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules

from chalicelib.pipeline import workflows
from chalicelib.pipeline.workflows import places

WHOLE = places.PAGE
"""A page as it is."""


@contextmanager
def paged(size: int) -> Iterator[None]:
    """Workflows with pages of that size, until the end of the block."""
    every = [import_module(f"{workflows.__name__}.{one.name}") for one in iter_modules(workflows.__path__)]
    modules = [module for module in every if hasattr(module, "PAGE")]
    before = places.PAGE
    try:
        for module in modules:
            module.PAGE = size  # type: ignore[attr-defined]
        yield
    finally:
        for module in modules:
            module.PAGE = before  # type: ignore[attr-defined]
