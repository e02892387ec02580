"""What the clients ask for: a mix of jobs, drawn by a seed, each with an idempotency key of its own."""

import random
from dataclasses import dataclass
from typing import Any

MIX = {
    "quick": 46.0,
    "gentle": 12.0,
    "flaky": 10.0,
    "first": 10.0,
    "slow": 3.0,
    "heavy": 3.0,
    "delayed": 4.0,
    "always": 2.0,
    "doomed": 2.0,
    "obedient": 3.0,
    "scheduled": 1.5,
    "brief": 1.5,
    "hang": 0.6,
    "fatal_child": 0.6,
    "fatal_once": 0.4,
    "fatal": 0.4,
}
"""Kinds by their share, in percent."""

TASKS = {"delayed": "quick", "scheduled": "quick", "brief": "slow"}
"""The kinds whose task has another name."""

CANCELLED = frozenset({"obedient", "scheduled"})
"""Kinds that their client cancels a moment later. A scheduled one is due in an hour, so it has to be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One job as a client asks for it."""

    number: int
    kind: str
    key: str
    body: dict[str, Any]
    twice: bool = False  #: asked for once more after the answer, as a client does that lost it
    cancel_after: float | None = None  #: seconds


def orders(count: int, seed: int) -> list[Order]:
    """So many orders, each kind among them at least once where there is room."""
    dice = random.Random(seed)
    kinds = [*MIX][: max(1, count // 4)]
    kinds += dice.choices([*MIX], [*MIX.values()], k=max(0, count - len(kinds)))
    dice.shuffle(kinds)
    return [_order(number, kind, seed, dice) for number, kind in enumerate(kinds[:count])]


def _order(number: int, kind: str, seed: int, dice: random.Random) -> Order:
    body: dict[str, Any] = {"task": TASKS.get(kind, kind), "args": {"number": number}, "tags": [kind]}
    if kind == "delayed":
        body["delay"] = round(dice.uniform(0.5, 15), 2)
    elif kind == "scheduled":
        body["delay"] = 3600
    elif kind == "brief":
        body["expires"] = round(dice.uniform(0.05, 3), 2)
    return Order(
        number=number,
        kind=kind,
        key=f"proof-{seed}-{number}",
        body=body,
        twice=dice.random() < 0.1,
        cancel_after=round(dice.uniform(0.0, 2.0), 2) if kind in CANCELLED else None,
    )
