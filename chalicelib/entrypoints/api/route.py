"""A route: everything that Chalice's registration, the door, the rights and OpenAPI need to know of it."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

import msgspec

from chalicelib.domain.lean import dataclass
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.request import Request


class NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """For routes that take no query parameters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One good answer that a route may give: what it means, its type, the headers it carries beyond those of all answers."""

    meaning: str
    shape: Any = None  #: a type that msgspec can make a schema of; None: no JSON
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)  #: name -> meaning
    texts: tuple[str, ...] = ()  #: further content types that a request can ask for


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    scope: str | None  #: what the API key must allow; None: no key is needed
    handler: Callable[[Request], Answer]
    summary: str
    replies: Mapping[int, Reply]
    query: type[msgspec.Struct] = NoQuery
    body: type[msgspec.Struct] | None = None  #: None: it takes none
    headers: Mapping[str, str] = field(
        default_factory=dict
    )  #: request headers that it reads: name -> meaning
    problems: tuple[int, ...] = ()  #: statuses of problems beyond those that follow from the fields above
    example: Any = None  #: a body, for the documentation

    @property
    def operation(self) -> str:
        """The name by which generated clients know it: the handler's."""
        return self.handler.__name__

    @property
    def names(self) -> tuple[str, ...]:
        """The names in its path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    def problem_statuses(self) -> tuple[int, ...]:
        """All statuses of problems that it may answer with."""
        found = {401, 422, 500, 503, *self.problems}
        if self.scope is not None:
            found |= {403, 429}
        if self.names:
            found.add(404)
        if self.method != "GET":
            found |= {400, 413, 415}
        return tuple(sorted(found))
