"""A stage in the middle of its day: something of every kind and in every state, as a person would meet it."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.job import Progress
from chalicelib.pipeline.ports import Receipt
from tests.browser.counted import count
from tests.browser.site import Site
from tests.browser.tasks import mend

WORKFLOW = {
    "chain": [
        {"task": "import_rows", "args": {"file": "orders.csv", "rows": 4812}},
        {
            "group": [
                {"task": "nightly_report", "args": {"day": "2026-01-01"}},
                {"task": "thumbnail", "args": {"key": "cover.jpg"}},
                {"task": "charge", "args": {"order": "A-1007", "cents": 4900}},
            ]
        },
        {"task": "echo", "into": "value"},
    ]
}
PEOPLE = ("ada", "bo", "chen", "dara", "eli", "femi", "gus", "hana")


@dataclass(frozen=True, kw_only=True)
class Furnished:
    """The ids of what is there, by what it is."""

    succeeded: str
    dead: str
    retrying: str
    running: str
    scheduled: str
    queued: str
    cancelled: str
    waiting: str
    release: str
    schedule: str
    webhook: str
    topic: str
    task: str


LASTS = {"thumbnail": 640, "send_letter": 230, "import_rows": 4100, "nightly_report": 9200, "charge": 1900}
"""Milliseconds that a run takes, about, while the stage is furnished; afterwards all run in no time."""


@contextmanager
def taking_time(site: Site) -> Iterator[None]:
    """The tasks take their time, of the held clock."""
    count = itertools.count()

    def slowed(function: Callable[..., Any], lasts: int) -> Callable[..., Any]:
        def run(**given: Any) -> Any:
            site.jobline.takes(timedelta(milliseconds=lasts * (0.5 + 0.19 * (next(count) * 5 % 7))))
            return function(**given)

        return run

    tasks = {name: site.parts.registry[name].__dict__ for name in LASTS}
    before = {name: task["function"] for name, task in tasks.items()}
    for name, lasts in LASTS.items():
        tasks[name]["function"] = slowed(before[name], lasts)
    yield
    for name, function in before.items():
        tasks[name]["function"] = function


def furnish(site: Site) -> Furnished:
    """Fill it. Two hours pass."""
    with taking_time(site):
        return _furnished(site)


def _furnished(site: Site) -> Furnished:
    site.parts.courier.answers["hooks.example.org"] = lambda _: Receipt(status=204)  # type: ignore[attr-defined]
    webhook = site.ask(
        "POST", "/webhooks", {"url": "https://hooks.example.org/jobline", "description": "billing"}
    )["id"]
    _schedules(site)
    site.ask("PUT", "/tenants/ann/limits", {"concurrency": 40, "rate": {"limit": 50, "per": 1, "burst": 10}})
    site.ask("PUT", "/tenants/bob/limits", {"accepted": {"limit": 10_000, "per": 3600}})
    site.ask("POST", "/topics/orders.paid/events", {"payload": {"order": "A-1007"}})
    dead = [site.submit("import_rows", args={"file": f"prices-{n}.xls"}, tags=["import"]) for n in range(6)]
    site.pass_time(minutes=70)
    release = _release(site)
    succeeded = _hour(site)
    ids = _open(site, webhook)
    count(site)
    _budgets(site)
    return Furnished(
        succeeded=succeeded,
        dead=dead[-1],
        release=release,
        schedule="nightly-report",
        webhook=webhook,
        topic="orders.paid",
        task="send_letter",
        **ids,
    )


def _schedules(site: Site) -> None:
    for body in (
        {
            "id": "nightly-report",
            "task": "nightly_report",
            "cron": "15 2 * * *",
            "timezone": "Europe/Rome",
        },
        {"id": "warm-up", "task": "echo", "every": 900, "args": {"value": "warm"}},
        {"id": "new-year-letter", "task": "send_letter", "at": "2027-01-01T00:00:00Z", "args": {"to": "all@example.org"}},
    ):  # fmt: skip
        site.ask("POST", "/schedules", body)
    site.ask("POST", "/schedules/warm-up/pause")


def _budgets(site: Site) -> None:
    """One hardly touched, one nearly spent, one spent."""
    lines = site.ask("GET", "/costs?by=task")["lines"]
    cost = {one["task"]: one["dollars"] for one in lines}
    site.ask("PUT", "/stage/budget", {"day": 20, "month": 400, "on_spent": "pause"})
    site.ask("PUT", "/tenants/ann/budget", {"day": round(sum(cost.values()) / 0.85, 6)})
    site.ask("PUT", "/tasks/thumbnail/budget", {"month": round(cost["thumbnail"] / 1.2, 6)})


def _release(site: Site) -> str:
    """Four dead letters get another life, and live."""
    for one in PEOPLE[:4]:
        site.submit("fail", args={"why": f"no such mailbox: {one}@example.org"})
    site.pass_time(seconds=1)
    release = str(site.ask("POST", "/dead/releases", {"task": "fail"})["id"])
    mend(site.parts.registry)
    site.pass_time(minutes=6)
    return release


def _hour(site: Site) -> str:
    """An hour of ordinary work, more of it towards its end; one that succeeded."""
    last = ""
    for minute in range(45):
        pictures = [
            {"task": "thumbnail", "args": {"key": f"{who}/{minute:02}.jpg", "width": 640}}
            for who in PEOPLE[: 1 + minute * 7 % 5 + minute // 15]
        ]
        site.ask("POST", "/jobs/batch", {"jobs": pictures})
        last = site.submit("send_letter", args={"to": f"{PEOPLE[minute % 8]}@example.org"}, tags=["letters"])
        if minute % 11 == 5:
            site.submit("import_rows", args={"file": f"stock-{minute}.xls"}, tags=["import"])
        site.pass_time(minutes=1)
    return last


def _open(site: Site, webhook: str) -> dict[str, Any]:
    """What is not over yet."""
    waiting = str(site.ask("POST", "/workflows", {"workflow": WORKFLOW, "tags": ["orders"]})["id"])
    retrying = site.submit("charge", args={"order": "A-1009", "cents": 1250}, webhook=webhook)
    site.pass_time(seconds=30)
    scheduled = site.submit("nightly_report", delay=3600)
    cancelled = site.submit("echo", delay=600)
    site.ask("POST", f"/jobs/{cancelled}/cancel")
    running = site.submit("import_rows", args={"file": "customers.csv", "rows": 120_000}, tags=["import"])
    queued = [site.submit("thumbnail", args={"key": f"late-{n}.jpg"}, lane="low") for n in range(3)]
    job = site.begin(running)
    site.parts.world.pause(timedelta(seconds=21))
    progress = Progress(fraction=0.4, message="row 48,000 of 120,000", at=site.now)
    site.parts.store.rows[running] = replace(job, progress=progress)  # type: ignore[attr-defined]
    return {
        "waiting": waiting,
        "retrying": retrying,
        "scheduled": scheduled,
        "cancelled": cancelled,
        "running": running,
        "queued": queued[-1],
    }
