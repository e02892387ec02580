"""One request as the handlers see it: who asks, for what, by when; its query and body read already, by the route's own types."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import ApiKey

MOST_NAME = 60
"""Characters of a key's name that go into a row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Raw:
    """A request as it arrives. Header names are in lower case; `path` is the route's own, such as `/jobs/{id}`."""

    id: str
    method: str
    path: str
    names: Mapping[str, str]  #: what the names in the path stand for
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    signer: str | None = (
        None  #: the ARN of the AWS credentials that API Gateway has checked; nothing that a client sends becomes one
    )
    prefix: str = ""  #: what clients write before the path: API Gateway's stage or a domain's base path


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request that may be answered. `query` and `body` are values of the route's `query` and `body` types."""

    raw: Raw
    parts: Parts
    arrived: datetime
    key: ApiKey | None
    query: Any
    body: Any

    @property
    def id(self) -> str:
        """How the log knows this request."""
        return self.raw.id

    @property
    def tenant(self) -> str:
        """Whose jobs this is about: the key says so, nothing else does."""
        assert self.key is not None, "a route without a scope asked for the tenant"
        return self.key.tenant

    @property
    def who(self) -> str:
        """Who asks, in words: what is kept of whoever changes something."""
        assert self.key is not None, "a route that changes something without a key"
        return f"{self.key.name[:MOST_NAME]} ({self.key.id})"

    def name(self, of: str) -> str:
        """What a name in the path stands for."""
        return self.raw.names[of]

    def header(self, name: str) -> str | None:
        """A header's value."""
        return self.raw.headers.get(name.lower())
