"""A plan: a scenario, and which faults happen at which of its calls. As text: `<scenario> <n>:<fault> <m>:<fault>`."""

from dataclasses import dataclass

from proof.crashes.faults import Fault


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`strikes` are pairs of a call's number, counted from 1 over all processes, and a fault."""

    scenario: str
    strikes: tuple[tuple[int, Fault], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.scenario, *(f"{number}:{fault}" for number, fault in self.strikes)])

    def then(self, number: int, fault: Fault) -> "Plan":
        """The same with one more fault."""
        return Plan(scenario=self.scenario, strikes=(*self.strikes, (number, fault)))

    @property
    def command(self) -> str:
        """What replays it."""
        return f'python -m proof.crashes --plan "{self}"'


def read_plan(text: str) -> Plan:
    """The plan that a text says. Raises ValueError."""
    scenario, *words = text.split()
    strikes = [(int(number), Fault(fault)) for number, _, fault in (word.partition(":") for word in words)]
    return Plan(scenario=scenario, strikes=tuple(sorted(strikes)))
