"""Schedules as people make them in a control world: a rule, and what is done to it later."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from proof.simulation.profile import MINUTE, SECOND, TENANTS, Chance, Profile

CHANGES = ("pause", "resume", "every", "args", "delete", "fire now", "fire now")
CATCH_UPS = ("skip", "one", "all", "all:3")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One schedule. `every` in minutes, or `at` so long after its making; times in milliseconds from the start."""

    id: str
    tenant: str
    made: int
    every: int = 0
    at: int = 0
    cron: str = ""
    catch_up: str = "one"
    changes: tuple[tuple[int, str], ...] = ()

    @property
    def untouched(self) -> bool:
        """Whether nobody changes when it fires."""
        return all(what == "fire now" for _, what in self.changes)

    @property
    def period(self) -> timedelta | None:
        """Between two fires; None: there is one only."""
        return timedelta(minutes=self.every) if self.every else timedelta(minutes=2) if self.cron else None


def plans_of(found: Profile, chance: Chance) -> Iterator[Plan]:
    """The schedules of a world."""
    for number in range(chance.choice((1, 1, 2))):
        made = chance.randrange(max(1, found.calm // 3))
        kind = chance.choice(("every", "every", "cron", "at"))
        changes = [
            (made + chance.randrange(5 * SECOND, found.calm), chance.choice(CHANGES))
            for _ in range(chance.choice((0, 0, 1, 2, 3)))
        ]
        yield Plan(
            id=f"plan-{number}",
            tenant=chance.choice(TENANTS[:2]),
            made=made,
            every=chance.choice((1, 2, 3)) if kind == "every" else 0,
            cron="*/2 * * * *" if kind == "cron" else "",
            at=chance.choice((20 * SECOND, 2 * MINUTE, 9 * MINUTE)) if kind == "at" else 0,
            catch_up=chance.choice(CATCH_UPS),
            changes=tuple(sorted(changes)),
        )
