"""Pictures of every page, light, dark and on a phone, under build/screens/; and the one in the README.

    python -m tests.browser.screens [--readme]

`--readme` also writes docs/pictures/dashboard.png: the overview, light and dark side by side, small.
"""

import argparse
import logging
import re
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from chalicelib.adapters import json_log
from tests.browser.chromium import ARGS, HOW, browser
from tests.browser.furnished import Furnished, furnish
from tests.browser.pages import addresses
from tests.browser.site import Site, site
from tests.browser.visitor import EVERY, Visitor

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "screens"
README = ROOT / "docs" / "pictures" / "dashboard.png"
WIDTH = 1180
HEIGHT = 760
MOST_BYTES = 200_000
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "is_mobile": True, "device_scale_factor": 2},
}  # fmt: skip


def name_of(path: str, there: Furnished) -> str:
    """A file's name for an address: ids by what they are."""
    for kind, one in vars(there).items():
        path = re.sub(rf"(?<=/){re.escape(one)}\b", kind, path)
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")


def screens(running: Browser, shop: Site, there: Furnished, look: str) -> None:
    """Each page as it looks like that."""
    visitor = Visitor(running, shop, reduced_motion="reduce", **LOOKS[look])
    visitor.comes()
    (FOLDER / look).mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=FOLDER / look / "sign-in.png")
    visitor.sign_in()
    for path in addresses(visitor, there):
        visitor.goes(path)
        visitor.page.evaluate("() => document.activeElement.blur()")
        visitor.page.screenshot(path=FOLDER / look / f"{name_of(path, there)}.png", full_page=True)
    visitor.good()


def readme(running: Browser, shop: Site) -> None:
    """The overview, its left half light and its right half dark."""
    halves = []
    for look in ("light", "dark"):
        viewport = {"width": WIDTH, "height": HEIGHT}
        visitor = Visitor(running, shop, reduced_motion="reduce", color_scheme=look, viewport=viewport)
        visitor.enters()
        visitor.wait(EVERY)
        visitor.page.evaluate("() => document.activeElement.blur()")
        taken = FOLDER / f"readme-{look}.png"
        visitor.page.screenshot(path=taken)
        visitor.good()
        halves.append(Image.open(taken).convert("RGB"))
    light, dark = halves
    both = light.copy()
    both.paste(dark.crop((WIDTH // 2, 0, WIDTH, HEIGHT)), (WIDTH // 2, 0))
    README.parent.mkdir(exist_ok=True)
    both.quantize(128, dither=Image.Dither.NONE).save(README, optimize=True)
    if README.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{README} has {README.stat().st_size} bytes, more than {MOST_BYTES}")


def quiet(level: int = 0) -> None:
    """No log lines between the names of the pictures."""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.browser.screens")
    options.add_argument("--readme", action="store_true", help="write docs/pictures/dashboard.png too")
    given = options.parse_args()
    there = browser()
    if there is None:
        sys.exit(HOW)
    json_log.configure = quiet
    logging.disable(logging.CRITICAL)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play, site() as shop:
        stocked = furnish(shop)
        running = play.chromium.launch(executable_path=there, headless=True, args=ARGS)
        for look in LOOKS:
            screens(running, shop, stocked, look)
            print(f"{FOLDER / look}: {len(list((FOLDER / look).iterdir()))} pictures")
        if given.readme:
            readme(running, shop)
            print(f"{README}: {README.stat().st_size} bytes")
        running.close()


if __name__ == "__main__":
    main()
