"""What a request is called in a story."""

from urllib.parse import urlsplit


def label(method: str, url: str) -> str:
    """`POST https://api.example.com/charges`. Without the query, where secrets may be."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{method} {parts.scheme}://{host}{parts.path or '/'}"
