"""What becomes of one call on its way through the proxy, by seeded chance."""

import enum
import json
import random
from dataclasses import dataclass


class Fate(enum.StrEnum):
    """The ends of a call. What is applied and what is not is the point."""

    PASSED = "passed"
    REFUSED = "refused"  #: an error of the service, nothing applied
    RESET = "reset"  #: the connection breaks, nothing applied
    LOST = "lost"  #: applied, the connection breaks instead of the answer
    CUT = "cut"  #: applied, the connection breaks in the middle of the answer
    LATE = "late"  #: applied a little later
    STALLED = "stalled"  #: applied after the caller has given up waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """The share of calls that each fate befalls. The first four are the 5 % of API faults."""

    refused: float = 0.02
    reset: float = 0.0075
    lost: float = 0.015
    cut: float = 0.0075
    late: float = 0.01
    stalled: float = 0.0005


CALM = Rates(refused=0, reset=0, lost=0, cut=0, late=0, stalled=0)

LATE_AT_MOST = 1.0  # seconds
STALL = 6.0  # seconds: one more than the adapters wait for an answer

ERRORS = (
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (400, "ThrottlingException"),
)


class Weather:
    """Rolls the dice. `rates` may be changed at any time."""

    def __init__(self, seed: int, rates: Rates = CALM) -> None:
        self.rates = rates
        self._dice = random.Random(seed)

    def fate(self) -> Fate:
        """Of the next call."""
        rolled = self._dice.random()
        for fate in (Fate.REFUSED, Fate.RESET, Fate.LOST, Fate.CUT, Fate.LATE, Fate.STALLED):
            share: float = getattr(self.rates, fate.value)
            if rolled < share:
                return fate
            rolled -= share
        return Fate.PASSED

    def delay(self, fate: Fate) -> float:
        """Seconds before the call is passed on."""
        if fate is Fate.STALLED:
            return STALL
        return self._dice.uniform(0.02, LATE_AT_MOST) if fate is Fate.LATE else 0.0

    def refusal(self) -> tuple[str, bytes]:
        """The error's code and the whole answer that says it, as the JSON protocols do."""
        status, code = self._dice.choice(ERRORS)
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "by the proof's proxy"}).encode()
        head = (
            f"HTTP/1.1 {status} Injected\r\nContent-Type: application/x-amz-json-1.0\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return code, head.encode() + body
