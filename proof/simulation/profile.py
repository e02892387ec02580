"""What one seed stands for: the jobs, who else meddles, and how bad the world is. Swarm testing: each seed turns a few faults up.

A history in which everything fails at once reaches nothing deep, so every seed draws its own few faults and their rates.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws.payloads import ITEM_BYTES
from chalicelib.domain.job import INLINE_BYTES
from chalicelib.pipeline.limits import MAX_BODY
from proof.simulation.control import FIRST as CONTROL
from proof.simulation.flows import FIRST as FLOWS

if TYPE_CHECKING:
    from proof.simulation.control.plans import Plan

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

PAUSES = (2 * SECOND, 20 * SECOND, 75 * SECOND, 3 * MINUTE, 6 * MINUTE)
"""How long a sandbox that stands still may do so."""

CALL_FAULTS = (
    "error",  # refused, nothing applied
    "lost",  # applied, the reply is lost
    "crash_before",  # the sandbox dies, nothing applied
    "crash_after",  # the sandbox dies, applied
    "late",  # the caller sees a timeout, the call lands later
    "pause_before",  # the sandbox stands still, the call lands when it goes on
    "pause_after",  # applied, then the sandbox stands still
    "jump",  # the sandbox's clock is set anew
)
SEND_FAULTS = ("drop", "double", "slow", "refuse", "lie")
QUEUE_FAULTS = ("redeliver", "undeleted", "stale_receipt")
ANSWER_FAULTS = ("junk_answer",)  # drawn apart, in `_drawn`: the other draws of a seed stay as they are
INDEX_FAULTS = ("stale",)
ALL_FAULTS = (*CALL_FAULTS, *SEND_FAULTS, *QUEUE_FAULTS, *INDEX_FAULTS)

INTRUSIONS = ("message", "message", "dead letter", "cancel", "redrive")

RATES = (0.005, 0.02, 0.08)

SCRIPTS = (
    *("ok",) * 6,
    "fail:1",
    "fail:1",
    "fail:2",
    "always",
    "always",
    "kill:1",
    "killer",
    "hang",
    "obey",
    "big",
    "retry:30",
    "retry:1200",
    "slow",
    "talk",
    "stop",
)
TASKS = (*("plain",) * 4, "looped", "heavy", "limited", "chained", "chained", "chained", "brief", "fleeting")


TENANTS = ("default", "acme", "zeta")


class Chance(Random):
    """Chance from a seed."""

    def happens(self, share: float) -> bool:
        """Whether something with this probability happens."""
        return self.random() < share


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request to run a task, as a client makes it. Times in milliseconds from the start."""

    number: int
    at: int
    task: str
    script: str
    tenant: str = TENANTS[0]
    group: str = ""  #: what its limits and locks go by, in a control world
    flow: str = ""  #: a workflow as JSON
    pad: int = 0  #: bytes of arguments
    body: int = 0  #: bytes that the arguments must have as JSON, at a limit or one beside it
    key: str | None = None
    delay: int = 0
    expires: int = 0
    max_attempts: int = 3
    twins: int = 0  #: the same request sent again at the same time
    other: bool = False  #: the same key with another request
    retries: tuple[int, ...] = ()  #: when the client asks again after no answer


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One seed's world."""

    seed: int
    requests: tuple[Request, ...]
    rates: dict[str, float]
    calm: int  #: when the faults stop
    skew: int  #: clocks are within this many milliseconds of the truth
    latency: int  #: a call takes up to this long
    ticks_off: tuple[int, int] | None
    tickers: int
    throttled: tuple[int, int] | None  #: no table answers
    denied: tuple[int, int] | None  #: no queue takes messages
    refused: tuple[int, int] | None  #: 80 % of invocations are throttled
    purges: tuple[int, ...]
    cancels: tuple[tuple[int, int, bool], ...]  #: (when, request, twice)
    redrives: tuple[int, ...]
    strays: tuple[int, ...]  #: messages that nobody sent: unknown jobs, rubbish
    forgets: bool  #: TTL deletes what may be forgotten
    losing: tuple[int, ...]  #: when a stored payload vanishes
    intrusions: tuple[
        tuple[int, int, str], ...
    ]  #: (when, row, what): somebody meddles with another tenant's job
    newer: tuple[int, ...]  #: when newer code brings a job into a state that this code does not know
    page: int
    side_by_side: bool
    receives: int  #: deliveries before a message goes to the dead-letter lane
    batched: bool  #: the requests come in one call
    zombies: bool  #: an invocation that is over is not killed
    modes: frozenset[str] = field(default_factory=frozenset)
    plans: tuple["Plan", ...] = ()  #: the schedules of a control world
    fan: int = 100  #: how many children of a group make a page


_tilt: dict[str, Any] = {}


@contextmanager
def tilted(tilt: Mapping[str, Any]) -> Iterator[None]:
    """Make every seed's world such as a mutant needs it: chosen faults, tasks, scripts. For mutants alone."""
    before = dict(_tilt)
    _tilt.update(tilt)
    try:
        yield
    finally:
        _tilt.clear()
        _tilt.update(before)


def profile(seed: int) -> Profile:
    """The world of this seed."""
    found = _drawn(seed)
    if seed >= FLOWS:
        from proof.simulation.flows.world import flowed

        found = flowed(found)
    elif seed >= CONTROL:
        from proof.simulation.control.world import controlled, leaning_of

        found = controlled(found, _tilt.get("leaning") or leaning_of(seed))
    return _leaning(found, Random(f"tilt {seed}")) if _tilt else found


def _leaning(found: Profile, chance: Random) -> Profile:
    """Half of the seeds lean the way that the tilt says."""
    if chance.random() < 0.3:
        return found
    changes: dict[str, Any] = {
        name: value for name, value in _tilt.items() if name in Profile.__dataclass_fields__
    }
    if "rates" in changes:
        changes["rates"] = {**found.rates, **changes["rates"]}
    changes.update(_worse(found, chance))
    requests = []
    for request in found.requests:
        asked: dict[str, Any] = {}
        for option, name in (("tasks", "task"), ("scripts", "script"), ("delays", "delay"), ("pads", "pad")):
            if option in _tilt:
                asked[name] = chance.choice(_tilt[option])
        if "delay" in asked:
            asked["expires"] = 0
        if isinstance(_tilt.get("flows"), tuple):
            asked["flow"] = chance.choice(_tilt["flows"])
        if "keyed" in _tilt:
            asked.update(key=f"key-{request.number}", twins=request.twins or chance.choice((0, 1)))
        requests.append(replace(request, **asked))
    wide = replace(found, requests=tuple(requests), **changes)
    if "strange" in _tilt:
        newer = tuple(chance.randrange(found.calm) for _ in range(2))
        wide = replace(wide, newer=newer, strays=(*wide.strays, *newer))
    return _peopled(wide, 2, chance) if "crowded" in _tilt else wide


def _worse(found: Profile, chance: Random) -> Iterator[tuple[str, Any]]:
    """What a tilt wants to happen, at times of the seed's own."""
    if "cancelling" in _tilt:
        yield "cancels", tuple((chance.randrange(30 * SECOND), 0, False) for _ in range(2))
    if "redriving" in _tilt:
        yield "redrives", tuple(chance.randrange(10 * MINUTE) for _ in range(2))
    if "throttling" in _tilt:
        yield "refused", (0, found.calm)
    if "outage" in _tilt:
        yield "ticks_off", (found.calm // 2, found.calm // 2 + 3 * HOUR)


def _peopled(found: Profile, tenants: int, chance: Random) -> Profile:
    """Several tenants, who choose the same keys and are curious about each other's jobs."""
    requests = tuple(
        replace(
            request,
            tenant=TENANTS[request.number % tenants],
            key=f"key-{request.number // tenants}" if request.key else None,
        )
        for request in found.requests
    )
    intrusions = tuple(
        (chance.randrange(found.calm), chance.randrange(len(requests)), chance.choice(INTRUSIONS))
        for _ in range(chance.randrange(1, 7))
    )
    return replace(found, requests=requests, intrusions=intrusions)


def _drawn(seed: int) -> Profile:
    chance = Chance(f"more {seed}")
    found = _plain(seed)
    if chance.happens(0.06):
        found = _with_ghosts(found, chance)
    if chance.happens(0.1):
        found = replace(
            found, newer=tuple(chance.randrange(found.calm) for _ in range(chance.choice((1, 2))))
        )
    found = _peopled(found, chance.choice((2, 2, 3)), chance) if chance.happens(0.3) else found
    if chance.happens(0.08):
        found = replace(found, rates={**found.rates, "junk_answer": chance.choice((0.02, 0.2))})
    return _at_a_limit(found, chance) if chance.happens(0.03) else found


def _at_a_limit(found: Profile, chance: Random) -> Profile:
    """The first request's arguments are as large as some limit allows, or one byte more or less."""
    limit = chance.choice((*(INLINE_BYTES,) * 6, *(ITEM_BYTES,) * 6, MAX_BODY))
    first = replace(found.requests[0], body=limit + chance.choice((-1, 0, 1)), other=False)
    return replace(found, requests=(first, *found.requests[1:]))


def _with_ghosts(found: Profile, chance: Random) -> Profile:
    """Jobs that die while their only worker stands still, and are given another life before it goes on: rare, unless one sees to it."""
    return replace(
        found,
        requests=tuple(replace(request, max_attempts=1) for request in found.requests),
        rates={**found.rates, "pause_before": 0.2},
        calm=8 * MINUTE,
        redrives=tuple(minute * MINUTE + chance.randrange(MINUTE) for minute in range(2, 8)),
        zombies=True,
    )


def _plain(seed: int) -> Profile:
    chance = Chance(f"profile {seed}")
    number = chance.choice((1, 1, 2, 2, 3, 4))
    chaos = chance.randint(1, 8) * MINUTE
    modes = frozenset(
        mode
        for mode, share in (("drop_all", 0.05), ("double_all", 0.06), ("shuffle", 0.2))
        if chance.happens(share)
    )
    rates = {name: chance.choice(RATES) for name in ALL_FAULTS if chance.happens(0.22)}
    if chance.happens(0.15):  # one thing goes wrong very often, and at the worst moments
        rates[chance.choice(ALL_FAULTS)] = 0.25
    haunted = chance.happens(
        0.12
    )  # workers stand still, are not killed, and go on when others have taken over
    if haunted:
        rates.update({name: chance.choice((0.05, 0.15)) for name in ("pause_before", "late")})
    requests = tuple(_request(index, chaos, chance) for index in range(number))
    return Profile(
        seed=seed,
        requests=requests,
        rates=rates,
        calm=chaos,
        skew=chance.choice((0, 0, 3 * SECOND, 55 * SECOND, 120 * SECOND)),
        latency=chance.choice((20, 20, 60, 1500)),
        ticks_off=window_of(chance, chaos, 0.08, 60 * MINUTE, 65 * MINUTE)
        if chance.happens(0.3)
        else window_of(chance, chaos, 0.1, MINUTE, 8 * MINUTE),
        tickers=chance.choice((1, 1, 1, 2, 3)),
        throttled=window_of(chance, chaos, 0.12, 60 * SECOND, 61 * SECOND),
        denied=window_of(chance, chaos, 0.05, MINUTE, 10 * MINUTE),
        refused=window_of(chance, chaos, 0.1, 5 * MINUTE, 20 * MINUTE),
        purges=tuple(chance.randrange(chaos) for _ in range(1 if chance.happens(0.05) else 0)),
        cancels=tuple(
            (chance.randrange(chaos), chance.randrange(number), chance.happens(0.4))
            for _ in range(chance.choice((0, 0, 0, 1, 1, 2)))
        ),
        redrives=tuple(chance.randrange(chaos * 2) for _ in range(chance.choice((0, 0, 1, 3, 6)))),
        strays=tuple(chance.randrange(chaos) for _ in range(chance.choice((0, 0, 0, 1, 3)))),
        forgets=chance.happens(0.4),
        losing=(chance.randrange(chaos),) if chance.happens(0.03) else (),
        intrusions=(),
        newer=(),
        page=chance.choice((1, 2, 1000, 1000)),
        side_by_side=chance.happens(0.6),
        receives=chance.choice((3, 10, 10)),
        batched=chance.happens(0.15),
        zombies=haunted or chance.happens(0.2),
        modes=modes,
    )


def window_of(chance: Chance, chaos: int, share: float, least: int, most: int) -> tuple[int, int] | None:
    """A time in which something is wrong, in a share of the worlds."""
    if not chance.happens(share):
        return None
    start = chance.randrange(chaos)
    return start, start + chance.randint(least, most)


def _request(number: int, chaos: int, chance: Chance) -> Request:
    keyed = chance.happens(0.4)
    delay = chance.choice((0, 0, 0, 0, 5 * SECOND, 3 * MINUTE, 20 * MINUTE)) if chance.happens(0.5) else 0
    return Request(
        number=number,
        at=chance.choice((0, 0, chance.randrange(max(1, chaos // 2)))),
        task=chance.choice(TASKS),
        script=chance.choice(SCRIPTS),
        pad=chance.choice((0, 0, 0, 400)),
        key=f"key-{number}" if keyed else None,
        delay=delay,
        expires=delay + chance.choice((30 * SECOND, 5 * MINUTE)) if chance.happens(0.08) else 0,
        max_attempts=chance.choice((1, 2, 3, 3)),
        twins=chance.choice((0, 0, 1, 2)) if keyed else 0,
        other=keyed and chance.happens(0.1),
        retries=tuple(
            chance.choice((SECOND, 5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE))
            for _ in range(chance.randint(1, 4))
        ),
    )
