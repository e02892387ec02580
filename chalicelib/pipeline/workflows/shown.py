"""How a workflow in Python shows itself: as it could have been written, and no longer than a line or two."""

from collections.abc import Iterable, Mapping, Sequence
from reprlib import Repr
from typing import Any

MOST = 4
"""How many of many are shown."""

LONGEST = 60
"""Characters of one value."""


def _short() -> Repr:
    short = Repr()
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = MOST
    short.maxstring = short.maxother = LONGEST
    short.maxlevel = 3
    return short


SHORT = _short()
"""How a value is shown."""


def call(name: str, *words: Iterable[str]) -> str:
    """`name(one, two)`."""
    return f"{name}({', '.join(word for some in words for word in some)})"


def several(values: Sequence[Any]) -> list[str]:
    """The first few, each as it shows itself; and how many more there are."""
    more = len(values) - MOST
    if more <= 1:
        return [repr(one) for one in values]
    return [*(repr(one) for one in values[:MOST]), f"... {more} more"]


def arguments(args: Sequence[Any], named: Mapping[str, Any]) -> list[str]:
    """Those by place, and those by name."""
    return [*map(SHORT.repr, args), *(f"{name}={SHORT.repr(one)}" for name, one in named.items())]
