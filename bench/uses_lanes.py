"""Lanes, as their page in docs/ tells of them."""

from dataclasses import replace

from bench.ground import Ground, feature
from bench.uses import Begin
from chalicelib.adapters.memory import MemoryFeeds
from chalicelib.domain.lane import MINUTE
from chalicelib.pipeline.lane_control import SETTLED, pause, resume


@feature("a lane that is paused and goes on")
def paused(ground: Ground, begin: Begin) -> int:
    ground.parts = replace(ground.parts, feeds=MemoryFeeds())  # the emulator of this bench has no functions
    begin()
    for wish in (pause, resume):
        wish("low", by="somebody", parts=ground.parts)
        ground.later(SETTLED + 2 * MINUTE)
    return 1
