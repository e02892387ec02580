"""A row of numbers as a row of bars, one character each."""

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float], width: int) -> str:
    """The bars, the highest value the highest; nothing is a space. Where there are more values than columns, neighbours are added up."""
    if not values or width < 1:
        return ""
    each = -(-len(values) // width)
    sums = [sum(values[start : start + each]) for start in range(0, len(values), each)]
    most = max(sums)
    return "".join(_bar(one, most) for one in sums)


def _bar(value: float, most: float) -> str:
    return " " if value <= 0 else BARS[min(len(BARS) - 1, int(value / most * len(BARS)))]
