"""The endpoints of webhooks: where a tenant wants to be told how its jobs ended. Each has a secret, which is shown once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from chalicelib.domain.change import Equals, Missing, Present
from chalicelib.domain.errors import InvalidInput, NotFound, NotPossible, Unavailable
from chalicelib.domain.late import regex
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Value
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.signing import make_secret
from chalicelib.pipeline.topics import ENDINGS

MOST = 50
MOST_DESCRIPTION = 200
DEFAULT_EVENTS: tuple[Literal["succeeded", "dead"], ...] = ("succeeded", "dead")
OVERLAP = timedelta(days=1)
MOST_OVERLAP = timedelta(days=7)
KEPT_GONE = timedelta(days=1)
"""How long what is left of a deleted endpoint lies there, so that a write that comes late does not make it again."""

GONE = "the endpoint answered 410: it does not want to be told any more"
BY_HAND = "switched off"

_ID = regex(r"wh_[0-9a-z]{10}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = ("url", "description", "events", "secret", "old_secret", "old_until", "disabled", "created")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint. What is shown of it does not hold a secret, and its `repr`, which a log might get, nothing of the URL either."""

    id: str
    tenant: str
    url: str
    description: str
    events: tuple[str, ...]
    secret: str
    old_secret: str | None
    old_until: datetime | None
    disabled: str | None  #: why nothing is sent; None: it is
    created: datetime

    def __repr__(self) -> str:
        return f"Endpoint({self.id!r})"

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Those that receivers may still know, the newest first."""
        old = self.old_secret
        return (self.secret, old) if old and self.old_until and now < self.old_until else (self.secret,)

    @property
    def shown_url(self) -> str:
        """The URL without its query, which may be a credential."""
        bare, mark, _ = self.url.partition("?")
        return f"{bare}?…" if mark else bare


def is_endpoint_id(text: str) -> bool:
    """Whether the text can be an endpoint's id."""
    return _ID.fullmatch(text) is not None


def create_endpoint(
    url: str, *, tenant: str, description: str = "", events: Sequence[str] = DEFAULT_EVENTS, parts: Parts
) -> Endpoint:
    """A new endpoint, its secret with it. Raises `InvalidInput`, `NotPossible` beyond 50, `Unavailable`."""
    _check(description, events)
    patience(parts)(parts.courier.check, url)
    if len(_listed(tenant, parts)) >= MOST:
        raise NotPossible(f"there are {MOST} endpoints already")
    endpoint_id, secret, now = f"wh_{parts.world.token()}", _new_secret(parts), parts.world.now()
    fields: dict[str, Value] = {
        "url": url,
        "description": description,
        "events": tuple(dict.fromkeys(events)),
        "secret": secret,
        "created": _ms(now),
    }
    edit = Edit(where=((Missing("url"), Missing("gone")), (Equals("secret", secret),)), set=fields)
    answer = patience(parts)(parts.items.write, _spot(tenant, endpoint_id), edit)
    if not isinstance(answer, Kept):
        raise Unavailable(f"{endpoint_id} is taken: ask again")  # fifty bits of chance twice the same
    return _endpoint(tenant, endpoint_id, answer.fields)


def endpoints(*, tenant: str, parts: Parts) -> list[Endpoint]:
    """A tenant's endpoints, by id."""
    return [_endpoint(tenant, key, fields) for key, fields in _listed(tenant, parts)]


def endpoint_of(endpoint_id: str, *, tenant: str, parts: Parts) -> Endpoint:
    """The endpoint. Raises `NotFound` for another tenant's and one that never was alike, `Unavailable`."""
    fields: Fields = {}
    if is_endpoint_id(endpoint_id):
        fields = patience(parts)(parts.items.read, _spot(tenant, endpoint_id))
    if "url" not in fields:
        raise _not_found(endpoint_id)
    return _endpoint(tenant, endpoint_id, fields)


def change_endpoint(
    endpoint_id: str,
    *,
    tenant: str,
    parts: Parts,
    url: str | None = None,
    description: str | None = None,
    events: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> Endpoint:
    """Change what is given. Raises `InvalidInput`, `NotFound`, `Unavailable`."""
    _check(description or "", events if events is not None else DEFAULT_EVENTS)
    endpoint_of(endpoint_id, tenant=tenant, parts=parts)
    if url is not None:
        patience(parts)(parts.courier.check, url)
    given: dict[str, Value | None] = {
        "url": url,
        "description": description,
        "events": None if events is None else tuple(dict.fromkeys(events)),
        "disabled": BY_HAND if enabled is False else None,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    edit = Edit(where=((Present("url"),),), set=fields, remove=("disabled",) if enabled else ())
    return _written(endpoint_id, tenant, edit, parts)


def rotate_secret(endpoint_id: str, *, tenant: str, overlap: timedelta = OVERLAP, parts: Parts) -> Endpoint:
    """Give it a new secret; for the overlap every message carries both signatures. Raises `InvalidInput`, `NotFound`, `Unavailable`."""
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise InvalidInput("overlap", f"not between 0 and {MOST_OVERLAP.days} days")
    before = endpoint_of(endpoint_id, tenant=tenant, parts=parts)
    secret, until = _new_secret(parts), parts.world.now() + overlap
    mine = (Equals("secret", secret),)  # our own write whose reply was lost
    edit = Edit(
        where=((Equals("secret", before.secret),), mine),
        set={"secret": secret, "old_secret": before.secret, "old_until": _ms(until)},
    )
    answer = patience(parts)(parts.items.write, _spot(tenant, endpoint_id), edit)
    if not isinstance(answer, Kept):
        raise NotPossible(f"the secret of {endpoint_id} was changed by somebody else just now")
    return _endpoint(tenant, endpoint_id, answer.fields)


def delete_endpoint(endpoint_id: str, *, tenant: str, parts: Parts) -> None:
    """Delete it, its secrets first of all. What was already on its way to it dies. Raises `NotFound`, `Unavailable`."""
    endpoint_of(endpoint_id, tenant=tenant, parts=parts)
    edit = Edit(set={"gone": 1}, remove=_FIELDS, until=parts.world.now() + KEPT_GONE)
    patience(parts)(parts.items.write, _spot(tenant, endpoint_id), edit)


def switch_off(endpoint: Endpoint, why: str, *, parts: Parts) -> None:
    """Send nothing more to this URL. One that was changed meanwhile is left alone. Raises `Unavailable`."""
    edit = Edit(where=((Equals("url", endpoint.url),),), set={"disabled": why})
    patience(parts)(parts.items.write, _spot(endpoint.tenant, endpoint.id), edit)


def _written(endpoint_id: str, tenant: str, edit: Edit, parts: Parts) -> Endpoint:
    answer = patience(parts)(parts.items.write, _spot(tenant, endpoint_id), edit)
    if not isinstance(answer, Kept):
        raise _not_found(endpoint_id)
    return _endpoint(tenant, endpoint_id, answer.fields)


def _check(description: str, events: Sequence[str]) -> None:
    if len(description) > MOST_DESCRIPTION or not (description.isprintable()):
        raise InvalidInput("description", f"not up to {MOST_DESCRIPTION} printable characters")
    if not events or not {*events} <= ENDINGS:
        raise InvalidInput("events", f"not some of {', '.join(sorted(ENDINGS))}")


def _listed(tenant: str, parts: Parts) -> list[tuple[str, Fields]]:
    """Those that are there, deleted ones apart."""
    found: list[tuple[str, Fields]] = []
    after = ""
    while True:
        page = patience(parts)(parts.items.listed, _spot(tenant, "").shelf, after=after, limit=2 * MOST)
        found += [(key, fields) for key, fields in page if "url" in fields]
        if len(page) < 2 * MOST:
            return found
        after = page[-1][0]


def _endpoint(tenant: str, endpoint_id: str, fields: Fields) -> Endpoint:
    def text(name: str) -> str | None:
        value = fields.get(name)
        return value if isinstance(value, str) else None

    def at(name: str) -> datetime | None:
        value = fields.get(name)
        return _EPOCH + timedelta(milliseconds=value) if isinstance(value, int) else None

    events = fields.get("events", ())
    return Endpoint(
        id=endpoint_id,
        tenant=tenant,
        url=text("url") or "",
        description=text("description") or "",
        events=events if isinstance(events, tuple) else (),
        secret=text("secret") or "",
        old_secret=text("old_secret"),
        old_until=at("old_until"),
        disabled=text("disabled"),
        created=at("created") or _EPOCH,
    )


def _spot(tenant: str, endpoint_id: str) -> Spot:
    return Spot(f"webhook#{tenant}", endpoint_id)


def _new_secret(parts: Parts) -> str:
    """Six marks of 51 bits: more chance than the 256 bits of the hash."""
    return make_secret("".join(parts.world.token() for _ in range(6)).encode())


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _not_found(endpoint_id: str) -> NotFound:
    return NotFound(f"there is no endpoint {endpoint_id[:40]!r}")
