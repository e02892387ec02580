"""Whether a fault strikes: drawn from the seed, counted, and one by one suppressible, which is how a failing history is made shorter."""

from collections import Counter
from random import Random

from proof.simulation.profile import CALL_FAULTS, Profile


class Fate:
    """One history's faults. `kept` None: all that the seed draws; else only those of these numbers strike."""

    def __init__(self, profile: Profile, kept: frozenset[int] | None = None) -> None:
        self.chance = Random(f"fate {profile.seed}")
        self.struck: list[tuple[int, str]] = []  #: number and name of those that struck
        self.hits: Counter[str] = Counter()
        self.off = False
        self._kept = kept
        self._number = 0
        self._rates = profile.rates
        bounds: list[tuple[float, str]] = []
        total = 0.0
        for name in CALL_FAULTS:
            if name in profile.rates:
                total += profile.rates[name]
                bounds.append((total, name))
        self._bounds = tuple(bounds)
        self._total = total

    def hit(self, fault: str) -> None:
        """A fault of the matrix was seen to happen."""
        self.hits[fault] += 1

    def of_call(self) -> str | None:
        """What happens to this call of a port."""
        if self.off or not self._bounds:
            return None
        drawn = self.chance.random()
        if drawn >= self._total:
            return None
        for bound, name in self._bounds:
            if drawn < bound:
                return name if self._strikes(name) else None
        return None

    def strikes(self, name: str, always: bool = False) -> bool:  # noqa: FBT001, FBT002
        """Whether the fault of this name strikes here."""
        if self.off:
            return False
        rate = 1.0 if always else self._rates.get(name, 0.0)
        if rate == 0.0 or self.chance.random() >= rate:
            return False
        return self._strikes(name)

    def _strikes(self, name: str) -> bool:
        self._number += 1
        if self._kept is not None and self._number not in self._kept:
            return False
        self.struck.append((self._number, name))
        return True
