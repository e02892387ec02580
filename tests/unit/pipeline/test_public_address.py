"""A webhook goes to a public host by https and nowhere else, however its URL is dressed up."""

import pytest

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.public_address import address_of, is_public
from tests.unit.pipeline.urls import BAD, GOOD, NOT_PUBLIC, PUBLIC


def test_the_table_is_a_long_one():
    assert len(set(BAD) | set(GOOD)) >= 190
    assert not set(BAD) & set(GOOD)


@pytest.mark.parametrize("url", GOOD)
def test_a_public_url_is_taken_apart_as_it_will_be_asked_for(url):
    address = address_of(url)
    assert address.port == 443
    assert address.host == address.authority == url.split("/")[2].removesuffix(":443").lower()
    rest = url.split("/", 3)[3:]
    assert address.target == f"/{rest[0] if rest else ''}"


@pytest.mark.parametrize("loopback", [False, True])
def test_any_other_is_refused_without_repeating_it(loopback):
    told = {url: _refusal(url, loopback) for url in BAD}
    assert [url for url, said in told.items() if said is None or said[0] != "url"] == []
    assert [url for url, said in told.items() if len(url) >= 6 and url in said[1]] == []


def _refusal(url, loopback):
    """The argument that is refused and the words, or None."""
    try:
        address_of(url, loopback=loopback)
    except InvalidInput as refused:
        return refused.argument, str(refused)
    return None


def test_addresses_of_the_internet_are_public():
    assert [text for text in PUBLIC if not is_public(text)] == []


def test_all_others_are_not():
    assert [text for text in NOT_PUBLIC if is_public(text)] == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/hook", "http://localhost:8000/hook"])
def test_this_machine_may_be_named_only_where_that_is_allowed(url):
    address = address_of(url, loopback=True)
    assert (address.port, address.target, address.loopback) == (8000, "/hook", True)
    assert address.authority == url.split("/")[2]
    with pytest.raises(InvalidInput):
        address_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://localhost.evil.org/",
        "http://a.org/",
        "https://127.0.0.1/",
    ],
)
def test_and_even_there_nothing_but_this_machine(url):
    with pytest.raises(InvalidInput):
        address_of(url, loopback=True)
