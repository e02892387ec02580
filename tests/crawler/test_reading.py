from examples.crawler.fetching import Fetched
from examples.crawler.reading import read

PAGE = """<!doctype html><title>Bread &amp;
  butter</title><style>not words</style><p>Four words of text</p>
<a href="/one">one</a> <a href="two#part">two</a> <a href="/one">one again</a> <a name="no link">nothing</a>
<a href="http://elsewhere.example/">away</a> <a href="mailto:x@y.example">mail</a><script>var also = "no words";</script>"""


def test_a_reading_has_what_a_person_would_see_and_could_click():
    found = read(Fetched(url="http://a.example/shelf/", html=PAGE, kind="text/html"))
    assert found.title == "Bread & butter"
    assert found.words == 4 + len(["one", "two", "one", "again", "nothing", "away", "mail"])
    assert found.links == ("http://a.example/one", "http://a.example/shelf/two")
    assert found.outside == 1


def test_what_is_no_html_has_its_kind_for_a_title():
    found = read(Fetched(url="http://a.example/a.png", kind="image/png"))
    assert (found.title, found.words, found.links) == ("image/png", 0, ())


def test_of_an_address_that_moved_the_new_one_is_the_only_link():
    found = read(Fetched(url="http://a.example/old", moved_to="/new"))
    assert (found.moved, found.links, found.outside) == (True, ("http://a.example/new",), 0)
    away = read(Fetched(url="http://a.example/old", moved_to="http://b.example/new"))
    assert (away.moved, away.links, away.outside) == (True, (), 1)


def test_html_that_is_broken_is_read_as_far_as_it_goes():
    assert read(Fetched(url="http://a.example/", html="<title>half <p>a <a href='/x")).links == ()
    assert read(Fetched(url="http://a.example/", html="<a href='/x'><title>t</p>")).links == (
        "http://a.example/x",
    )
