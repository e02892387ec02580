"""Every button that changes something: where it is, what it asks, what it sends, and what is then so. A test holds the list to the pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.browser.site import Site

NO = "No, leave it"


@dataclass(frozen=True, kw_only=True)
class Action:
    """One of them. `{id}` stands for what `sets` returned."""

    name: str
    sets: Callable[[Site], str]
    path: str
    button: str
    yes: str
    call: str
    holds: Callable[[Site, str], bool]
    fields: Mapping[str, str] = field(default_factory=dict)
    first: str | None = None  #: what is pressed before it can be done: a look ahead, which changes nothing
    ticks: str | None = None  #: a row that is selected before


def _dead(site: Site) -> str:
    job = site.submit("fail", args={"why": "the mill stands still"})
    site.pass_time(seconds=1)
    return job


def _late(site: Site) -> str:
    return site.submit("echo", delay=3600, args={"value": 1})


def _running(site: Site) -> str:
    job = site.submit("echo")
    site.begin(job)
    return job


def _over(site: Site) -> str:
    job = site.submit("echo", args={"value": 2})
    site.pass_time(seconds=1)
    return job


def _tagged(site: Site) -> str:
    return site.submit("echo", delay=3600, tags=[f"t{site.now.timestamp():.0f}{len(site.rows)}"])


def _release(site: Site) -> str:
    _dead(site)
    return str(site.ask("POST", "/dead/releases", {"task": "fail"})["id"])


def _paused_release(site: Site) -> str:
    made = _release(site)
    site.ask("POST", f"/dead/releases/{made}/pause")
    return made


def _schedule(site: Site) -> str:
    made = site.ask("POST", "/schedules", {"task": "echo", "every": 3600})
    return str(made["id"])


def _paused_schedule(site: Site) -> str:
    made = _schedule(site)
    site.ask("POST", f"/schedules/{made}/pause")
    return made


def _workflow(site: Site) -> str:
    steps = [{"task": "echo", "delay": 3600}, {"task": "echo", "into": "value"}]
    return str(site.ask("POST", "/workflows", {"workflow": {"chain": steps}, "delay": 3600})["id"])


def _broken_workflow(site: Site) -> str:
    steps = [{"task": "echo"}, {"task": "fail", "into": "why"}]
    made = str(site.ask("POST", "/workflows", {"workflow": {"chain": steps}})["id"])
    site.pass_time(minutes=3)
    return made


def _limited(site: Site) -> str:
    site.ask("PUT", "/tenants/bob/limits", {"concurrency": 3})
    return "bob"


def _state(site: Site, job_id: str) -> str:
    return str(site.ask("GET", f"/jobs/{job_id}")["state"])


def _release_state(site: Site, release: str) -> str:
    return str(site.ask("GET", f"/dead/releases/{release}")["state"])


def _schedule_is(site: Site, schedule: str) -> Mapping[str, Any]:
    return site.ask("GET", f"/schedules/{schedule}")


def _schedules(site: Site) -> list[Any]:
    return [one["id"] for one in site.ask("GET", "/schedules", None)["schedules"]]


def _webhook(site: Site) -> str:
    made = site.ask("POST", "/webhooks", {"url": "https://hooks.example.org/jobline"})
    return str(made["id"])


def _webhooks(site: Site) -> dict[str, Any]:
    return {one["id"]: one for one in site.ask("GET", "/webhooks")["webhooks"]}


def _paused(site: Site, lane: str) -> bool:
    return any(one["paused"] for one in site.ask("GET", "/lanes")["lanes"] if one["lane"] == lane)


def _pause_low(site: Site, *, on: bool) -> str:
    if _paused(site, "low") != on:
        site.ask("POST", f"/lanes/low/{'pause' if on else 'resume'}")
    return "low"


def _limit(site: Site, tenant: str) -> int | None:
    found = [one["concurrency"] for one in site.ask("GET", "/tenants")["tenants"] if one["tenant"] == tenant]
    return found[0] if found else None


def _budget(site: Site) -> str:
    site.ask("PUT", "/tasks/charge/budget", {"month": 3})
    return "charge"


def _month(site: Site, name: str) -> float | None:
    found = [one["month"]["dollars"] for one in site.ask("GET", "/budgets")["budgets"] if one["name"] == name]
    return found[0] if found else None


def _newest(site: Site, task: str) -> list[Any]:
    return [one["args"] for one in site.ask("GET", f"/jobs?limit=5&task={task}")["jobs"]]


JOBS = (
    Action(name="cancel one that waits", sets=_late, path="jobs/{id}", button="Cancel", yes="Cancel it",
           call="POST /jobs/{id}/cancel", holds=lambda site, one: _state(site, one) == "CANCELLED"),
    Action(name="cancel one that runs", sets=_running, path="jobs/{id}", button="Cancel", yes="Cancel it",
           call="POST /jobs/{id}/cancel", holds=lambda site, one: site.job(one).cancel_requested is not None),
    Action(name="retry", sets=_dead, path="jobs/{id}", button="Retry", yes="Retry it",
           call="POST /jobs/{id}/retry", holds=lambda site, one: _state(site, one) == "QUEUED"),
    Action(name="edit and retry", sets=_dead, path="jobs/{id}", button="Edit and retry…", yes="Retry with these",
           fields={"Arguments": '{"why": "other words"}'}, call="POST /jobs/{id}/retry",
           holds=lambda site, one: site.ask("GET", f"/jobs/{one}")["args"] == {"why": "other words"}),
    Action(name="submit a copy", sets=_over, path="jobs/{id}", button="Submit a copy…", yes="Submit it",
           fields={"Arguments": '{"value": "a copy"}'}, call="POST /jobs",
           holds=lambda site, _: {"value": "a copy"} in _newest(site, "echo")),
    Action(name="cancel those selected", sets=_tagged, path="jobs?state=SCHEDULED", button="Cancel…", yes="Cancel them", ticks="{id}",
           call="POST /jobs/{id}/cancel", holds=lambda site, one: _state(site, one) == "CANCELLED"),
    Action(name="retry those selected", sets=_dead, path="jobs?state=DEAD", button="Retry the dead…", yes="Retry them", ticks="{id}",
           call="POST /jobs/{id}/retry", holds=lambda site, one: _state(site, one) == "QUEUED"),
    Action(name="cancel all that match", sets=_late, path="jobs?task=echo&state=SCHEDULED", button="Cancel all that match…", yes="Cancel them",
           call="POST /jobs/cancel", holds=lambda site, one: _state(site, one) == "CANCELLED"),
    Action(name="submit", sets=_late, path="tasks", button="Submit a job of echo", yes="Submit it",
           fields={"Arguments": '{"value": "by hand"}'}, call="POST /jobs", holds=lambda site, _: {"value": "by hand"} in _newest(site, "echo")),
    Action(name="submit from its page", sets=_late, path="tasks/echo", button="Submit a job…", yes="Submit it",
           fields={"Arguments": '{"value": "from its page"}'}, call="POST /jobs", holds=lambda site, _: {"value": "from its page"} in _newest(site, "echo")),
)  # fmt: skip
RELEASES = (
    Action(name="release", sets=_dead, path="dead", button="Release the dead of fail: ValueError: the mill stands still", first="Show what it would do",
           yes="Release ", call="POST /dead/releases",
           holds=lambda site, _: any(one["state"] == "running" for one in site.ask("GET", "/dead/releases")["releases"])),
    Action(name="release all", sets=_dead, path="dead", button="Release…", first="Show what it would do", yes="Release ", call="POST /dead/releases",
           holds=lambda site, _: any(one["task"] is None for one in site.ask("GET", "/dead/releases")["releases"])),
    Action(name="pause a release", sets=_release, path="dead/{id}", button="Pause", yes="Pause",
           call="POST /dead/releases/{id}/pause", holds=lambda site, one: _release_state(site, one) == "paused"),
    Action(name="resume a release", sets=_paused_release, path="dead/{id}", button="Resume", yes="Resume",
           call="POST /dead/releases/{id}/resume", holds=lambda site, one: _release_state(site, one) == "running"),
    Action(name="stop a release", sets=_release, path="dead/{id}", button="Stop", yes="Stop",
           call="POST /dead/releases/{id}/stop", holds=lambda site, one: _release_state(site, one) == "stopped"),
)  # fmt: skip
SCHEDULES = (
    Action(name="make a schedule", sets=lambda site: "by-hand", path="schedules", button="New schedule…", yes="Make it", fields={"Id": "by-hand"},
           call="POST /schedules", holds=lambda site, one: one in _schedules(site)),
    Action(name="pause a schedule", sets=_schedule, path="schedules", button="Pause: {id}", yes="Pause",
           call="POST /schedules/{id}/pause", holds=lambda site, one: _schedule_is(site, one)["state"] == "paused"),
    Action(name="resume a schedule", sets=_paused_schedule, path="schedules", button="Resume: {id}", yes="Resume",
           call="POST /schedules/{id}/resume", holds=lambda site, one: _schedule_is(site, one)["state"] == "active"),
    Action(name="fire a schedule", sets=_schedule, path="schedules/{id}", button="Fire now: {id}", yes="Fire now",
           call="POST /schedules/{id}/fire",
           holds=lambda site, one: any(row.cause == f"schedule:{one}" for row in site.rows)),
    Action(name="change a schedule", sets=_schedule, path="schedules/{id}", button="Change…", yes="Change it", fields={"Seconds": "7200"},
           call="PATCH /schedules/{id}", holds=lambda site, one: _schedule_is(site, one)["every"] == 7200),
    Action(name="delete a schedule", sets=_schedule, path="schedules/{id}", button="Delete…", yes="Delete it",
           call="DELETE /schedules/{id}", holds=lambda site, one: one not in _schedules(site)),
)  # fmt: skip
OTHERS = (
    Action(name="pause a lane", sets=lambda site: _pause_low(site, on=False), path="lanes", button="Pause lane {id}", yes="Pause",
           call="POST /lanes/{id}/pause", holds=_paused),
    Action(name="resume a lane", sets=lambda site: _pause_low(site, on=True), path="lanes", button="Resume lane {id}", yes="Resume",
           call="POST /lanes/{id}/resume", holds=lambda site, one: not _paused(site, one)),
    Action(name="set limits", sets=lambda site: "carol", path="tenants", button="Set limits…", yes="Set them",
           fields={"Tenant": "carol", "Attempts that run": "7"}, call="PUT /tenants/{id}/limits", holds=lambda site, one: _limit(site, one) == 7),
    Action(name="change limits", sets=_limited, path="tenants", button="Change the limits of {id}", yes="Set them",
           fields={"Attempts that run": "5"}, call="PUT /tenants/{id}/limits", holds=lambda site, one: _limit(site, one) == 5),
    Action(name="remove limits", sets=_limited, path="tenants", button="Remove the limits of {id}", yes="Remove them",
           call="DELETE /tenants/{id}/limits", holds=lambda site, one: _limit(site, one) is None),
    Action(name="publish", sets=_late, path="topics", button="Publish an event…", yes="Publish it",
           fields={"Topic": "orders.paid", "Payload": '{"order": "A-1"}'}, call="POST /topics/orders.paid/events",
           holds=lambda site, _: any(row.task == "book_order" for row in site.rows)),
    Action(name="cancel a workflow", sets=_workflow, path="workflows/{id}", button="Cancel", yes="Cancel it",
           call="POST /workflows/{id}/cancel", holds=lambda site, one: _state(site, one) == "CANCELLED"),
    Action(name="retry a workflow", sets=_broken_workflow, path="workflows/{id}", button="Retry what failed", yes="Retry it",
           call="POST /workflows/{id}/retry", holds=lambda site, one: _state(site, one) != "DEAD"),
    Action(name="resubmit a workflow", sets=_broken_workflow, path="workflows/{id}", button="Resubmit…", yes="Submit it",
           call="POST /workflows/{id}/resubmit", holds=lambda site, one: any(row.id > one and row.task == "jobline.workflow" for row in site.rows)),
)  # fmt: skip
WEBHOOKS = (
    Action(name="make an endpoint", sets=lambda site: "", path="webhooks", button="New endpoint…", yes="Make it",
           fields={"Address": "https://hooks.example.org/by-hand", "Description": "by hand"}, call="POST /webhooks",
           holds=lambda site, _: any(one["description"] == "by hand" for one in _webhooks(site).values())),
    Action(name="change an endpoint", sets=_webhook, path="webhooks", button="Change: {id}", yes="Change it", fields={"Description": "changed"},
           call="PATCH /webhooks/{id}", holds=lambda site, one: _webhooks(site)[one]["description"] == "changed"),
    Action(name="test an endpoint", sets=_webhook, path="webhooks", button="Test: {id}", yes="Send it", call="POST /webhooks/{id}/test",
           holds=lambda site, one: any(row.task == "jobline.webhook" and one in str(row.args) for row in site.rows)),
    Action(name="give an endpoint a new secret", sets=_webhook, path="webhooks", button="New secret: {id}", yes="Change the secret",
           call="POST /webhooks/{id}/rotate", holds=lambda site, one: _webhooks(site)[one]["old_secret_until"] is not None),
    Action(name="delete an endpoint", sets=_webhook, path="webhooks", button="Delete: {id}", yes="Delete it",
           call="DELETE /webhooks/{id}", holds=lambda site, one: one not in _webhooks(site)),
)  # fmt: skip
BUDGETS = (
    Action(name="set a budget", sets=lambda site: "dora", path="costs", button="New budget…", yes="Set it",
           fields={"Name": "dora", "Dollars a month": "7"}, call="PUT /tenants/{id}/budget", holds=lambda site, one: _month(site, one) == 7),
    Action(name="change a budget", sets=_budget, path="costs", button="Change the budget of {id}", yes="Change it",
           fields={"Dollars a month": "5"}, call="PUT /tasks/{id}/budget", holds=lambda site, one: _month(site, one) == 5),
    Action(name="delete a budget", sets=_budget, path="costs", button="Delete the budget of {id}", yes="Delete it",
           call="DELETE /tasks/{id}/budget", holds=lambda site, one: _month(site, one) is None),
)  # fmt: skip
ACTIONS = (*JOBS, *RELEASES, *SCHEDULES, *OTHERS, *WEBHOOKS, *BUDGETS)

HARMLESS = (
    "Sign out", "Find… Ctrl K", "Live", "Keys and help", "?", "Show", "Fit", "Full size", "Fold again", "Clear", "Close", "Copy", "Columns", "Plan",
)  # fmt: skip
"""Buttons that change nothing but the page; a longer name may begin with one of these."""
