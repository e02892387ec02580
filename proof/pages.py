"""Small pages: a group of a few children then has several, and every number of children is near a page's end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.pipeline import tick  # noqa: F401 - with it all of the workflows' modules are there
from chalicelib.pipeline.workflows import places

WHOLE = places.PAGE
"""A page as it is."""


@contextmanager
def paged(size: int) -> Iterator[None]:
    """Workflows with pages of that size, until the end of the block."""
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("chalicelib.pipeline.workflows.") and hasattr(module, "PAGE")
    ]
    before = places.PAGE
    try:
        for module in modules:
            module.PAGE = size  # type: ignore[attr-defined]
        yield
    finally:
        for module in modules:
            module.PAGE = before  # type: ignore[attr-defined]
