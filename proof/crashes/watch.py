"""Watching: each write to the table is shown to the simulation's monitor as it takes effect, with its own knowledge of the law."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from chalicelib.adapters.aws.keys import key
from chalicelib.adapters.aws.rows import from_item, from_ms, to_ms
from chalicelib.adapters.memory.world import START
from chalicelib.domain.events import Queued, Scheduled
from chalicelib.domain.guards import Absent, Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import Entry, Job, State
from chalicelib.domain.lifecycle import TRANSITIONS
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.limits import Limits
from proof.crashes.account import Account
from proof.crashes.clock import HeldClock
from proof.simulation.clockwork import Sandbox
from proof.simulation.fate import Fate
from proof.simulation.monitor import Monitor

FOR_LONG = START + timedelta(days=36_500)
_HISTORY = re.compile(r"(?:list_append\(#history, |#history = )(:v\d+)")


class Watch:
    """The table as the writes make it, and the monitor that judges each."""

    def __init__(self, clock: HeldClock, fate: Any) -> None:
        self.rows: dict[str, Job] = {}
        self.marks: dict[str, Any] = {}
        self.done: dict[str, frozenset[int]] = {}  #: the marks of each page of a group
        self.due: dict[str, datetime] = {}  #: when the tick is to look at which item
        self.payloads = SimpleNamespace(bodies={}, keep_until={})
        self.arrows: set[str] = set()  #: what happened, as `arrow` names it
        self.settled = 0  #: when the last write to a job was made
        self.ever: list[tuple[str, str]] = []  #: every message that was ever sent: lane and body
        self.monitor = Monitor(
            cast("Any", SimpleNamespace(skew=0, latency=0, rates={}, modes=())),
            cast("Any", _Clock(clock)),
            cast("Fate", fate),
            cast("Any", self),
            cast("Any", self.payloads),
            Limits(),
        )
        self.monitor.flows.items = self

    def read(self, spot: Spot) -> dict[str, frozenset[int]]:
        """A page of a group, as far as the monitor asks for it."""
        return {"done": self.done.get(f"{spot.shelf} {spot.key}", frozenset())}

    def begin(self, account: Account) -> None:
        """A stage that has been ticking: both passes are where they should be."""
        limits = Limits()
        for name, grace in (("fast", limits.grace), ("slow", limits.slow_grace)):
            self.marks[name] = at = START - grace
            item = {**key("watermark", name), "at": {"N": str(to_ms(at))}}
            account.call(
                account.clients.dynamodb, "PutItem", {"TableName": account.settings.table, "Item": item}
            )

    def applied(self, operation: str, params: Mapping[str, Any], answer: Any, box: Sandbox) -> None:
        """A call took effect."""
        if spot := item_of(params):
            self._item(spot, answer)
        elif operation == "UpdateItem":
            self._updated(params, answer, box)
        elif operation == "PutItem":
            self._put(params["Item"], box)
        elif operation == "PutObject":
            _, job_id, digest = params["Key"].split("/")
            self._keep(job_id, digest, bytes(params["Body"]), FOR_LONG)
        elif operation == "SendMessageBatch":
            self._sent(params, answer, box)

    def _item(self, spot: str, answer: Any) -> None:
        """A small item was written, or deleted: when is the tick to look at it?"""
        found = answer.get("Attributes", {})
        if "f_done" in found:
            self.done[spot] = frozenset(int(number) for number in found["f_done"]["NS"])
        at = found.get("attention_at")
        if at is None:
            self.due.pop(spot, None)
        else:
            self.due[spot] = from_ms(int(at["N"]))

    def _wrote(self) -> None:
        self.settled = self.monitor._clock.now  # noqa: SLF001 - the one that we gave it

    def _put(self, item: Any, box: Sandbox) -> None:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        kind, _, rest = pk.partition("#")
        if kind == "job":
            row = from_item(item)
            before = self.rows.get(row.id)
            self.rows[row.id] = row
            self._wrote()
            if before is None:
                event = Scheduled if row.state is State.SCHEDULED else Queued
                self.arrows.add(arrow(event.name, None, Absent.__name__))
            self.monitor.created(row, box)
        elif kind == "payload":
            self._keep(rest, sk, bytes(item["body"]["B"]), from_ms(int(item["ttl"]["N"]) * 1000))
        elif kind == "watermark":
            self.marks[sk] = from_ms(int(item["at"]["N"]))
            self.monitor.moved(sk)

    def _keep(self, job_id: str, digest: str, body: bytes, until: Any) -> None:
        self.payloads.bodies[job_id, digest] = body
        self.payloads.keep_until[job_id, digest] = until

    def _updated(self, params: Mapping[str, Any], answer: Any, box: Sandbox) -> None:
        job_id = params["Key"]["sk"]["S"]
        old = self.rows.get(job_id)
        if old is None:
            self.monitor.fail("I1", "an update made a row")
            return
        new = from_item(answer["Attributes"])
        self.rows[job_id] = new
        self._wrote()
        label = label_of(params)
        moves = new.state is not old.state or label in {"reclaimed", "replaced"}
        self.arrows.add(arrow(label, old.state if moves else None, guard_of(params)))
        self.monitor.written(old, new, label, box)

    def _sent(self, params: Mapping[str, Any], answer: Any, box: Sandbox) -> None:
        sent = {entry["Id"] for entry in answer["Successful"]}
        lane = params["QueueUrl"].rpartition("/")[2].split("-", 2)[2]
        for entry in params["Entries"]:
            if entry["Id"] not in sent:
                continue
            self.ever.append((lane, entry["MessageBody"]))
            said = json.loads(entry["MessageBody"])
            row = self.rows.get(said["job"])
            box.woken.add(said["job"])
            if row is None or row.tenant != said["tenant"] or row.lane != lane:
                self.monitor.fail("I10", f"a message for {said['job'][-6:]} of {said['tenant']} in {lane}")

    def refused(self, operation: str, params: Mapping[str, Any], item: Any) -> None:
        """A condition did not hold: for the matrix."""
        if operation != "UpdateItem" or not item or item_of(params):
            return
        entry = _entry(params)
        change = SimpleNamespace(history=() if entry is None else (entry,))
        self.monitor.refused(from_item(item), label_of(params), cast("Any", change))


def arrow(event: str, source: State | None, guard: str) -> str:
    """A transition's name: the event, the state it leaves if it leaves one, and the right."""
    return f"{event} by {guard}" if source is None else f"{event} of {source} by {guard}"


ARROWS = frozenset(
    arrow(t.event.name, source, t.guard.__name__)
    for t in TRANSITIONS
    for source in (t.sources if t.target is not None and t.sources else (None,))
)
"""All that the law knows."""


def guard_of(params: Mapping[str, Any]) -> str:
    """The right by which an update is made, read from its condition."""
    condition = params["ConditionExpression"]
    if "#owner =" in condition:
        wished = "attribute_not_exists(#cancel_requested)" in condition
        return Unwished.__name__ if wished else Mine.__name__
    if "#lease <" in condition:
        return Lapsed.__name__
    return Ready.__name__ if "#ready =" in condition else Seen.__name__


class _Clock:
    """The held clock as the monitor knows clocks."""

    def __init__(self, clock: HeldClock) -> None:
        self._clock = clock

    @property
    def now(self) -> int:
        return self._clock.ms

    def stop(self) -> None:
        """The monitor has seen enough. The stage looks at its violation before it goes on."""


def _entry(params: Mapping[str, Any]) -> Entry | None:
    """The history line that an update writes."""
    found = _HISTORY.search(params["UpdateExpression"])
    if found is None:
        return None
    from chalicelib.adapters.aws.rows import FIELDS

    lines = FIELDS["history"].read(params["ExpressionAttributeValues"][found.group(1)])
    return cast("Entry", lines[-1])


def item_of(params: Mapping[str, Any]) -> str:
    """Which small item a write is of; "" if it is of none."""
    key = params.get("Key")
    if not isinstance(key, Mapping):  # an object's key is a text
        return ""
    pk, sk = str(key["pk"]["S"]), str(key["sk"]["S"])
    return f"{pk.removeprefix('item#')} {sk}" if pk.startswith("item#") else ""


def label_of(params: Mapping[str, Any]) -> str:
    """The event that an update records, read from the request itself; of a small item, its kind."""
    if spot := item_of(params):
        return spot.partition("#")[0]
    entry = _entry(params)
    if entry is not None:
        return entry.event
    expression = params["UpdateExpression"]
    if "#outbox" in expression:
        return "outbox_cleared"
    if "#lease" in expression:
        return "checkpointed" if "#checkpoint" in expression else "renewed"
    return "appointed" if "attribute_not_exists(#attention)" in params["ConditionExpression"] else "postponed"
