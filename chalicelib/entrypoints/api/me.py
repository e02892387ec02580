"""Who asks: what this API key is called, whose jobs it is about, and what it may do. The dashboard offers nothing that would be refused."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request


class KeyDocument(TypedDict):
    """An API key, without its secret."""

    id: str
    name: str
    tenant: str
    scopes: list[Literal["submit", "read", "operate", "admin"]]
    expires_at: Annotated[Time | None, Meta(description="null: it does not expire")]


def show_me(request: Request) -> Answer:
    """The key that asks."""
    key = request.key
    assert key is not None, "this route has a scope"
    body: KeyDocument = {
        "id": key.id,
        "name": key.name,
        "tenant": key.tenant,
        "scopes": sorted(key.scopes),  # type: ignore[arg-type] # keys are made with these scopes alone
        "expires_at": None if key.expires is None else rfc3339(key.expires),
    }
    return Answer(status=200, body=body)
