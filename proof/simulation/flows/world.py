"""What a seed of a workflow world stands for: which workflows are asked for, in what pages, and how their steps go."""

import json
from dataclasses import replace
from typing import Any

from proof.simulation.flows.trees import Tree
from proof.simulation.profile import MINUTE, SECOND, Chance, Profile, Request

SCRIPTS = (
    *("ok",) * 14,
    "fail:1",
    "fail:1",
    "slow",
    "brisk",
    "always",
    "always",
    "kill:1",
    "killer",
    "stop",
    "retry:30",
)
KINDS = ("chord", "chord", "group", "map", "chain", "fed", "grown", "step")
"""What a node is, by chance. "fed" is a chain whose map has the list of what came before for items; "grown", a task that returns one."""

MOST = 14
"""Jobs of a workflow, about."""


def flowed(found: Profile) -> Profile:
    """The seed's world with workflows in it."""
    chance = Chance(f"flows {found.seed}")
    calm = max(found.calm, 2 * MINUTE)
    scripts = ("ok",) if chance.happens(0.3) else SCRIPTS
    requests = tuple(
        Request(
            number=index,
            at=chance.choice((0, 0, 5 * SECOND)),
            task="jobline.workflow",
            script="",
            flow=json.dumps(_Trees(chance, scripts).whole()),
            tenant=chance.choice(sorted({request.tenant for request in found.requests})),
            key=f"key-{index}" if chance.happens(0.4) else None,
            max_attempts=chance.choice((2, 15, 15, 15)),
            retries=(SECOND, 30 * SECOND, 5 * MINUTE),
        )
        for index in range(chance.choice((1, 1, 1, 2)))
    )
    cancels = tuple(
        (
            chance.choice(
                (chance.randrange(2 * SECOND), chance.randrange(20 * SECOND), chance.randrange(calm))
            ),
            0,
            chance.happens(0.3),
        )
        for _ in range(chance.choice((0, 0, 0, 1, 2)))
    )
    redrives = tuple(chance.randrange(calm * 2) for _ in range(chance.choice((0, 0, 1, 3, 6))))
    rates = {name: min(rate, 0.05) for name, rate in found.rates.items()}
    return replace(
        found,
        requests=requests,
        fan=chance.choice((2, 3, 3, 5, 100)),
        calm=calm,
        cancels=cancels,
        redrives=redrives,
        rates=rates,
        intrusions=tuple(one for one in found.intrusions if one[2] != "redrive"),
        plans=(),
    )


class _Trees:
    """One workflow, by chance."""

    def __init__(self, chance: Chance, scripts: tuple[str, ...]) -> None:
        self._chance = chance
        self._scripts = scripts
        self._left = MOST

    def whole(self) -> Tree:
        kind = self._chance.choice(KINDS[:-1])
        return self._node(kind, fed=False, depth=0)

    def _any(self, *, fed: bool, depth: int) -> Tree:
        nested = depth < 3 and self._left > 3 and self._chance.happens(0.25)
        return self._node(self._chance.choice(KINDS[:-1]) if nested else "step", fed=fed, depth=depth)

    def _node(self, kind: str, *, fed: bool, depth: int) -> Tree:
        chance = self._chance
        match kind:
            case "chain":
                count = chance.choice((1, 2, 3, 4))
                return {"chain": [self._any(fed=fed or n > 0, depth=depth + 1) for n in range(count)]}
            case "group":
                nodes = [
                    self._any(fed=fed, depth=depth + 1)
                    for _ in range(chance.choice((0, 1, 2, 3, 3, 4, 6, 7)))
                ]
                return {"group": nodes, **self._policy(len(nodes))}
            case "chord":
                nodes = [
                    self._any(fed=fed, depth=depth + 1) for _ in range(chance.choice((0, 1, 2, 3, 3, 5, 6)))
                ]
                return {"chord": nodes, "then": self._step(fed=True), **self._policy(len(nodes))}
            case "map":
                return self._map(chance.choice((1, 2, 3, 4, 6, 7)), chance.choice((None, None, 2)))
            case "fed":
                count = chance.choice((1, 2, 3, 4))
                return {
                    "chain": [
                        self._map(count, None),
                        {"map": self._step(fed=True), "from": "before", **self._policy(0)},
                    ]
                }
            case "grown":
                return self._step(fed=fed, task="grower")
            case _:
                return self._step(fed=fed)

    def _map(self, count: int, size: int | None) -> Tree:
        number = -(-count // (size or 1))
        sized = {} if size is None else {"size": size}
        self._left -= number
        return {"map": self._step(fed=True), "items": list(range(count)), **sized, **self._policy(number)}

    def _step(self, *, fed: bool, task: str = "leaf") -> Tree:
        chance = self._chance
        self._left -= 1
        step: dict[str, Any] = {"task": task, "args": {"script": chance.choice(self._scripts)}}
        if fed:
            step["into"] = "given"
        if chance.happens(0.2):
            step["max_attempts"] = chance.choice((1, 2))
        if chance.happens(0.06):
            step["delay"] = chance.choice((3, 200, 1200))
        return step

    def _policy(self, count: int) -> Tree:
        on_error = self._chance.choice(("fail", "fail", "collect", "ignore"))
        least = (
            self._chance.randint(0, count)
            if count and on_error != "fail" and self._chance.happens(0.5)
            else 0
        )
        return {"on_error": on_error, **({"min_success": least} if least else {})}
