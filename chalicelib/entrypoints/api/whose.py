"""Whose jobs or figures are looked at: the key's own tenant's; an administrator may look at others'. What changes something is for one's own."""

import logging
from typing import Annotated

from msgspec import Meta

from chalicelib.domain.errors import InvalidInput
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.api_keys import require
from chalicelib.pipeline.ids import is_tenant

log = logging.getLogger(__name__)

EVERYBODY = "*"

Another = Annotated[
    str | None, Meta(description="another tenant's; for administrators. Without it, the key's own")
]
AnotherOrAll = Annotated[
    str | None,
    Meta(description="another tenant's, or `*`: all of them; for administrators. Without it, the key's own"),
]


def whose(wished: str | None, request: Request) -> str:
    """The tenant. That somebody looks at another one's is in the log. Raises `Denied`, `InvalidInput`."""
    if wished is None or wished == request.tenant:
        return request.tenant
    assert request.key is not None, "a route with a scope has a key"
    require(request.key, "admin")
    if not is_tenant(wished) and wished != EVERYBODY:
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")
    facts = {
        "action": "looked",
        "route": request.raw.path,
        "target": wished,
        "key_id": request.key.id,
        "key_name": request.key.name,
    }
    log.info("key %s looks at what is of tenant %s", request.key.id, wished, extra=facts)
    return wished


def whose_or_all(wished: str | None, request: Request) -> str | None:
    """As `whose`; None: all tenants."""
    found = whose(wished, request)
    return None if found == EVERYBODY else found
