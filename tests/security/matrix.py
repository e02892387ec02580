"""Who may do what with whose: every route, asked in every role, for one's own, another tenant's and nobody's, made from the routes themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from chalicelib.entrypoints.api.route import Route
from chalicelib.entrypoints.api.routes import ROUTES
from tests.api.desk import Caller, Reply
from tests.security.ground import UNKNOWN, Ground, ask

PLAIN = ("submit", "read", "operate")
ROLES: tuple[tuple[str, ...], ...] = (
    *(some for size in (1, 2, 3) for some in combinations(PLAIN, size)),
    ("admin",),
)
"""The scopes that a key may have."""

STRANGERS = ("none", "nonsense", "never given out", "another's secret", "revoked", "expired")
"""Those who have no key that works."""

WHOSE = ("own", "another's", "nobody's")


@dataclass(frozen=True)
class Cell:
    """One question: may this role do that with such a thing?"""

    route: Route
    role: tuple[str, ...] | str
    whose: str

    def __str__(self) -> str:
        return f"{self.route.method} {self.route.path} as {self.role} on {self.whose}"

    @property
    def stranger(self) -> bool:
        return isinstance(self.role, str)

    @property
    def expected(self) -> str:
        """`in`, or the status of the refusal."""
        scope = self.route.scope
        if self.stranger:
            return "in" if scope is None and self.role == "none" else "401"
        if scope is not None and scope not in self.role and "admin" not in self.role:
            return "403"
        return "404" if "id" in self.route.names and self.whose != "own" else "in"


def cells() -> Iterator[Cell]:
    """All questions. What has no id in its path belongs to the asker: of it there is one's own, and another's to be kept out of it."""
    for route in ROUTES:
        for role in (*ROLES, *STRANGERS):
            for whose in WHOSE if "id" in route.names else WHOSE[:2]:
                yield Cell(route, role, whose)


def caller(ground: Ground, cell: Cell) -> Caller:
    """Somebody in that role: of ann's tenant where it is about one's own, else of bob's."""
    desk, tenant = ground.desk, "ann" if cell.whose == "own" else "bob"
    if not isinstance(cell.role, str):
        return desk.caller(*cell.role, tenant=tenant)
    if cell.role == "expired":
        return desk.caller("admin", tenant=tenant, expires=desk.world.now() - timedelta(seconds=1))
    good = desk.caller("admin", tenant=tenant)
    key_id = good.token.split("_")[1]
    if cell.role == "revoked":
        desk.api_keys.revoke(key_id, desk.world.now())
        return good
    other = desk.caller("admin", tenant=tenant).token.split("_")[2]
    tokens = {"none": None, "nonsense": "x", "never given out": "jl_0123456789_" + "a" * 40}
    return desk.nobody(tokens.get(cell.role, f"jl_{key_id}_{other}"))


def asked(ground: Ground, cell: Cell) -> tuple[Reply, bool]:
    """The answer, and whether all that is kept stayed as it was."""
    who, before = caller(ground, cell), ground.state()
    unknown = UNKNOWN.get(cell.route.path.split("/")[1], "")
    reply = ask(who, cell.route, unknown if cell.whose == "nobody's" else hers(ground, cell.route))
    return reply, ground.state() == before


def hers(ground: Ground, route: Route) -> str:
    return ground.id_for(route) if "id" in route.names else ""


def wrong(ground: Ground, cell: Cell, reply: Reply, *, untouched: bool) -> str | None:
    """What is wrong with the answer; None: nothing."""
    if cell.expected == "in":
        if reply.status not in cell.route.replies:
            return f"{cell}: {reply.status} {reply.text[:200]}"
    elif str(reply.status) != cell.expected:
        return f"{cell}: {reply.status} instead of {cell.expected}"
    elif not untouched:
        return f"{cell}: refused, and yet something was changed"
    if (cell.whose != "own" or reply.status >= 400) and (seen := _seen(ground, cell, reply)):
        return f"{cell}: shows {seen}"
    return None


def _seen(ground: Ground, cell: Cell, reply: Reply) -> list[str]:
    """Ann's marks in the answer, but for the id that the asker gave."""
    given = hers(ground, cell.route) if "id" in cell.route.names else ""
    stage_wide = "name" in cell.route.names
    text = reply.text.replace(given, "") if given else reply.text
    return [] if stage_wide else [mark for mark in ground.marks() if mark in text]
