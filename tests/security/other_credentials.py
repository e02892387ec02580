"""The matrix's questions once more, asked with tokens and with AWS signatures in the place of keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

from chalice.local import LambdaEventConverter

from chalicelib import wiring
from chalicelib.entrypoints.api.route import Route
from chalicelib.entrypoints.api.routes import ROUTES
from chalicelib.pipeline.api_keys import SCOPES, admit_role
from tests.api.desk import Caller, Reply
from tests.security.ground import UNKNOWN, Ground, ask
from tests.security.matrix import WHOSE, Cell, hers
from tests.support.issuer import Issuer

RIGHTS = (("submit",), ("read",), ("operate",), ("admin",), ("submit", "read", "operate"), ())
TOKEN_STRANGERS = ("none", "expired", "another issuer's", "for another audience", "without a tenant")
SIGNING_STRANGERS = ("unsigned", "a role that nobody let in", "a revoked role", "an expired role", "a user")

_numbers = count()


@dataclass(frozen=True)
class Asked(Cell):
    """A question, and with what it is asked: `token` or `signature`."""

    by: str = "token"

    def __str__(self) -> str:
        return f"{super().__str__()}, by {self.by}"

    @property
    def expected(self) -> str:
        scope = self.route.scope
        if not self.stranger:
            return super().expected
        if self.by == "token":
            return "in" if scope is None and self.role == "none" else "401"
        return "in" if scope is None else "401" if self.role == "unsigned" else "403"


def sample() -> tuple[Route, ...]:
    """A route of each scope with an id, and one without."""
    found: dict[tuple[str | None, bool], Route] = {}
    for route in ROUTES:
        found.setdefault((route.scope, "id" in route.names), route)
    return tuple(found.values())


def questions(by: str, role: tuple[str, ...] | str, routes: tuple[Route, ...]) -> Iterator[Asked]:
    """All of this role."""
    for route in routes:
        for whose in WHOSE if "id" in route.names else WHOSE[:2]:
            yield Asked(route, role, whose, by=by)


def prepared(ground: Ground, by: str) -> Issuer:
    """The stage, told to believe an issuer, or signatures."""
    desk = ground.desk
    issuer = Issuer(desk.world)
    believes: dict[str, Any] = {"tokens": issuer.tokens(scopes=SCOPES)} if by == "token" else {"signed": True}
    desk.parts = replace(desk.parts, **believes)
    wiring.use(desk.parts)
    return issuer


def answered(ground: Ground, cell: Asked, issuer: Issuer) -> tuple[Reply, bool]:
    """The answer, and whether all that is kept stayed as it was."""
    tenant = "ann" if cell.whose == "own" else "bob"
    who = _bearer(ground, cell, issuer, tenant) if cell.by == "token" else _signer(ground, cell, tenant)
    unknown = UNKNOWN.get(cell.route.path.split("/")[1], "")
    before = ground.state()
    reply = ask(who, cell.route, unknown if cell.whose == "nobody's" else hers(ground, cell.route))
    return reply, ground.state() == before


def _bearer(ground: Ground, cell: Cell, issuer: Issuer, tenant: str) -> Caller:
    if cell.role == "none":
        return ground.desk.nobody()
    scopes = "admin" if cell.stranger else " jobline:".join(cell.role)
    wrongs: dict[str, dict[str, Any]] = {
        "expired": {"exp": 1},
        "another issuer's": {"key": "stranger", "header": {"kid": "first"}},
        "for another audience": {"aud": "https://other.example.org"},
        "without a tenant": {"tenant": None},
    }
    said = {"tenant": tenant, "scope": f"jobline:{scopes}" if scopes else "openid"}
    said |= wrongs.get(str(cell.role), {})
    return ground.desk.nobody(issuer.token(**said))


def _signer(ground: Ground, cell: Cell, tenant: str) -> Caller:
    parts, name = ground.desk.parts, f"role-{next(_numbers)}"
    session: str | None = f"arn:aws:sts::123456789012:assumed-role/{name}/session"
    if cell.role == "unsigned":
        session = None
    elif cell.role == "a user":
        session = f"arn:aws:iam::123456789012:user/{name}"
    elif cell.role != "a role that nobody let in":
        rights = frozenset(["admin"] if cell.stranger else cell.role)
        ends = parts.world.now() - timedelta(seconds=1) if cell.role == "an expired role" else None
        arn = f"arn:aws:iam::123456789012:role/{name}"
        made = admit_role(arn, tenant=tenant, scopes=rights, name=name, expires=ends, parts=parts)
        if cell.role == "a revoked role":
            parts.api_keys.revoke(made.id, parts.world.now())
    return Signer(ground.desk, None, session)


@dataclass(frozen=True)
class Signer(Caller):
    """Somebody whose signature API Gateway has checked; None: it was sent without one."""

    arn: str | None = None

    def ask(self, *args: Any, **options: Any) -> Reply:
        """Ask, with API Gateway's word for who asks."""
        with _said_by_the_gateway(self.arn):
            return super().ask(*args, **options)


@contextmanager
def _said_by_the_gateway(arn: str | None) -> Iterator[None]:
    plain = LambdaEventConverter.create_lambda_event

    def create(self: Any, *args: Any, **options: Any) -> Any:
        event = plain(self, *args, **options)
        event["requestContext"]["identity"]["userArn"] = arn
        return event

    LambdaEventConverter.create_lambda_event = create  # type: ignore[method-assign] # the local gateway cannot check any
    try:
        yield
    finally:
        LambdaEventConverter.create_lambda_event = plain  # type: ignore[method-assign] # as above
