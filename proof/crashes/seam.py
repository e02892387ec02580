"""The one place where the code meets AWS: each call, direct or botocore's, passes here under one lock, is numbered, and suffers what the plan has for it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from chalicelib.adapters.aws.direct.calls import DirectCalls, let_past
from proof.crashes.account import Account
from proof.crashes.clock import MINUTE, SECOND
from proof.crashes.faults import KEY_SERVICE, Fault, broken, faults_of, refused, timed_out
from proof.crashes.matrix import names_of
from proof.crashes.plan import Plan
from proof.crashes.say import answered, asked
from proof.crashes.watch import Watch, label_of
from proof.simulation.clockwork import Sandbox

CALL = 5  #: milliseconds that a call takes
FROZEN = 7 * MINUTE  #: longer than a message is hidden, and than a lease
TIMEOUT = 16 * SECOND  #: three attempts of botocore, each given up after five seconds
UNDER_WAY = 5 * MINUTE
"""The longest that a call can be under way. A row that is put hours later by somebody who has told his client that it failed is nobody's."""
CLAIMS = frozenset({"claimed", "reclaimed"})


class Crash(BaseException):
    """The process is gone: nothing catches this, and nothing after it happens."""


class Hits:
    """Faults of the matrix that happened; the monitor counts what it sees here too."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self.struck: list[Any] = []  #: what has gone wrong so far

    def hit(self, fault: str) -> None:
        self.hits[fault] += 1


@dataclass(frozen=True, kw_only=True)
class _Late:
    """A call whose caller has given it up, and that is still under way."""

    client: Any
    operation: str
    params: Mapping[str, Any]
    box: Sandbox
    number: int
    fault: Fault
    until: int  #: when it lands at the latest


class Seam:
    """The calls of one plan."""

    def __init__(self, account: Account, watch: Watch, hits: Hits, plan: Plan, *, traced: bool) -> None:
        self.account = account
        self.watch = watch
        self.hits = hits
        self.box = Sandbox("nobody", "nobody", 0)
        self.points: list[tuple[Fault, ...]] = []  #: of each call so far, the faults that it can have
        self.struck: list[tuple[int, Fault]] = []
        hits.struck = self.struck
        self.keyless = False  #: a data key could not be had, or made
        self.calls = 0  #: also those that are no points
        self.trace: list[str] | None = [] if traced else None
        self.meanwhile: Callable[[Sandbox], None] = lambda _: None
        self._strikes = dict(plan.strikes)
        self._late: list[_Late] = []
        self._among_empty = False

    def call(self, client: Any, operation: str, params: Mapping[str, Any]) -> Any:
        """Make the call, or what becomes of it."""
        self.calls += 1
        if self.box.dead:
            raise Crash
        if operation == "Query" and self.account.asks_nothing(params):
            # A listing asks 32 partitions, most of them empty: a run of those is one point, since nothing tells them apart.
            if self._among_empty:
                return self.account.call(client, operation, params)
            self._among_empty = True
        else:
            self._among_empty = False
        self.points.append(faults_of(operation, params))
        number = len(self.points)
        self.account.clock.ms += CALL
        waiting = [late for late in self._late if late.fault is Fault.LATE]
        fault = self._strikes.get(number)
        box = self.box
        try:
            if fault is None or fault not in self.points[-1]:
                return self._apply(client, operation, params, number, "")
            self.struck.append((number, fault))
            self.keyless = self.keyless or operation in KEY_SERVICE or "item#sealing" in repr(params)
            if "item#tenant#limits" in repr(params):  # who knows of no limits lets everybody in
                self.watch.monitor.quotas.unknown = True
            for name in names_of(fault, operation, params, self.box):
                self.hits.hit(name)
            return self._faulty(fault, client, operation, params, number)
        except Crash:
            box.dead = True  # whoever catches everything, as the runner of a task does, gets no further
            raise
        finally:
            self._land(waiting)

    def _apply(self, client: Any, operation: str, params: Mapping[str, Any], number: int, said: str) -> Any:
        """Let AWS do it, and the monitor see it."""
        box = self.box
        try:
            answer = self.account.call(client, operation, params)
        except ClientError as error:
            self.say(number, operation, params, said, error)
            self.watch.refused(operation, params, error.response.get("Item"))
            raise
        self.say(number, operation, params, said, answer)
        self.watch.applied(operation, params, answer, box)
        if operation == "UpdateItem" and label_of(params) in CLAIMS:
            self._land([late for late in self._late if late.fault is Fault.LATER and late.box is not box])
        return answer

    def _faulty(
        self, fault: Fault, client: Any, operation: str, params: Mapping[str, Any], number: int
    ) -> Any:
        service, clock = client.meta.service_model.service_name, self.account.clock
        match fault:
            case Fault.ERROR:
                self.say(number, operation, params, fault, None)
                raise refused(service, operation)
            case Fault.LOST | Fault.RESENT | Fault.CRASH_AFTER:
                with suppress(ClientError):  # a refusal is lost like any other answer
                    self._apply(client, operation, params, number, fault)
                if fault is Fault.CRASH_AFTER:
                    raise Crash
                if fault is Fault.LOST:
                    raise broken(service)
                return self._apply(client, operation, params, number, "again")
            case Fault.LATE | Fault.LATER:
                self.say(number, operation, params, fault, None)
                self._late.append(
                    _Late(
                        client=client,
                        operation=operation,
                        params=params,
                        box=self.box,
                        number=number,
                        fault=fault,
                        until=clock.ms + UNDER_WAY,
                    )
                )
                clock.ms += TIMEOUT
                raise timed_out(service)
            case Fault.STALLED:
                self.say(number, operation, params, fault, None)
                self._freeze()
                return self._apply(client, operation, params, number, "thawed")
            case Fault.CRASH_BEFORE:
                self.say(number, operation, params, fault, None)
                raise Crash
            case Fault.PARTIAL:
                return self._partly(client, operation, params, number)
            case _:
                with self.account.as_it_was(operation, params):
                    return self._apply(client, operation, params, number, fault)

    def _freeze(self) -> None:
        """This process stands still, the world goes on without it."""
        box, until = self.box, self.account.clock.ms + FROZEN
        self._among_empty = False
        self.meanwhile(box)
        self.account.clock.ms = max(until, self.account.clock.ms)
        self.box = box

    def _partly(self, client: Any, operation: str, params: Mapping[str, Any], number: int) -> Any:
        """A batch of which some entries fail though the call does not."""
        entries = params["Entries"]
        answer: dict[str, Any] = {"Successful": []}
        if entries[1::2]:
            answer = self._apply(
                client, operation, {**params, "Entries": entries[1::2]}, number, Fault.PARTIAL
            )
        else:
            self.say(number, operation, params, Fault.PARTIAL, None)
        failed = [
            {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError", "Message": "once more"}
            for entry in entries[::2]
        ]
        return {**answer, "Failed": failed}

    def next_landing(self) -> int | None:
        """When something that is still under way has to land."""
        return min((late.until for late in self._late), default=None)

    def land_due(self) -> None:
        """Let take effect what has been under way for too long."""
        self._land([late for late in self._late if late.until <= self.account.clock.ms])

    def land_all(self) -> bool:
        """Let all that is still under way take effect. False: there was nothing."""
        return self._land(list(self._late))

    def _land(self, which: list[_Late]) -> bool:
        for late in which:
            if late not in self._late:
                continue  # it landed while its caller's successor stood still
            self._late.remove(late)
            box, self.box = self.box, late.box
            self.watch.monitor.landing = True
            try:
                self._apply(late.client, late.operation, late.params, late.number, "lands")
            except ClientError:
                pass  # nobody is there to hear it
            finally:
                self.watch.monitor.landing = False
                self.box = box
        return bool(which)

    def say(self, number: int, operation: str, params: Mapping[str, Any], said: str, answer: Any) -> None:
        """A line of the trace."""
        if self.trace is not None:
            self.trace.append(
                f"{self.account.clock.ms / SECOND:10.3f} {number:>4} {self.box.name:<14} {operation:<17} "
                f"{asked(operation, params):<44} {said:<13} {answered(operation, answer)}".rstrip()
            )

    def note(self, text: str) -> None:
        """Something that is not a call."""
        if self.trace is not None:
            self.trace.append(f"{self.account.clock.ms / SECOND:10.3f}    - {text}")


_lock = threading.RLock()


@contextmanager
def through(seam: Seam) -> Iterator[None]:
    """Every call of boto3 and every direct one in this process goes through the seam, until the end of the block."""

    def call(self: Any, operation_name: str, api_params: Mapping[str, Any]) -> Any:
        with _lock:
            return seam.call(self, operation_name, api_params)

    def within(self: Any, operation_name: str, api_params: Mapping[str, Any]) -> Any:
        if isinstance(self, DirectCalls):  # it came through already, and its direct call was left to botocore
            return before(self, operation_name, api_params)
        return call(self, operation_name, api_params)

    before, before_direct = BaseClient._make_api_call, DirectCalls._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001
    let_past(within, around=before)
    BaseClient._make_api_call = within  # type: ignore[attr-defined]  # noqa: SLF001
    DirectCalls._make_api_call = call  # type: ignore[method-assign]  # noqa: SLF001
    try:
        yield
    finally:
        BaseClient._make_api_call = before  # type: ignore[attr-defined]  # noqa: SLF001
        DirectCalls._make_api_call = before_direct  # type: ignore[method-assign]  # noqa: SLF001
