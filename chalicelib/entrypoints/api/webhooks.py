"""Webhooks: a tenant's endpoints, and their secrets."""

from datetime import timedelta
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.notify import test_delivery
from chalicelib.pipeline.public_address import MAX_URL_CHARS
from chalicelib.pipeline.webhooks import (
    DEFAULT_EVENTS,
    MOST_DESCRIPTION,
    MOST_OVERLAP,
    OVERLAP,
    Endpoint,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    endpoint_of,
    endpoints,
    rotate_secret,
)

Ending = Literal["succeeded", "dead", "cancelled", "expired"]
Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_URL_CHARS,
        description="https, port 443, a host on the Internet by its name",
    ),
]
Description = Annotated[str, Meta(max_length=MOST_DESCRIPTION)]
Endings = Annotated[list[Ending], Meta(min_length=1, description="which ends of jobs it is told of")]
Overlap = Annotated[int, Meta(ge=0, le=int(MOST_OVERLAP.total_seconds()))]


class NewEndpoint(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that is to be told how jobs end."""

    url: Url
    description: Description = ""
    events: Endings = msgspec.field(default_factory=lambda: [*DEFAULT_EVENTS])


class EndpointChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed; what is left out stays."""

    url: Url | None = None
    description: Description | None = None
    events: Endings | None = None
    enabled: Annotated[bool | None, Meta(description="true also after it answered 410")] = None


class Rotation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the secret is to be changed."""

    overlap: Annotated[
        Overlap, Meta(description="seconds for which messages carry the old one's signature too")
    ] = int(OVERLAP.total_seconds())


class EndpointDocument(TypedDict):
    """An endpoint. Its secret is shown when it is made and when it is changed, and never again."""

    id: str
    url: Annotated[str, Meta(description="without its query, which may be a credential")]
    description: str
    events: list[str]
    enabled: bool
    disabled_because: str | None
    old_secret_until: Annotated[Time | None, Meta(description="until when two signatures are sent")]
    created_at: Time
    secret: NotRequired[Annotated[str, Meta(description="whsec_…: keep it, nobody can show it again")]]


class EndpointList(TypedDict):
    """The tenant's endpoints."""

    webhooks: list[EndpointDocument]


class TestDocument(TypedDict):
    """The job that delivers a test message."""

    job: Annotated[str, Meta(description="GET /jobs/{id} tells whether it arrived")]


def create_webhook(request: Request) -> Answer:
    """A new endpoint, with its secret."""
    new: NewEndpoint = request.body
    made = create_endpoint(
        new.url, tenant=request.tenant, description=new.description, events=new.events, parts=request.parts
    )
    headers = {"Location": f"{request.raw.prefix}/webhooks/{made.id}"}
    return Answer(status=201, body=_with_secret(made, request), headers=headers)


def list_webhooks(request: Request) -> Answer:
    """All of the tenant's."""
    found = endpoints(tenant=request.tenant, parts=request.parts)
    body: EndpointList = {"webhooks": [_document(one, request) for one in found]}
    return Answer(status=200, body=body)


def show_webhook(request: Request) -> Answer:
    """One endpoint."""
    found = endpoint_of(request.name("id"), tenant=request.tenant, parts=request.parts)
    return Answer(status=200, body=_document(found, request))


def change_webhook(request: Request) -> Answer:
    """Change what is given."""
    wish: EndpointChange = request.body
    changed = change_endpoint(
        request.name("id"),
        tenant=request.tenant,
        url=wish.url,
        description=wish.description,
        events=wish.events,
        enabled=wish.enabled,
        parts=request.parts,
    )
    return Answer(status=200, body=_document(changed, request))


def delete_webhook(request: Request) -> Answer:
    """Delete it."""
    delete_endpoint(request.name("id"), tenant=request.tenant, parts=request.parts)
    return Answer(status=204)


def rotate_webhook(request: Request) -> Answer:
    """A new secret."""
    wish: Rotation = request.body
    rotated = rotate_secret(
        request.name("id"),
        tenant=request.tenant,
        overlap=timedelta(seconds=wish.overlap),
        parts=request.parts,
    )
    return Answer(status=200, body=_with_secret(rotated, request))


def send_test_webhook(request: Request) -> Answer:
    """Send a message that tells nothing."""
    to = endpoint_of(request.name("id"), tenant=request.tenant, parts=request.parts)
    job = test_delivery(to, parts=request.parts)
    body: TestDocument = {"job": job.id}
    return Answer(status=202, body=body, headers={"Location": f"{request.raw.prefix}/jobs/{job.id}"})


def _with_secret(one: Endpoint, request: Request) -> EndpointDocument:
    return {**_document(one, request), "secret": one.secret}


def _document(one: Endpoint, request: Request) -> EndpointDocument:
    both: Any = len(one.secrets(request.parts.world.now())) > 1
    return {
        "id": one.id,
        "url": one.shown_url,
        "description": one.description,
        "events": list(one.events),
        "enabled": one.disabled is None,
        "disabled_because": one.disabled,
        "old_secret_until": rfc3339(one.old_until) if both and one.old_until else None,
        "created_at": rfc3339(one.created),
    }
