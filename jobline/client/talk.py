"""The words between what is to be done and who does it: a plan asks, waits and says, and a client, blocking or not, carries it out.

So each verb is written once, as a generator, and both clients are a loop around it.
"""

import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from jobline.client.errors import Unreachable, error_of

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One HTTP request, to be sent once."""

    method: str
    path: str
    body: Any = None
    #: the body, if it is JSON text already
    text: bytes | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pause:
    """Let so many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Say:
    """A value for whoever iterates over the plan."""

    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back. `status` None: nobody answered, `why` says how."""

    status: int | None
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


Step = Ask | Pause | Say
Plan = Generator[Step, Any, T]
"""A verb. `Ask` is answered by a `Reply`."""


class Walk(Generic[T]):
    """A plan on its way: `go_on` tells the next step, and None at the end; then `value` is what came of it."""

    value: T

    def __init__(self, plan: Plan[T]) -> None:
        self._plan = plan

    def go_on(self, reply: Reply | None = None) -> Step | None:
        """The next step, now that the last one is done."""
        try:
            return self._plan.send(reply)
        except StopIteration as end:
            self.value = end.value
            return None


TRIES = 6
BASE, CAP = 0.2, 5.0
LONGEST_WAIT = 30.0
"""For how long a `Retry-After` is heeded; a limit that holds for longer is told to the caller."""


def ask(request: Ask, *, once: bool = False) -> Plan[Reply]:
    """The answer, asked for again while nobody answers or the API cannot. Every request of ours may come twice: reads, submissions with their
    keys, cancellations. One that may not is `once`: it is sent again only after a 429, which did nothing. Raises `ApiError`, `Unreachable`.
    """
    reply = Reply(status=None)
    for attempt in range(1, TRIES + 1):
        answered: Reply = yield request
        reply = answered
        wait = _wait(reply, attempt)
        if wait is None:
            return reply
        if once and reply.status != 429:
            break
        if attempt < TRIES:
            yield Pause(wait)
    if reply.status is None:
        times = "; whether it took effect is unknown" if once else f", {TRIES} times"
        raise Unreachable(f"{request.method} {request.path}: {reply.why}{times}")
    raise error_of(reply.status, _problem(reply))


def _wait(reply: Reply, attempt: int) -> float | None:
    """How long to wait before asking again; None: this is the answer. Raises `ApiError` when asking again cannot help."""
    if reply.status is not None and reply.status < 300:
        return None
    wait = patience(reply.status, reply.headers.get("retry-after"), attempt)
    if wait is None:
        raise error_of(reply.status or 0, _problem(reply))
    return wait


def patience(status: int | None, retry_after: str | None, attempt: int) -> float | None:
    """How long to wait before what came to this is asked for once more; None: not at all, or not before it is too long to wait."""
    jitter: float = random.random() * min(CAP, BASE * 2.0**attempt)
    if status in {None, 500, 502, 504}:
        return jitter
    if status not in {429, 503}:
        return None
    # Seconds; a date, which our API never sends, counts as long.
    said = retry_after or ("1" if status == 429 else "0")
    wanted = float(said) if said.isdecimal() else LONGEST_WAIT + 1
    return wanted + jitter if wanted <= LONGEST_WAIT else None


def _problem(reply: Reply) -> dict[str, Any]:
    if reply.status is not None and 300 <= reply.status < 400:
        to = reply.headers.get("location", "nowhere")
        return {
            "detail": f"a redirect to {to}, where the key does not follow: is `url` the API's own address?"
        }
    return reply.document if isinstance(reply.document, dict) else {"detail": str(reply.document)[:500]}
