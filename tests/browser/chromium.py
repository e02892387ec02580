"""Which browser there is, and how it is started: headless, with a profile of its own, and speaking to nobody but the page's host."""

import os
import shutil

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)
HOW = "no browser: set CHROMIUM=/path/to/chromium, or install one (Debian: apt-get install chromium)"


def browser() -> str | None:
    """Where it is: what CHROMIUM says, or the first on PATH; None: nowhere."""
    given = os.environ.get("CHROMIUM")
    return shutil.which(given) if given else next(filter(None, map(shutil.which, NAMES)), None)
