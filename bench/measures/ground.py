"""The pipeline as it is on Lambda, before somebody who answers everything: real adapters, one task that does nothing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bench.quick.cloud import QuickCloud, spoken_to
from chalicelib import wiring
from chalicelib.adapters.memory import MemoryApiKeys
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Options, Registry
from chalicelib.settings import Settings

TEXT = "x" * 280


def noop(text: str) -> None:
    """Nothing."""


@contextmanager
def ground() -> Iterator[tuple[Parts, Settings]]:
    """Wired, so that the doors use it. API keys are twins': a warm function remembers them anyway."""
    registry = Registry()
    registry.add(noop, None, Options())
    quiet, level = logging.getLogger(), logging.getLogger().level
    with QuickCloud(remembers=False) as cloud, spoken_to(cloud):
        settings = Settings.from_env({"JOBLINE_APP": "measure", "JOBLINE_STAGE": "s1"})
        parts = replace(wiring.build(settings), registry=registry, api_keys=MemoryApiKeys())
        before = wiring.use(parts)
        quiet.setLevel(logging.ERROR)
        try:
            yield parts, settings
        finally:
            quiet.setLevel(level)
            wiring.use(before)
