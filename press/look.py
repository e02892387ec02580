"""Look at the built site as readers do: `python -m press.look`. Every page in headless Chromium, light, dark and at a phone's width.

Fails if a page logs to the console, asks another host for anything, misses something, or is wider than its window. Pictures of some go to
build/docs/screens. Needs Playwright and a Chromium, which the gate does not.
"""

import contextlib
import functools
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BUILT = Path(__file__).parents[1] / "build" / "docs"
CHROMIUM = "/usr/bin/chromium"
WINDOWS = {"light": (1280, 900), "dark": (1280, 900), "phone": (390, 844)}
KEPT = (
    "index.html",
    "lifecycle.html",
    "reference/http/jobs.html",
    "reference/python.html",
    "workflows.html",
    "tutorial/1-first-job.html",
    "concepts/claims.html",
    "concepts/joins.html",
    "comparison.html",
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's address on the loopback interface."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@dataclass
class Watch:
    """Listens to a tab, and remembers what is wrong with the page that it is at."""

    address: str
    window: str
    at: str = ""
    wrong: list[str] = field(default_factory=list)

    def listen(self, tab: Any) -> None:
        """From now on."""
        tab.on("console", lambda message: self.note(f"{message.type} {message.text}"))
        tab.on("pageerror", lambda error: self.note(str(error)))
        tab.on("request", self.asked)
        tab.on("response", self.answered)

    def note(self, trouble: str) -> None:
        """One thing that is wrong."""
        self.wrong.append(f"{self.at} ({self.window}): {trouble}")

    def asked(self, request: Any) -> None:
        """Nothing comes from another host."""
        if not request.url.startswith((self.address, "data:")):
            self.note(f"asks {request.url}")

    def answered(self, response: Any) -> None:
        """Nothing is missing."""
        if response.status >= 400:
            self.note(f"{response.status} {response.url}")


def look(browser: Any, address: str, pages: list[str]) -> list[str]:
    """What is wrong, a line each."""
    wrong: list[str] = []
    for window, (width, height) in WINDOWS.items():
        scheme = "dark" if window == "dark" else "light"
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        tab, watch = context.new_page(), Watch(address=address, window=window)
        watch.listen(tab)
        for page in pages:
            watch.at = page
            tab.goto(f"{address}/{page}", wait_until="load")
            wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                watch.note(f"{wide} pixels wider than the window")
            if page in KEPT:
                name = page.removesuffix(".html").replace("/", "-")
                tab.screenshot(path=BUILT / "screens" / f"{name}-{window}.png")
        context.close()
        wrong += watch.wrong
    return wrong


def main() -> int:
    """1 if something is wrong."""
    from playwright.sync_api import sync_playwright

    site = BUILT / "site"
    names = (file.relative_to(site).as_posix() for file in site.rglob("*.html"))
    pages = sorted(name for name in names if not name.startswith("_"))
    with served(site) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        wrong = look(browser, address, pages)
        browser.close()
    print("\n".join([*wrong, f"{len(pages)} pages, {len(WINDOWS)} windows, {len(wrong)} things wrong"]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
