"""What hands a lane's messages to its consumer, as a set of lanes that are off."""

from chalicelib.lanes import LANES
from chalicelib.pipeline.ports import Feed


class MemoryFeeds:
    """The twin of `LambdaFeeds`. Whoever delivers here asks `look` first."""

    def __init__(self) -> None:
        self.off: set[str] = set()
        self.changing: set[str] = set()  #: for tests: lanes that are being changed by others

    def look(self, lane: str) -> Feed:
        """Whether the lane is fed."""
        if lane not in LANES:
            return Feed.ABSENT
        if lane in self.changing:
            return Feed.CHANGING
        return Feed.OFF if lane in self.off else Feed.ON

    def turn(self, lane: str, *, on: bool) -> None:
        """Turn it on or off, at once."""
        (self.off.discard if on else self.off.add)(lane)
