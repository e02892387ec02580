"""What a run showed."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

ACCOUNT = (
    "jobs",
    "accepted",
    "succeeded",
    "dead",
    "cancelled",
    "expired",
    "starts",
    "redriven",
    "lost",
    "recorded_twice",
)
"""The ledger's figures, in the order in which they are told; anything else in it is something wrong."""


@dataclass(kw_only=True)
class ProcessReport:
    """One run of the real processes."""

    seed: int
    seconds: float = 0.0
    quiet_after: float = 0.0  #: seconds from the last fault until every accepted job had ended
    rested: bool = False  #: at the end all had ended, or nothing moved any more
    jobs: int = 0  #: rows, followers included
    ledger: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)  #: faults of the matrix, recognised as `hits` says
    kills: Counter[str] = field(default_factory=Counter)  #: "SIGKILL consumer", ... -> how often
    deaths: Counter[str] = field(default_factory=Counter)  #: processes that ended for reasons of their own
    resets: int = 0  #: connections broken at once or by a restart of the network
    restarts: int = 0
    injected: Counter[str] = field(default_factory=Counter)  #: calls by what became of them in the proxy
    replayed: int = 0  #: messages sent again when all was over
    failed: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Nothing wrong, and something done."""
        return not self.failed and self.ledger["accepted"] > 0

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a file."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {name: dict(value) if isinstance(value, Counter) else value for name, value in values.items()}
        return {**plain, "passed": self.passed}

    def lines(self) -> list[str]:
        """For people."""
        calls = sum(self.injected.values())
        bad = calls - self.injected["passed"]
        return [
            f"processes: seed={self.seed} seconds={self.seconds:.0f} quiet_after={self.quiet_after:.0f}",
            " ".join(f"{name}={self.ledger[name]}" for name in ACCOUNT),
            "kills: " + _told(self.kills),
            "own deaths: " + _told(self.deaths),
            f"network: {calls} calls, {bad} of them disturbed ({_told(self.injected)})",
            f"network: {self.restarts} restarts, {self.resets} connections broken",
            "faults seen: " + _told(self.hits),
            f"replayed: {self.replayed} messages",
            *(f"FAILED {words}" for words in self.failed[:30]),
            "passed" if self.passed else f"FAILED: {len(self.failed)} findings",
        ]


def _told(counter: Counter[str]) -> str:
    return " ".join(f"{name}={number}" for name, number in sorted(counter.items()) if number) or "none"
