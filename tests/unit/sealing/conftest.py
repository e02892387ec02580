from dataclasses import replace

import pytest

from chalicelib.adapters.memory.sealing import MemoryKeyService, memory_sealer
from tests.support.stage import Stage


class SealedStage(Stage):
    """A pipeline on twins that seals."""

    def __init__(self, **how):
        super().__init__(**how)
        self.kms = MemoryKeyService()
        self.reseal()

    def reseal(self, **how):
        """As a new process of the stage, after a deploy with these keys."""
        sealer = memory_sealer(self.parts.items, self.world, service=self.kms, **how)
        self.parts = replace(self.parts, sealer=sealer)


@pytest.fixture
def stage() -> SealedStage:
    return SealedStage()
