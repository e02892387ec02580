"""An API where tenant ann has one of everything that a tenant can have, each marked, so that whoever sees a mark sees what is hers."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

from chalicelib import wiring
from chalicelib.adapters import json_log
from chalicelib.entrypoints.api.route import Route
from chalicelib.pipeline.ports import Receipt
from tests.api.desk import Caller, Desk, Reply

MARK = "anns-own"
"""In every text of hers that a caller can choose."""

UNKNOWN: Mapping[str, str] = {
    "jobs": "01KDWPVNG0FMNSVKE1CC0RQBKJ",
    "workflows": "01KDWPVNG0FMNSVKE1CC0RQBKJ",
    "dead": "01KDWPVNG0FMNSVKE1CC0RQBKJ",
    "schedules": "never-there",
    "webhooks": "wh_0123456789",
}
"""By the path's first word, an id of the same shape that nobody has."""

BODIES: Mapping[str, Any] = {
    "POST /jobs": {"task": "add", "args": {"a": 1}},
    "POST /jobs/batch": {"jobs": [{"task": "add", "args": {"a": 1}}]},
    "POST /jobs/cancel": {"task": "echo", "limit": 100},
    "POST /dead/redrive": {"limit": 100},
    "POST /dead/releases": {"rate": 60},
    "POST /jobs/{id}/retry": {},
    "POST /schedules": {"id": "hourly", "task": "add", "args": {"a": 1}, "cron": "0 * * * *"},
    "POST /workflows": {
        "workflow": {"chain": [{"task": "add", "args": {"a": 1}}, {"task": "echo", "into": "value"}]}
    },
    "POST /workflows/{id}/resubmit": {"from": 1},
    "POST /webhooks": {"url": "https://hooks.example.org/x"},
}
"""Bodies that are right with the tasks of these tests, where the documentation's example is not."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The API, ann, and where her things are."""

    desk: Desk
    ann: Caller
    jobs: str  #: a queued one
    dead: str  #: a dead one
    workflows: str  #: a dead one, which may be retried and resubmitted
    done: str  #: a workflow that succeeded
    release: str
    schedules: str
    webhooks: str

    def id_for(self, route: Route) -> str:
        """The id of a thing of ann's that this route is about."""
        return {
            "/jobs/{id}/retry": self.dead,
            "/workflows/{id}/results": self.done,
            "/dead/releases/{id}": self.release,
            "/dead/releases/{id}/pause": self.release,
            "/dead/releases/{id}/resume": self.release,
            "/dead/releases/{id}/stop": self.release,
        }.get(route.path) or getattr(self, route.path.split("/")[1])

    def marks(self) -> tuple[str, ...]:
        """What only ann may read."""
        return (MARK, self.jobs, self.dead, self.workflows, self.done, self.release, self.webhooks)

    def state(self) -> Any:
        """All that is kept, to see whether it is still the same."""
        parts: Any = self.desk.parts
        shelves = {spot: item for spot, item in parts.items.shelves.items() if spot.shelf != "keyuse"}
        sent = (parts.queue.sent, len(parts.courier.delivered))
        return dict(parts.store.rows), shelves, {*parts.feeds.off}, dict(parts.keys.claims), sent


@contextmanager
def quiet():
    """Without our handler: pytest keeps its own."""
    before, json_log.configure = json_log.configure, lambda level=0: None
    try:
        yield
    finally:
        json_log.configure = before
        wiring.use(None)


def furnished(**ports: Any) -> Ground:
    """A desk with all of it. `ports` take the place of twins."""
    desk = Desk(**ports)
    wiring.use(desk.parts)
    desk.parts.courier.answers["hooks.example.org"] = lambda parcel: Receipt(status=204)  # type: ignore[attr-defined]
    ann = desk.caller("submit", "read", "operate", tenant="ann")
    webhook = _made(ann.post("/webhooks", {"url": f"https://hooks.example.org/{MARK}", "description": MARK}))
    dead = ann.submit("fail", {"why": MARK}, tags=[MARK])
    chain = [{"task": "echo", "args": {"value": MARK}}, {"task": "fail", "into": "why"}]
    workflow = _made(ann.post("/workflows", {"workflow": {"chain": chain}, "tags": [MARK]}))
    done = _made(ann.post("/workflows", {"workflow": {"group": [chain[0]]}, "tags": [MARK]}))
    desk.caller("submit", tenant="bob").submit("fail", {"why": "his own"})
    for _ in range(10):
        desk.work()
    limits = {"accepted": {"limit": 1000, "per": 3600}}
    assert desk.caller("admin", tenant="boss").ask("PUT", "/tenants/ann/limits", limits).status == 200
    for path in ("/tenants/ann/budget", "/tasks/add/budget", "/stage/budget"):
        assert desk.caller("admin", tenant="boss").ask("PUT", path, {"month": 1_000_000}).status == 200
    schedule = f"{MARK}-nightly"
    rule = {"id": schedule, "task": "echo", "args": {"value": MARK}, "cron": "0 3 * * *"}
    assert ann.post("/schedules", rule).status == 201
    release = _made(ann.post("/dead/releases", {"task": "fail", "rate": 1}))
    queued = ann.submit("echo", {"value": MARK}, tags=[MARK], delay=600)
    assert desk.row(dead).state == desk.row(workflow).state == "DEAD"
    desk.world.advance(timedelta(seconds=1))
    return Ground(
        desk=desk,
        ann=ann,
        jobs=queued,
        dead=dead,
        workflows=workflow,
        done=done,
        release=release,
        schedules=schedule,
        webhooks=webhook,
    )


QUERIES = {"GET /tasks/{name}/plan": "?count=5&run_ms=100"}
"""What cannot be asked without saying more."""


def _made(reply: Reply) -> str:
    assert reply.status in (201, 202), reply.text
    return str(reply.body["id"])


def ask(caller: Caller, route: Route, id: str) -> Reply:
    """Ask as one would who means it."""
    path = route.path.replace("{id}", id).replace("{name}", name_for(route)).replace("{file}", "main.js")
    body = BODIES.get(f"{route.method} {route.path}", route.example) if route.body else None
    if f"{route.method} {route.path}" == "PATCH /schedules/{id}":
        body = {"cron": "30 3 * * *"}
    return caller.ask(route.method, path + QUERIES.get(f"{route.method} {route.path}", ""), body)


def name_for(route: Route) -> str:
    """The name of a lane, a tenant, a topic or a task that is there, whichever the path is about."""
    return {"lanes": "default", "tenants": "ann", "topics": "order.paid"}.get(route.path.split("/")[1], "add")


class Counted:
    """A port whose calls are written down: which method of which port, in order."""

    def __init__(self, name: str, port: Any, calls: list[str]) -> None:
        self._name, self._port, self._calls = name, port, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def called(*args: Any, **options: Any) -> Any:
            self._calls.append(f"{self._name}.{name}")
            return found(*args, **options)

        return called


PORTS = (
    "store",
    "keys",
    "items",
    "payloads",
    "inputs",
    "queue",
    "api_keys",
    "quarantine",
    "outlet",
    "courier",
)


def counted(desk: Desk) -> list[str]:
    """From now on each call that would leave the process is written down here."""
    calls: list[str] = []
    names = {field.name for field in fields(desk.parts)} & {*PORTS}
    desk.parts = replace(
        desk.parts, **{name: Counted(name, getattr(desk.parts, name), calls) for name in sorted(names)}
    )
    wiring.use(desk.parts)
    return calls
