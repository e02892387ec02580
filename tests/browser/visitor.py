"""Somebody before the dashboard, and an eye on all that the browser has to say: errors, reports, dialogs, strange hosts, what is kept.

The page's clock stands still, as the API's does; both are moved by `wait`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request

from tests.browser.site import Site

EVERY = 3.0
"""Seconds after which a page looks again."""

PATIENCE = 400
"""Rounds to wait for requests that are under way."""

# What a program of somebody else's, on the page, could ask: it works in any world, and finds nothing.
KEPT = """async () => ({
  local: Object.entries(localStorage), session: Object.entries(sessionStorage), name: window.name,
  databases: (await indexedDB.databases()).map((one) => one.name), caches: await caches.keys(), state: history.state,
  workers: (await navigator.serviceWorker.getRegistrations()).length, address: location.href,
})"""
REPORTS = """addEventListener("securitypolicyviolation",
  (report) => console.error(`CSP report: ${report.violatedDirective} ${report.blockedURI} ${report.sample}`));"""
TURN = "() => new Promise((done) => { const line = new MessageChannel(); line.port1.onmessage = () => done(); line.port2.postMessage(0); })"
_REFUSED = re.compile(r"Failed to load resource: .*status of (\d+)")
_GONE = re.compile(r"Failed to load resource: net::ERR_")


class Visitor:
    """One person with one page, in a browser profile of their own."""

    def __init__(self, browser: Browser, site: Site, **how: Any) -> None:
        self.site = site
        self.context = browser.new_context(base_url=site.url, **how)
        self.context.add_init_script(REPORTS)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.asked: list[Request] = []
        #: statuses that the API may answer with; 0: it may be away
        self.expects: set[int] = set()
        self._open: set[Request] = set()
        self._wrong: list[str] = []
        self._token = ""
        self._listen()
        self.page.clock.install(time=site.now - timedelta(seconds=1))
        self.page.clock.pause_at(site.now)

    # ----------------------------------------------------------------------------------------------------------- watching

    def _listen(self) -> None:
        page = self.page
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._wrong.append(f"page error: {error}"))
        page.on("dialog", self._interrupted)
        page.on("request", self._sent)
        page.on("requestfinished", lambda request: self._open.discard(request))  # noqa: PLW0108 - a built-in cannot be marked, as Playwright does
        page.on("requestfailed", lambda request: self._open.discard(request))  # noqa: PLW0108
        page.on("download", lambda _: self._wrong.append("a download"))
        self.context.on("page", lambda _: self._wrong.append("another page"))

    def _interrupted(self, dialog: Dialog) -> None:
        self._wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _heard(self, said: ConsoleMessage) -> None:
        refused = _REFUSED.search(said.text)
        if refused and int(refused[1]) in self.expects:
            return
        if _GONE.search(said.text) and 0 in self.expects:
            return
        self._wrong.append(f"console {said.type}: {said.text}")

    def _sent(self, request: Request) -> None:
        self._open.add(request)
        self.asked.append(request)
        if not request.url.startswith((f"{self.site.url}/", "data:,")):
            self._wrong.append(f"strange host: {request.url}")
        if self._token and self._token in request.url:
            self._wrong.append("the key is in an address")

    def complaints(self) -> list[str]:
        """What the browser had to say, and what is kept in it."""
        kept = {**self.page.evaluate(KEPT), "cookies": self.context.cookies()}
        address = kept.pop("address")
        leaked = ["the key is in the page's address"] if self._token and self._token in address else []
        return [*self._wrong, *leaked, *(f"kept {name}: {value}" for name, value in kept.items() if value)]

    def good(self) -> None:
        """Leave. Raise unless there was nothing to complain of."""
        wrong = self.complaints()
        self.context.close()
        assert wrong == [], "\n".join(wrong)

    @property
    def sent(self) -> list[str]:
        """The changes asked for so far: `POST /jobs/…/cancel`."""
        return [
            f"{one.method} {urlsplit(one.url).path}"
            for one in self.asked
            if one.method not in ("GET", "HEAD", "OPTIONS")
        ]

    # -------------------------------------------------------------------------------------------------------------- doing

    def comes(self, path: str = "") -> None:
        """Open the dashboard, at one of its pages."""
        self.page.goto(f"/dashboard{f'#/{path}' if path else ''}")
        self.settle()

    def sign_in(self, token: str | None = None) -> None:
        """Give the key."""
        self._token = token or self.site.key
        self.page.get_by_label("API key").fill(self._token)
        self.page.get_by_role("button", name="Sign in").click()
        self.settle()

    def enters(self, path: str = "", *, token: str | None = None) -> None:
        """Open a page and sign in."""
        self.comes(path)
        self.sign_in(token)

    def goes(self, path: str) -> None:
        """Go to another page of it, by its address."""
        self.page.evaluate("(path) => { location.hash = `#/${path}`; }", path)
        self.settle()

    def wait(self, seconds: float = EVERY) -> None:
        """Time passes, for the page and for the API."""
        self.site.pass_time(seconds=seconds)
        self.page.clock.run_for(round(seconds * 1000))
        self.settle()

    def settle(self) -> None:
        """All that the page has asked for is there, and it has had its turn to show it."""
        quiet = 0
        for _ in range(PATIENCE):
            self.page.evaluate(TURN)
            quiet = 0 if self._open else quiet + 1
            if quiet >= 3:
                return
            if self._open:
                self.page.wait_for_timeout(10)
        raise AssertionError(f"still under way: {[one.url for one in self._open]}")

    def until(self, seen: Callable[[], Any]) -> None:
        """It is so at last: what is intercepted is heard of later than what the page does next."""
        for _ in range(PATIENCE):
            self.settle()
            if seen():
                return
            self.page.wait_for_timeout(10)
        raise AssertionError("it never was so")

    # ------------------------------------------------------------------------------------------------------------ looking

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    @property
    def text(self) -> str:
        """What stands on the page."""
        return self.main.inner_text()

    @property
    def heading(self) -> str:
        return self.main.locator("h1").inner_text()

    @property
    def said(self) -> str:
        """What the page last said of what it did."""
        return self.page.locator("#status").inner_text()

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.main).get_by_role("button", name=name, exact=True)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button."""
        self.button(name, within).first.click()
        self.settle()

    def does(self, key: str, times: int = 1) -> None:
        """Press a key."""
        for _ in range(times):
            self.page.keyboard.press(key)
        self.settle()

    def row(self, words: str) -> Locator:
        """The row of a table that says this."""
        return self.main.locator("tr", has_text=words)


Make = Callable[..., Visitor]
Facts = Mapping[str, Any]
