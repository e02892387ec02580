"""The chart: a bar for each month, in layers for the regions. SVG by hand, so that whoever gets it needs nothing but a browser."""

from collections.abc import Iterator
from html import escape

from examples.sales.sums import Sums, money

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 90, 110, 40, 40
COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377")
"""Told apart by people who see no red or green too: personal.sron.nl/~pault."""

FONT = 'font-family="sans-serif" font-size="12"'


def svg(sums: Sums) -> str:
    """The chart of these sums. Each layer says what it is and what it comes to, when one points at it."""
    highest = max((sum(regions.values()) for regions in sums.cents.values()), default=0) or 1
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>Sales by month and region, {money(sums.total)} in all</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            *_scale(highest),
            *_bars(sums, highest),
            *_legend(sums),
            "</svg>",
        ]
    )


def _scale(highest: int) -> Iterator[str]:
    for quarter in range(5):
        y = _y(highest * quarter // 4, highest)
        yield f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#dddddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end" {FONT}>{highest * quarter // 400:,}</text>'


def _bars(sums: Sums, highest: int) -> Iterator[str]:
    step = (WIDTH - LEFT - RIGHT) / max(1, len(sums.cents))
    for number, (month, regions) in enumerate(sums.cents.items()):
        x, below = LEFT + step * (number + 0.15), 0
        for layer, region in enumerate(sums.regions):
            cents = regions.get(region, 0)
            top, bottom = _y(below + cents, highest), _y(below, highest)
            yield (
                f'<rect x="{x:.1f}" y="{top}" width="{step * 0.7:.1f}" height="{bottom - top:.1f}" fill="{_colour(layer)}">'
                f"<title>{escape(region)}, {month}: {money(cents)}</title></rect>"
            )
            below += cents
        yield f'<text x="{x + step * 0.35:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" {FONT}>{month[2:]}</text>'


def _legend(sums: Sums) -> Iterator[str]:
    for number, region in enumerate(sums.regions):
        x, y = WIDTH - RIGHT + 16, TOP + 22 * number
        yield f'<rect x="{x}" y="{y}" width="14" height="14" fill="{_colour(number)}"/>'
        yield f'<text x="{x + 20}" y="{y + 12}" {FONT}>{escape(region)}</text>'


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _y(cents: int, highest: int) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * cents / highest, 1)
