"""What a handler answers: a status, a JSON value, headers; and what every answer carries for safety."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import msgspec

from chalicelib.domain.lean import dataclass

JSON = "application/json"

SAFE: Mapping[str, str] = {
    "Cache-Control": "no-store",  # answers hold one tenant's data
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of every answer. No CORS header is among them: browsers of other sites get nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer. `body` is a JSON value (`msgspec.Raw` for JSON that is text already), or the text itself if it is no JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON

    def text(self) -> str:
        """The body as it is sent."""
        if self.status == 204:
            return ""
        if self.content_type.partition(";")[0].endswith("json"):
            return msgspec.json.encode(self.body).decode()
        return str(self.body)
