"""What a start need not do: `regex` as re.compile and `Protocol` as typing's, at no cost to it, and no search for garbage in what stays.

A start defines some thirty patterns, and few first events use more than five: each is compiled when something is first looked for. What a
Protocol does beyond a plain class serves isinstance, which nobody asks of ours: for type checkers they are Protocols, and plain otherwise.
"""

import gc
import re
from typing import TYPE_CHECKING

__all__ = ["Protocol", "collect_again", "regex"]

if TYPE_CHECKING:
    from re import compile as regex
    from typing import Protocol
else:
    Protocol = object

    class regex:  # noqa: N801 - stands for a function
        """A pattern that is compiled at its first use."""

        def __init__(self, text: str, flags: int = 0) -> None:
            self._asked = text, flags

        def __getattr__(self, name: str) -> object:
            """What a compiled one has by that name, kept: the next use finds it without coming here."""
            if name.startswith(
                "__"
            ):  # nobody's business here: copying and the like ask for it, perhaps before __init__
                raise AttributeError(name)
            found = getattr(re.compile(*self._asked), name)
            setattr(self, name, found)
            return found


def collect_again() -> None:
    """Turn garbage collection on after much was made that stays: all of it is old now, or the next allocation would look through all of it."""
    gc.freeze()  # out of all generations,
    gc.unfreeze()  # and into the oldest
    gc.enable()
