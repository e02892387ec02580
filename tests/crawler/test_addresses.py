import pytest

from examples.crawler.addresses import NotOurs, absolute, allowed, origin

SITE = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("base", "link", "leads_to"),
    [
        ("http://a.example/x/y", "z", "http://a.example/x/z"),
        ("http://a.example/x/y", "../z?q=1#part", "http://a.example/z?q=1"),
        ("http://a.example/x", "#top", "http://a.example/x"),
        ("http://a.example", "/", "http://a.example/"),
        ("http://A.Example:80", "", "http://a.example/"),
        ("https://a.example/", "//B.example:443/c", "https://b.example/c"),
        ("http://a.example/", "/größe und mehr", "http://a.example/gr%C3%B6%C3%9Fe%20und%20mehr"),
        ("http://a.example/", "/once%20only", "http://a.example/once%20only"),
        ("http://a.example/", "http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://a.example/", "mailto:somebody@example.org", None),
        ("http://a.example/", "javascript:alert(1)", None),
        ("http://a.example/", "file:///etc/passwd", None),
        ("http://a.example/", "http://user@b.example/", None),
        ("http://a.example/", "http://b.example:port/", None),
        ("http://a.example/", "http://[::1/", None),
    ],
)
def test_addresses_that_are_the_same_are_written_the_same(base, link, leads_to):
    assert absolute(base, link) == leads_to


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:8081/",
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "https://127.0.0.1:8080/",
        "http://127.0.0.1:8080.evil.example/",
        "http://127.0.0.1:8080@evil.example/",
        "http://evil.example@127.0.0.1:8080/",
        "http://127.0.0.1:8080\\@evil.example/",
        "http://evil.example#http://127.0.0.1:8080/",
        "http://evil.example/?http://127.0.0.1:8080/",
        "http://2130706433:8080/",
        "http://0x7f000001:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "//127.0.0.1:8080/",
        "ftp://127.0.0.1:8080/",
        "file:///etc/passwd",
        "",
    ],
)
def test_nobody_but_an_allowed_site_is_asked(url):
    with pytest.raises(NotOurs):
        allowed(url, (SITE,))


def test_an_allowed_address_is_put_together_anew():
    assert allowed(" HTTP://127.0.0.1:8080/a b?c=\r\n d#e", (SITE,)) == f"{SITE}/a%20b?c=%20d"
    assert origin(f"{SITE}/a/b") == SITE


def test_without_a_list_nothing_is_allowed():
    with pytest.raises(NotOurs, match="no sites at all"):
        allowed(SITE, ())
