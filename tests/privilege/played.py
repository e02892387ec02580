"""What is left of a stage's day: who asked for what, and which of the code's methods and routes it took."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.names import Names
from tests.privilege.calls import Place
from tests.privilege.recorder import Call, Record


@dataclass(frozen=True, kw_only=True)
class Played:
    """As `Deployed` had it at the end of the day."""

    names: Names
    environment: Mapping[str, str]
    place: Place
    calls: list[Call]
    methods: Mapping[str, set[str]]
    routes: set[tuple[str, str]]

    @property
    def record(self) -> Record:
        """All calls, to be asked about."""
        found = Record(self.place)
        found.calls = self.calls
        return found
