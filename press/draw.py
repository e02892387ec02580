"""Draw the Mermaid blocks of the laid-out pages as SVG files, light and dark: `python -m press.draw`, with the site's own Python.

Readers' browsers load no script for them, and none is needed here: mmdr is Mermaid in Rust.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import mmdr

SOURCE = Path(__file__).parents[1] / "build" / "docs" / "source"
_BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FONT = "Arial, Helvetica, sans-serif"  # the widths that the drawer knows by heart
INK = {
    "light": ("#ffffff", "#eef3fc", "#0b57d0", "#1f2328", "#57606a"),
    "dark": ("#131416", "#1f2937", "#8ab4f8", "#e6e6e6", "#9aa0a6"),
}
"""Ground, box, its edge, words, lines: of Furo's two grounds."""
SWAPPED = {"fill:#ffffff": "fill:#1f2937", "color:#57606a": "color:#e6e6e6"}
"""Colours that a workflow's graph brings with it are a light page's."""


def theme(kind: str) -> str:
    """What makes a drawing one of ours, as Mermaid's own directive."""
    ground, box, edge, words, lines = INK[kind]
    of = {
        ground: ("background", "edgeLabelBackground", "labelBackgroundColor", "clusterBkg"),
        box: (
            "primaryColor",
            "secondaryColor",
            "tertiaryColor",
            "mainBkg",
            "actorBkg",
            "noteBkgColor",
            "activationBkgColor",
        ),
        edge: ("primaryBorderColor", "nodeBorder", "actorBorder", "noteBorderColor", "activationBorderColor"),
        words: (
            "primaryTextColor",
            "textColor",
            "labelColor",
            "transitionLabelColor",
            "stateLabelColor",
            "noteTextColor",
            "actorTextColor",
            "signalTextColor",
            "loopTextColor",
            "titleColor",
        ),
        lines: (
            "lineColor",
            "transitionColor",
            "signalColor",
            "actorLineColor",
            "specialStateColor",
            "labelBoxBorderColor",
        ),
    }
    variables = {name: colour for colour, names in of.items() for name in names}
    look = {
        "theme": "base",
        "fontFamily": FONT,
        "themeVariables": {**variables, "fontFamily": FONT, "fontSize": "14px"},
    }
    return f"%%{{init: {json.dumps(look)}}}%%\n"


def svg(mermaid: str, kind: str) -> str:
    """One drawing, as wide as it is; without shadows."""
    if kind == "dark":
        for light, dark in SWAPPED.items():
            mermaid = mermaid.replace(light, dark)
    drawn = mmdr.render(theme(kind) + mermaid).svg()
    found = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', drawn)
    if found is None:
        raise ValueError(f"no picture came of: {mermaid[:80]}")
    sized = drawn.replace('width="100%"', f'width="{float(found[1]):.0f}" height="{float(found[2]):.0f}"', 1)
    return re.sub(r"filter:drop-shadow\([^;}]*;?", "", sized)


def draw(source: Path) -> int:
    """Draw them all; how many there were."""
    return sum(_draw_page(page, source) for page in sorted(source.rglob("*.md")))


def _draw_page(page: Path, source: Path) -> int:
    text = page.read_text(encoding="utf-8")
    drawn, count = _BLOCK.subn(lambda block: _pictures(block[1], source), text)
    if count:
        page.write_text(drawn, encoding="utf-8")
    return count


def _pictures(mermaid: str, source: Path) -> str:
    """The block's two pictures, named by their content."""
    name = hashlib.sha256(mermaid.encode()).hexdigest()[:16]
    lines = []
    for kind in INK:
        file = source / "drawings" / f"{name}-{kind}.svg"
        file.parent.mkdir(exist_ok=True)
        file.write_text(svg(mermaid, kind), encoding="utf-8")
        lines += [
            f"```{{image}} /drawings/{file.name}",
            f":class: only-{kind} drawing",
            f":alt: {_said(mermaid)}",
            "```",
            "",
        ]
    return "\n".join(lines)


def _said(mermaid: str) -> str:
    """The picture in words: its arrows."""
    arrows = [line.strip() for line in mermaid.splitlines() if re.search(r"-->|->>|-\)", line)]
    return "; ".join(arrows)[:1500] or "a drawing"


if __name__ == "__main__":
    print(f"{draw(SOURCE)} drawings")
    sys.exit(0)
