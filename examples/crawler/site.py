"""The site that is crawled: served by the example itself, with all that makes crawling hard, in small."""

from dataclasses import dataclass
from html import escape
from http import HTTPStatus

from examples.demo.dice import dice
from examples.demo.site import Site, WebPage

WORDS = [
    "harbour",
    "lantern",
    "orchard",
    "gravel",
    "meadow",
    "copper",
    "thistle",
    "anchor",
    "willow",
    "ember",
    "saddle",
    "quarry",
]
TOPICS = ("bread", "glass")
PARTS = 3


@dataclass(frozen=True, kw_only=True)
class LinkedPage(WebPage):
    """A page with a title, some words, and links as they would stand in its HTML."""

    title: str
    links: tuple[str, ...] = ()
    words: int = 40

    def body(self) -> bytes:
        """The same at every request."""
        rng = dice(self.path)
        text = " ".join(rng.choice(WORDS) for _ in range(self.words))
        links = "".join(f'<li><a href="{escape(link)}">link</a></li>' for link in self.links)
        return (
            f"<!doctype html><html><head><title>{escape(self.title)}</title><style>b {{}}</style></head>"
            f"<body><p>{text}</p><ul>{links}</ul><script>var unseen = 1;</script></body></html>"
        ).encode()


def small_site(neighbour: str) -> list[WebPage]:
    """Some twenty addresses in four levels. `neighbour` is another site, to which some links lead: nobody is to ask it for anything."""
    return [
        LinkedPage(
            path="/",
            title="Home",
            links=(
                *(f"topic/{name}" for name in TOPICS),
                "/old",
                "/slow",
                "/flaky#details",
                "/loop/1",
                "/missing",
                "/down",
                "/way-out",
                f"{neighbour}/secrets",
                "mailto:somebody@example.org",
                "javascript:alert(1)",
                "#top",
            ),
        ),
        *(_topic(name) for name in TOPICS),
        *(_part(name, number) for name in TOPICS for number in range(1, PARTS + 1)),
        WebPage(path="/old", moved_to="/about?from=old"),
        LinkedPage(path="/about?from=old", title="About | us", links=("/", "/missing", "/old")),
        LinkedPage(path="/slow", title="Worth waiting for", seconds=1.0, links=("/",)),
        LinkedPage(path="/flaky", title="Third time lucky", busy=2, links=("/deep/1",)),
        *(
            LinkedPage(path=f"/loop/{n}", title=f"Round and round {n}", links=(f"/loop/{n % 3 + 1}",))
            for n in (1, 2, 3)
        ),
        LinkedPage(path="/deep/1", title="Deep", links=("./2",)),
        LinkedPage(
            path="/deep/2", title="Deeper", links=("/deep/1", "http://169.254.169.254/latest/meta-data/")
        ),
        WebPage(path="/missing", status=HTTPStatus.NOT_FOUND),
        WebPage(path="/down", status=HTTPStatus.INTERNAL_SERVER_ERROR),
        WebPage(path="/way-out", moved_to=f"{neighbour}/trap"),
    ]


def _topic(name: str) -> LinkedPage:
    return LinkedPage(
        path=f"/topic/{name}",
        title=f"All about {name}",
        links=("/", *(f"/topic/{name}/{number}" for number in range(1, PARTS + 1))),
        words=80,
    )


def _part(name: str, number: int) -> LinkedPage:
    """Neighbours on the shelf lead to each other."""
    return LinkedPage(
        path=f"/topic/{name}/{number}",
        title=f"{name.title()}, part {number}",
        links=(f"../{name}", f"{number % PARTS + 1}", f"/topic/{name}/{number}?#again"),
    )


def wrong_requests(site: Site, neighbour: Site, *, whole: bool) -> list[str]:
    """What a crawl should not have asked for, or not so often, or has left out although it was to crawl the whole; nothing, if all is right."""
    tries = {"/flaky": 3, "/down": 3}  # what fails is asked for again, as often as its task has attempts
    wrong = [f"the neighbour was asked for {path}" for path in neighbour.requests]
    for path in {*site.pages, *site.requests}:
        asked, wanted = site.requests[path], tries.get(path, 1) if path in site.pages else 0
        if asked != wanted and (asked or whole):
            wrong.append(f"{path} was asked for {asked} times, not {wanted}")
    return sorted(wrong)
