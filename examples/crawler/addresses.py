"""Which addresses are one and the same, and which of them may be fetched at all."""

from urllib.parse import quote, urljoin, urlsplit

SCHEMES = {"http": 80, "https": 443}
# What may stand in a path or a query as it is: their own marks, and what is escaped already.
PLAIN = "/;:@&=+$,!~*'()?%-._"


class NotOurs(Exception):
    """The address is of a site that nobody allowed us to fetch."""


def absolute(base: str, link: str) -> str | None:
    """Where a link on the page `base` leads, without the fragment; None: to nothing that HTTP could fetch."""
    try:
        found = urlsplit(urljoin(base, link.strip()))
        if found.scheme not in SCHEMES or not found.hostname or found.username is not None:
            return None
        return _origin(found.scheme, found.hostname, found.port) + _target(found.path, found.query)
    except ValueError:  # a port that is no number, half an IPv6 address
        return None


def origin(url: str) -> str:
    """Scheme, host and port: whose address it is. Raises `NotOurs` for what is no web address."""
    plain = absolute(url, url)
    if plain is None:
        raise NotOurs(f"{url!r} is no web address")
    return "/".join(plain.split("/", 3)[:3])


def allowed(url: str, sites: tuple[str, ...]) -> str:
    """The address to ask, if it is of one of these sites (as `origin` writes them). Raises `NotOurs`.

    A list, not a rule about what looks private: a page that we read, or a caller, must not choose whom this machine talks to. The
    address is put together anew, so that no other parser can read another host in it.
    """
    plain = absolute(url, url)
    for site in sites:
        if plain is not None and plain.startswith(site + "/"):
            return plain
    raise NotOurs(f"{url!r} is none of {', '.join(sites) or 'no sites at all'}")


def _origin(scheme: str, host: str, port: int | None) -> str:
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}" if port in (None, SCHEMES[scheme]) else f"{scheme}://{named}:{port}"


def _target(path: str, query: str) -> str:
    return quote(path or "/", safe=PLAIN) + (f"?{quote(query, safe=PLAIN)}" if query else "")
