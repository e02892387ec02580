"""What a crawl came to: a page of Markdown for people, and figures for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from examples.crawler.frontier import Crawl, Found


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures, and where the page is."""

    pages: int
    words: int
    moved: int
    broken: int
    levels: int
    outside: int  #: links to other sites, which nobody followed
    left_out: int
    page: str


def summary(crawl: Crawl, page: str) -> Summary:
    """The figures of a crawl."""
    good = _pages(crawl)
    return Summary(
        pages=len(good),
        words=sum(one.reading.words for one in good),
        moved=sum(one.reading.moved for one in crawl.found),
        broken=sum(bool(one.reading.problem) for one in crawl.found),
        levels=1 + max((one.depth for one in crawl.found), default=0),
        outside=sum(one.reading.outside for one in crawl.found),
        left_out=crawl.left_out,
        page=page,
    )


def markdown(crawl: Crawl) -> str:
    """Pages, titles, words; then what moved, and what is broken and who leads there."""
    good, told = _pages(crawl), summary(crawl, "")
    parts = [
        f"# {crawl.start}",
        f"{told.pages} pages with {told.words:,} words in {told.levels} levels; {told.moved} addresses moved, "
        f"{told.broken} are broken; {told.outside} links lead to other sites."
        + (f" {told.left_out} more addresses were left out." if told.left_out else ""),
        _table(
            ("page", "level", "title", "words", "links"),
            (
                (_path(one.url), one.depth, one.reading.title, one.reading.words, len(one.reading.links))
                for one in good
            ),
        ),
    ]
    moved = [
        (_path(one.url), one.reading.title.removeprefix("moved to "))
        for one in crawl.found
        if one.reading.moved
    ]
    broken = [
        (_path(one.url), one.reading.problem, ", ".join(_linking(crawl, one.url)))
        for one in crawl.found
        if one.reading.problem
    ]
    if moved:
        parts += ["## Moved", _table(("address", "to"), moved)]
    if broken:
        parts += ["## Broken links", _table(("address", "why", "linked from"), broken)]
    return "\n\n".join(parts) + "\n"


def _pages(crawl: Crawl) -> list[Found]:
    return [one for one in crawl.found if not one.reading.problem and not one.reading.moved]


def _linking(crawl: Crawl, url: str) -> list[str]:
    return [_path(one.url) for one in crawl.found if url in one.reading.links]


def _path(url: str) -> str:
    """The address within the site."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    """A page's title is a stranger's text: it must not end the cell, nor become a tag."""
    text = " ".join(str(value).split())
    for mark in "\\|[]<>`":
        text = text.replace(mark, f"&#{ord(mark)};")
    return text
