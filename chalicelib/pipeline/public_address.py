"""Where a webhook may go: https to a public host by its name, and nowhere else. Pure: what a name resolves to is looked up by others.

A caller names the address, and our functions stand inside an AWS account: without this guard anybody with an API key could ask the
metadata service, or a neighbour, through us. https://owasp.org/API-Security/editions/2023/en/0xa7-server-side-request-forgery/
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.late import regex
from chalicelib.domain.lean import dataclass

MAX_URL_CHARS = 2048

_PLAIN = regex(r"[\x21-\x7e]+")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = regex(rf"(?:{_LABEL}\.)+{_LABEL}")
_DIGITS = frozenset("0123456789")
"""No top-level domain begins with one; what does is an IPv4 address for those who are lenient: `0x7f.1`, `127.0.0.0x1`."""

_INWARD = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "onion",
    "invalid",
    "test",
    "example",
)
"""Endings of names that are nobody's on the Internet: https://www.iana.org/assignments/special-use-domain-names/"""

_UNICAST = ip_network("2000::/3")
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "192.88.99.0/24",  # the old relays of 6to4
            "2001::/23",  # Teredo among them: an IPv4 address in disguise
            "2001:db8::/32",
            "2002::/16",  # 6to4: as above
            "3fff::/20",
        ),
    )
)
"""What Python calls global, at least in some of its versions, and is not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A URL that was looked at: whom to ask for, and for what. `loopback`: plain HTTP on this machine, where that is allowed."""

    host: str
    port: int
    target: str
    loopback: bool = False

    @property
    def authority(self) -> str:
        """The Host header."""
        return f"{self.host}:{self.port}" if self.loopback else self.host


def address_of(url: str, *, loopback: bool = False) -> Address:
    """The address in a URL. Raises `InvalidInput` that names `url`. `loopback`: http://127.0.0.1 and localhost may be named too."""
    if len(url) > MAX_URL_CHARS:
        raise _wrong(f"more than {MAX_URL_CHARS} characters")
    if not _PLAIN.fullmatch(url) or "\\" in url:
        raise _wrong(
            "holds a character that no URL does; write other alphabets in Punycode, and %-encode the rest"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _wrong("cannot be read as a URL") from error
    if "#" in url:
        raise _wrong("has a fragment, which is never sent")
    if "@" in parts.netloc:
        raise _wrong("has credentials in it; every message is signed instead")
    host, target = (parts.hostname or "").lower(), _target(parts.path, parts.query)
    if loopback and parts.scheme == "http" and host in ("127.0.0.1", "localhost"):
        return Address(host=host, port=port or 80, target=target, loopback=True)
    if parts.scheme != "https":
        raise _wrong("is not https")
    if parts.netloc.lower() not in (host, f"{host}:443"):
        raise _wrong("names a port; only 443 is allowed")
    _check_host(host)
    return Address(host=host, port=443, target=target)


def _target(path: str, query: str) -> str:
    return f"{path or '/'}?{query}" if query else path or "/"


def _check_host(host: str) -> None:
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise _wrong("does not name a public host, such as hooks.example.com")
    if host.rpartition(".")[2][0] in _DIGITS:
        raise _wrong("names a host by its address; it needs a name")
    if any(host == ending or host.endswith(f".{ending}") for ending in _INWARD):
        raise _wrong("names a host that is not on the Internet")


def is_public(text: str) -> bool:
    """Whether this is the address of a host on the Internet: no private one, no special one, none that wraps another."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.scope_id is not None):
        return False
    if any(address.version == network.version and address in network for network in _NOT_PUBLIC):
        return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return _is_global(address) and not special


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_global and not address.is_private and not address.is_link_local and not address.is_loopback
    )


def _wrong(why: str) -> InvalidInput:
    return InvalidInput("url", why)
