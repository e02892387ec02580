"""Reading a page: its title, how many words it has, where its links lead."""

from dataclasses import dataclass
from html.parser import HTMLParser

from examples.crawler.addresses import absolute, origin
from examples.crawler.fetching import Fetched

UNSEEN = frozenset({"script", "style", "template", "noscript"})


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What stands on a page. `links` are those to its own site, once each, in their order; `outside` counts the others."""

    title: str = ""
    words: int = 0
    links: tuple[str, ...] = ()
    outside: int = 0
    moved: bool = False
    problem: str = ""  #: why there is no page


def read(page: Fetched) -> Reading:
    """Read it. Of an address that moved, the new one is the only link."""
    if page.problem:
        return Reading(problem=page.problem)
    if page.moved_to is not None:
        links, outside = _sorted_out(page.url, [page.moved_to])
        return Reading(title=f"moved to {page.moved_to}", links=links, outside=outside, moved=True)
    found = _Page()
    found.feed(page.html)
    found.close()
    links, outside = _sorted_out(page.url, found.hrefs)
    title = " ".join("".join(found.title).split()) or page.kind
    return Reading(title=title, words=len(" ".join(found.text).split()), links=links, outside=outside)


def _sorted_out(base: str, hrefs: list[str]) -> tuple[tuple[str, ...], int]:
    """Our own addresses, and how many others."""
    urls = dict.fromkeys(url for href in hrefs if (url := absolute(base, href)) is not None)
    own = tuple(url for url in urls if origin(url) == origin(base))
    return own, len(urls) - len(own)


class _Page(HTMLParser):
    """Gathers what a person would see, and what they could click."""

    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.text: list[str] = []
        self.hrefs: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href is not None:
            self.hrefs.append(href)
        if tag == "title" or tag in UNSEEN:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text.append(data)
        elif self._inside[-1] == "title":
            self.title.append(data)
