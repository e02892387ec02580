"""What a seed of a control world stands for: which feature it leans on, who asks for what, and how bad it is besides."""

from collections.abc import Mapping
from dataclasses import replace

from proof.simulation.control.plans import plans_of
from proof.simulation.profile import MINUTE, SECOND, Chance, Profile, Request

LEANINGS: Mapping[str, tuple[str, ...]] = {
    "slots": ("slotted", "slotted", "single", "both"),
    "order": ("lined", "lined", "skipping"),
    "mixed": ("both", "guarded", "guarded", "lined"),
    "rate": ("rated", "bursting"),
    "unique": ("sole", "sole", "sole_unstarted", "sole_for_minutes", "sole_or_none"),
    "debounce": ("quieted", "quieted_at_most"),
    "throttle": ("choked",),
    "long": ("lengthy",),
    "schedules": ("plain",),
}
"""A leaning, and the tasks that its jobs are of."""

ALIKE = frozenset({"unique", "debounce", "throttle"})
"""Leanings in which all jobs are of one task, asked for again and again."""

SCRIPTS = (
    *("ok",) * 6,
    *("slow",) * 3,
    *("brisk",) * 3,
    "fail:1",
    "fail:2",
    "kill:1",
    "killer",
    "always",
    "obey",
    "talk",
    "hang",
    "retry:30",
)

LENGTHS = ("parts:4", "parts:9", "parts:9", "parts:25", "steps:4", "steps:6", "steps:9", "steps:6")


def leaning_of(seed: int) -> str:
    """The feature that a seed's world leans on."""
    return Chance(f"leaning {seed}").choice(tuple(LEANINGS))


def controlled(found: Profile, leaning: str) -> Profile:
    """The seed's world with the jobs of a control world in it."""
    chance = Chance(f"control {found.seed}")
    alike = leaning in ALIKE
    tasks = (chance.choice(LEANINGS[leaning]),) if alike else LEANINGS[leaning]
    number = chance.choice((2, 3, 4, 4, 6, 8)) if leaning != "schedules" else 1
    groups = chance.choice((("a",), ("a",), ("a", "b")))
    spread = chance.choice(
        (0, 5 * SECOND, MINUTE, found.calm) if alike else (0, 0, 5 * SECOND, found.calm // 2)
    )
    if leaning == "order":
        spread = chance.choice((20 * SECOND, MINUTE))
        found = replace(found, skew=min(found.skew, 3 * SECOND))
    tenants = sorted({request.tenant for request in found.requests})
    requests = tuple(
        Request(
            number=index,
            at=chance.randrange(spread) if spread else 0,
            task=chance.choice(tasks),
            script=chance.choice(LENGTHS if leaning == "long" else SCRIPTS),
            tenant=chance.choice(tenants),
            group=chance.choice(groups) if leaning != "schedules" else "",
            key=f"key-{index}" if chance.happens(0.3) else None,
            delay=0
            if leaning == "debounce" or not chance.happens(0.08)
            else chance.choice((3 * SECOND, 3 * MINUTE, 20 * MINUTE)),
            pad=index + 1 if leaning == "debounce" else 0,
            max_attempts=chance.choice((1, 2, 3, 3)),
            retries=(SECOND, 30 * SECOND, 5 * MINUTE),
        )
        for index in range(number)
    )
    cancels = tuple((when, chance.randrange(number), twice) for when, _, twice in found.cancels)
    found = replace(found, requests=requests, cancels=cancels)
    return _planned(found, chance) if leaning == "schedules" else found


def _planned(found: Profile, chance: Chance) -> Profile:
    """Schedules, and now and then hours without a tick."""
    off = found.ticks_off
    if chance.happens(0.2):
        begin = chance.randrange(found.calm)
        off = (begin, begin + 190 * MINUTE)
    return replace(found, plans=tuple(plans_of(found, chance)), ticks_off=off, cancels=(), redrives=())
