"""How far a crawl is: what was found, and what to fetch next. Pure: the same findings lead to the same next level."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from examples.crawler.addresses import absolute
from examples.crawler.reading import Reading

LEVEL = 100
"""The most addresses of one level; what is more belongs to the next. A workflow has up to 1,000 nodes, and a visit is three."""

ROUNDS = 11
"""The most levels, one after the other. Each is two jobs that wait for the next one, and no more than 32 jobs may wait for each other; so
there is room for a workflow around the crawl."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of one address."""

    url: str
    depth: int
    reading: Reading


@dataclass(frozen=True, kw_only=True)
class Due:
    """An address that is to be fetched, and so many links away from the start."""

    url: str
    depth: int


@dataclass(frozen=True, kw_only=True)
class Crawl:
    """All that a crawl knows. `todo` is to be fetched now, side by side, `later` after that; each address is in one place, once."""

    start: str
    deepest: int
    most: int
    rounds: int = ROUNDS  #: so many more levels
    todo: tuple[Due, ...] = ()
    later: tuple[Due, ...] = ()
    found: tuple[Found, ...] = ()
    left_out: int = 0  #: addresses that were deeper, or more, than asked for or possible


def begin(start: str, *, deepest: int, most: int) -> Crawl:
    """A crawl that has not fetched anything. Raises ValueError for a start that is no web address."""
    url = absolute(start, start)
    if url is None:
        raise ValueError(f"{start!r} is no web address")
    return Crawl(start=url, deepest=deepest, most=most, todo=(Due(url=url, depth=0),))


def after(crawl: Crawl, readings: Sequence[Reading]) -> Crawl:
    """The crawl once `todo` is fetched. A reading for each of its addresses, in their order."""
    found = [
        Found(url=due.url, depth=due.depth, reading=reading)
        for due, reading in zip(crawl.todo, readings, strict=True)
    ]
    known = {one.url for one in crawl.found} | {one.url for one in (*crawl.todo, *crawl.later)}
    fresh: dict[str, Due] = {}
    for one in found:
        for link in one.reading.links:
            if link not in known:
                fresh.setdefault(link, Due(url=link, depth=one.depth + 1))
    near = [due for due in fresh.values() if due.depth <= crawl.deepest]
    taken = near[: max(0, crawl.most - len(known))]
    waiting, cut_off = (*crawl.later, *taken), 0
    if crawl.rounds <= 1:
        waiting, cut_off = (), len(waiting)
    return replace(
        crawl,
        rounds=crawl.rounds - 1,
        todo=waiting[:LEVEL],
        later=waiting[LEVEL:],
        found=(*crawl.found, *found),
        left_out=crawl.left_out + len(fresh) - len(taken) + cut_off,
    )
