"""Every limit that somebody from outside can meet: the number in the code, and how to ask for just so much."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import errors
from chalicelib.domain.errors import InvalidInput
from chalicelib.entrypoints.api import batch, body, dead
from chalicelib.pipeline import (
    api_keys,
    cancel_many,
    check_how,
    gates,
    json_patch,
    limits,
    messages,
    public_address,
    publish,
    query,
    release_change,
    schedule_change,
    schedule_query,
    strict_json,
    task,
    tenant_limits,
    timetable,
    topics,
    webhooks,
)
from chalicelib.pipeline.workflows import reading
from tests.api.desk import Caller, Desk

Ask = Callable[["Ground", int], bool]


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One limit: the constant by its whole name, its value as a number, and whether so much was taken. `least`: less is refused, not more."""

    name: str
    value: int
    ask: Ask
    least: bool = False

    def fits(self, number: int) -> bool:
        """What the answer should be."""
        return number >= self.value if self.least else number <= self.value


class Ground:
    """An API, and the things that one asks about."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ann: Caller = desk.caller()
        self.boss: Caller = desk.caller("admin")
        self.hook = self.ann.post("/webhooks", {"url": "https://hooks.example.org/x"}).body["id"]
        self.ann.post("/schedules", {"id": "e", "task": "echo", "cron": "0 3 * * *"})

    def posted(self, path: str, asked: Any, **headers: str) -> bool:
        return _taken(self.ann.post(path, asked, **({"headers": headers} if headers else {})))

    def job(self, **more: Any) -> bool:
        return self.posted("/jobs", {"task": "echo", **more})

    def limited(self, **more: Any) -> bool:
        return _taken(self.boss.ask("PUT", "/tenants/carol/limits", more))

    def got(self, path: str) -> bool:
        return _taken(self.ann.get(path))


def _taken(reply: Any) -> bool:
    """Whether it was let in. A refusal is one that names what is too much, or too little."""
    assert reply.status in (200, 201, 202, 400, 404, 409, 413, 422), reply.text
    return reply.status < 400


def _read(what: Callable[[], Any]) -> bool:
    try:
        what()
    except InvalidInput:
        return False
    return True


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())


def _nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found]
    return found


def _flow(nesting: int) -> Any:
    found: Any = {"task": "echo"}
    for _ in range(nesting):
        found = {"group": [found]}
    return found


def _of_bytes(size: int) -> str:
    """A text that makes arguments `{"value":"..."}` of so many bytes."""
    return "x" * (size - len('{"value":""}'))


def _raw(ground: Ground, size: int) -> bool:
    job = b'{"task": "echo"}'
    headers = {"Content-Type": "application/json"}
    return _taken(ground.ann.ask("POST", "/jobs", raw=job + b" " * (size - len(job)), headers=headers))


def _message(size: int) -> bool:
    text = '{"v":1,"tenant":"t","job":"01KDWPVNG0FMNSVKE1CC0RQBKJ","epoch":3}'
    return _read(lambda: messages.decode(text + " " * (size - len(text)), "default"))


def _url(size: int) -> bool:
    start = "https://hooks.example.org/"
    return _read(lambda: public_address.address_of(start + "a" * (size - len(start))))


def _rule(**rule: Any) -> bool:
    now = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    return _read(timetable.Rule(**rule, **({"anchor": now} if "every" in rule else {})).check)


EDGES: tuple[Edge, ...] = (
    Edge(name="check_how.MAX_TAGS", value=check_how.MAX_TAGS, ask=lambda g, n: g.job(tags=[f"t{i}" for i in range(n)])),
    Edge(name="check_how.MAX_TAG_CHARS", value=check_how.MAX_TAG_CHARS, ask=lambda g, n: g.job(tags=["t" * n])),
    Edge(name="check_how.MAX_KEY_CHARS", value=check_how.MAX_KEY_CHARS, ask=lambda g, n: g.posted("/jobs", {"task": "echo"}, **{"Idempotency-Key": "k" * n})),
    Edge(name="task.MAX_ATTEMPTS", value=task.MAX_ATTEMPTS, ask=lambda g, n: g.job(max_attempts=n)),
    Edge(name="task.MAX_EXPIRES", value=_seconds(task.MAX_EXPIRES), ask=lambda g, n: g.job(expires=n)),
    Edge(name="errors.MAX_DELAY", value=_seconds(errors.MAX_DELAY), ask=lambda g, n: g.job(delay=n)),
    Edge(name="limits.MAX_BODY", value=limits.MAX_BODY, ask=lambda g, n: g.job(args={"value": _of_bytes(n)})),
    Edge(name="body.MOST_BYTES", value=body.MOST_BYTES, ask=_raw),
    Edge(name="messages.MAX_BYTES", value=messages.MAX_BYTES, ask=lambda g, n: _message(n)),
    Edge(name="strict_json.MAX_DEPTH", value=strict_json.MAX_DEPTH, ask=lambda g, n: g.job(args={"value": _nested(n - 2)})),  # in the body, in args
    Edge(name="strict_json.MAX_DIGITS", value=strict_json.MAX_DIGITS, ask=lambda g, n: g.job(args={"value": 10 ** (n - 1)})),
    Edge(name="strict_json.MAX_VALUES", value=strict_json.MAX_VALUES, ask=lambda g, n: _read(lambda: strict_json.read(b"[" + b"1," * (n - 1) + b"1]", name="x", limit=10**7))),
    Edge(name="batch.MOST_JOBS", value=batch.MOST_JOBS, ask=lambda g, n: g.posted("/jobs/batch", {"jobs": [{"task": "nobody"}] * n})),
    Edge(name="cancel_many.MOST", value=cancel_many.MOST, ask=lambda g, n: g.posted("/jobs/cancel", {"task": "echo", "dry_run": True, "limit": n})),
    Edge(name="dead.MOST_REDRIVE", value=dead.MOST_REDRIVE, ask=lambda g, n: g.posted("/dead/redrive", {"limit": n, "dry_run": True})),
    Edge(name="query.PAGE", value=query.PAGE, ask=lambda g, n: g.got(f"/jobs?limit={n}")),
    Edge(name="json_patch.MOST_OPERATIONS", value=json_patch.MOST_OPERATIONS, ask=lambda g, n: _read(lambda: json_patch.check([{"op": "add", "path": "/a", "value": 1}] * n))),
    Edge(name="release_change.MOST_RATE", value=release_change.MOST_RATE, ask=lambda g, n: g.posted("/dead/releases", {"rate": n, "dry_run": True})),
    Edge(name="schedule_change.MAX_ARGS", value=schedule_change.MAX_ARGS, ask=lambda g, n: _taken(g.ann.ask("PATCH", "/schedules/e", {"args": {"value": _of_bytes(n)}}))),
    Edge(name="schedule_query.MOST_FIRES", value=schedule_query.MOST_FIRES, ask=lambda g, n: g.got(f"/schedules/e/next?n={n}")),
    Edge(name="timetable.LEAST_PERIOD", value=_seconds(timetable.LEAST_PERIOD), least=True, ask=lambda g, n: _rule(every=timedelta(seconds=n))),
    Edge(name="timetable.MOST_PERIOD", value=_seconds(timetable.MOST_PERIOD), ask=lambda g, n: _rule(every=timedelta(seconds=n))),
    Edge(name="timetable.MAX_EXPRESSION", value=timetable.MAX_EXPRESSION, ask=lambda g, n: _rule(cron="0 0 * * *" + " " * (n - 9))),
    Edge(name="topics.MAX_TOPIC_CHARS", value=topics.MAX_TOPIC_CHARS, ask=lambda g, n: g.posted(f"/topics/{'t' * n}/events", {"payload": 1})),
    Edge(name="publish.MAX_ID_CHARS", value=publish.MAX_ID_CHARS, ask=lambda g, n: g.posted("/topics/order.paid/events", {"payload": 1, "id": "i" * n})),
    Edge(name="public_address.MAX_URL_CHARS", value=public_address.MAX_URL_CHARS, ask=lambda g, n: _url(n)),
    Edge(name="webhooks.MOST_DESCRIPTION", value=webhooks.MOST_DESCRIPTION, ask=lambda g, n: _taken(g.ann.ask("PATCH", f"/webhooks/{g.hook}", {"description": "d" * n}))),
    Edge(name="webhooks.MOST_OVERLAP", value=_seconds(webhooks.MOST_OVERLAP), ask=lambda g, n: g.posted(f"/webhooks/{g.hook}/rotate", {"overlap": n})),
    Edge(name="api_keys.MOST_PER_MINUTE", value=api_keys.MOST_PER_MINUTE, ask=lambda g, n: _read(lambda: api_keys.create_key(tenant="t", scopes=frozenset({"read"}), name="n", per_minute=n, parts=g.desk.parts))),
    Edge(name="api_keys.MOST_OVERLAP", value=_seconds(api_keys.MOST_OVERLAP), ask=lambda g, n: _read(lambda: api_keys.rotate_key(g.ann.token.split("_")[1], overlap=timedelta(seconds=n), parts=g.desk.parts))),
    Edge(name="gates.MOST_SLOTS", value=gates.MOST_SLOTS, ask=lambda g, n: g.limited(concurrency=n)),
    Edge(name="tenant_limits.MOST_ACCEPTED", value=tenant_limits.MOST_ACCEPTED, ask=lambda g, n: g.limited(accepted={"limit": n, "per": 60})),
    Edge(name="tenant_limits.MOST_BYTES", value=tenant_limits.MOST_BYTES, ask=lambda g, n: g.limited(bytes={"limit": n, "per": 60})),
    Edge(name="tenant_limits.MOST_BURST", value=tenant_limits.MOST_BURST, ask=lambda g, n: g.limited(rate={"limit": 1, "per": 1, "burst": n})),
    Edge(name="tenant_limits.MOST_UNFINISHED", value=tenant_limits.MOST_UNFINISHED, ask=lambda g, n: g.limited(unfinished=n)),
    Edge(name="tenant_limits.MOST_SCHEDULES", value=tenant_limits.MOST_SCHEDULES, ask=lambda g, n: g.limited(schedules=n)),
    Edge(name="tenant_limits.MOST_CHILDREN", value=tenant_limits.MOST_CHILDREN, ask=lambda g, n: g.limited(children=n)),
    Edge(name="tenant_limits.SHORTEST_PERIOD", value=_seconds(tenant_limits.SHORTEST_PERIOD), least=True, ask=lambda g, n: g.limited(accepted={"limit": 1, "per": n})),
    Edge(name="tenant_limits.LONGEST_PERIOD", value=_seconds(tenant_limits.LONGEST_PERIOD), ask=lambda g, n: g.limited(accepted={"limit": 1, "per": n})),
    Edge(name="reading.MAX_NODES", value=reading.MAX_NODES, ask=lambda g, n: g.posted("/workflows", {"workflow": {"group": [{"task": "echo"}] * (n - 1)}})),
    Edge(name="reading.MAX_NESTING", value=reading.MAX_NESTING, ask=lambda g, n: g.posted("/workflows", {"workflow": _flow(n)})),
)  # fmt: skip
"""In the order of the rooms that they are in."""

ELSEWHERE: Mapping[str, str] = {
    "workflows/group.MOST_CHILDREN": "tests/unit/pipeline/test_workflow_many.py: a million is made smaller there",
    "workflows/keeping.MOST_BYTES": "5 GB of items: S3's own limit of an object's part",
    "workflows/reading.MAX_SIZE": "of a map's lots, in tests/unit/pipeline/test_workflow_reading.py",
    "workflows/depth.MOST_ABOVE": "of workflows that tasks make: tests/unit/pipeline/test_workflow_levels.py",
    "workflows/lines.MOST_HELD": "of one look at an object, which is then read in pieces",
    "workflows/checking.MOST_SECONDS": "beyond every limit of a delay, which is tried here",
    "workflows/gather.MOST_LISTED": "of an answer, which says that there is more",
    "workflows/count.MOST_PAGES": "of a look: what is not looked at is said to be unknown",
    "workflows/look_after.MOST_PAGES": "of one visit; the next goes on",
    "workflows/reads.MOST_READS": "of one request: beyond, the answer says what it left out",
    "workflows/lineage.MOST": "of lives that a row tells",
    "workflows/shown.MOST": "of what is shown",
    "workflows/shown.LONGEST": "of what is shown",
    "schedule_quota.MOST": "tests/schedules/test_changes.py, with three; as a tenant's quota in tests/unit/pipeline/test_quotas.py",
    "publish.MOST_OUTSIDE": "of an event that goes outside: tests/unit/pipeline/test_topics.py",
    "release_change.LONGEST_CHANGE": "of a release's own item, in bytes of its text: bad_inputs.yaml is far over it",
    "release_step.MOST_OPEN": "of a release's jobs under way; the next step goes on",
    "webhooks.MOST": "of a tenant's endpoints: tests/unit/pipeline/test_webhooks.py",
    "declared_alike.MOST_PER_PERIOD": "of a declaration, told at import: tests/unit/pipeline/test_throttle.py",
    "declared_alike.LONGEST_PERIOD": "of a declaration, told at import",
    "declared_alike.LONGEST_MOST": "of a declaration, told at import",
    "task.LONGEST": "of a declaration, told at import",
    "steps.MAX_STEPS": "of a task's own steps: tests/unit/pipeline/test_steps.py",
    "statistics/read.MOST_STEPS": "of a question for statistics, as steps of time: tests/api/test_stats.py",
    "statistics/book.LONGEST_NAME": "names are cut, nothing is refused",
    "statistics/tally.LONGEST": "a time that a container keeps figures",
    "deliver.LONGEST_CALL": "a time limit of ours",
    "deliver.LONGEST_WISH": "a wish beyond it is cut to it",
    "limits.MAX_QUEUE_DELAY": "of SQS: what is longer waits in the table",
    "wait.LONGEST_PAUSE": "a pause of ours",
    "flow_key.LONGEST": "a longer key is its digest",
    "key_use.MOST": "of a process's memory",
    "slots.MOST": "of a listing",
    "budgets/budget.LEAST": "of a budget's dollars, by the tests of budgets",
    "budgets/budget.MOST": "of a budget's dollars, by the tests of budgets",
    "forecast.MOST_CONSUMERS": "of a forecast, which makes nothing",
    "forecast.MOST_JOBS": "of a forecast, which makes nothing",
    "forecast.MOST_UNITS": "of a forecast, which makes nothing",
    "plan.LONGEST": "of a forecast, which makes nothing",
    "sealing/ring.MOST_HELD": "of a process's memory",
    "costs.MOST_LINES": "of an answer, which folds what is more",
    "token_claims.LONGEST": "of a bearer token: tests/api/test_tokens.py",
    "token_claims.MOST_AUDIENCES": "of a bearer token: tests/api/test_tokens.py",
    "token_claims.MOST_SCOPES": "of a bearer token: tests/api/test_tokens.py",
    "token_claims.MOST_SUBJECT": "of a bearer token: tests/api/test_tokens.py",
    "token_form.MOST_CHARS": "of a bearer token: tests/api/test_tokens.py",
    "token_form.MOST_HEADER": "of a bearer token: tests/api/test_tokens.py",
    "token_form.MOST_KID": "of a bearer token: tests/api/test_tokens.py",
    "secret.LEAST": "shorter secrets are not looked for: docs/security.md",
}
"""Limits that are not asked for one by one here: where they are held, or why nobody from outside meets them."""
