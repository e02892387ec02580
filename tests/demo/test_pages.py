import asyncio
from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus

import httpx
import pytest

from chalicelib import Retry
from examples.demo.site import Site, WebPage, default_pages
from examples.demo.tasks import fetch_url
from examples.demo.work.pages import Page, PageRefused, ServerTrouble

PAGES = [
    WebPage(path="/plain", size=5000),
    WebPage(path="/busy", busy=2),
    WebPage(path="/later", busy=1, retry_after=7),
    WebPage(path="/reset", resets=1),
    WebPage(path="/moved", moved_to="/plain"),
    WebPage(path="/broken", status=HTTPStatus.INTERNAL_SERVER_ERROR),
    WebPage(path="/gone", status=HTTPStatus.NOT_FOUND),
]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(PAGES) as running:
        yield running


def _fetch(site: Site, path: str) -> Page:
    return asyncio.run(fetch_url(site.url + path))


def test_a_fetched_page_is_what_the_site_serves(site):
    found = _fetch(site, "/plain")

    body = site.pages["/plain"].body()
    assert (found.status, found.bytes, found.sha256) == (200, len(body), sha256(body).hexdigest())
    assert found.content_type == "text/html"


def test_a_busy_page_is_worth_another_attempt_until_it_answers(site):
    for _ in range(2):
        with pytest.raises(ServerTrouble, match="503 Service Unavailable"):
            _fetch(site, "/busy")

    assert _fetch(site, "/busy").status == 200
    assert site.requests["/busy"] == 3


def test_a_page_that_says_when_to_come_back_is_asked_again_then(site):
    with pytest.raises(Retry, match="come back in 7 s") as asked:
        _fetch(site, "/later")

    assert asked.value.after is not None
    assert asked.value.after.total_seconds() == 7
    assert _fetch(site, "/later").status == 200


def test_a_reset_connection_is_worth_another_attempt(site):
    with pytest.raises(httpx.TransportError) as lost:
        _fetch(site, "/reset")

    assert fetch_url.retry.worth_another(lost.value)
    assert _fetch(site, "/reset").status == 200


def test_a_server_that_is_not_there_is_worth_another_attempt(site):
    with Site([]) as gone:
        url = gone.url

    with pytest.raises(httpx.TransportError) as lost:
        asyncio.run(fetch_url(url))
    assert fetch_url.retry.worth_another(lost.value)


def test_redirects_are_followed(site):
    found = _fetch(site, "/moved")

    assert found.url == site.url + "/plain"


@pytest.mark.parametrize(
    ("path", "error", "again"), [("/broken", ServerTrouble, True), ("/gone", PageRefused, False)]
)
def test_a_broken_server_is_asked_again_and_a_missing_page_is_not(site, path, error, again):
    with pytest.raises(error) as found:
        _fetch(site, path)

    assert fetch_url.retry.worth_another(found.value) is again


def test_an_address_that_the_site_does_not_know_is_missing(site):
    with pytest.raises(PageRefused, match="404"):
        _fetch(site, "/nothing/here")


def test_the_default_site_has_pages_in_every_kind_of_trouble():
    pages = default_pages()

    assert len({page.path for page in pages}) == len(pages) >= 140
    for trouble in ("busy", "retry_after", "resets", "seconds", "moved_to"):
        assert any(getattr(page, trouble) for page in pages), trouble
    assert sum(page.expect.outcome == "death" for page in pages) == 2
    moved = [page.moved_to for page in pages if page.moved_to]
    assert set(moved) <= {page.path for page in pages}
