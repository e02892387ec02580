"""A small line chart as SVG: what grows with what. By hand, so that whoever gets it needs nothing but a browser."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 90, 30, 50, 60
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44")
"""Told apart by people who see no red or green too: personal.sron.nl/~pault."""
FONT = 'font-family="sans-serif" font-size="13"'

Points = Sequence[tuple[float, float]]


def svg(title: str, across: str, lines: Mapping[str, Points]) -> str:
    """The chart, from zero on both axes; a straight line from its corner is a cost that grows with the number and no faster."""
    every = [point for points in lines.values() for point in points]
    most_x, most_y = max(x for x, _ in every), max(y for _, y in every)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (WIDTH - LEFT - RIGHT) * x / most_x,
            HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / most_y,
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="26" font-weight="bold" {FONT}>{escape(title)}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 14}" text-anchor="end" {FONT}>{escape(across)}</text>',
    ]
    for quarter in range(5):
        x, y = place(most_x * quarter / 4, most_y * quarter / 4)
        parts += [
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>',
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {FONT}>{most_y * quarter / 4:,.0f}</text>',
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" {FONT}>{most_x * quarter / 4:,.0f}</text>',
        ]
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        placed = [place(x, y) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in placed]
        parts.append(
            f'<text x="{LEFT + 12}" y="{TOP + 18 * number + 6}" fill="{colour}" {FONT}>{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
