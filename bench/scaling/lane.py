"""One lane: messages that wait, who of them goes first, and consumers that grow in number while there is work."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.scaling.limits import BATCH, Limits, Settings

NOTHING = 1e-9
"""Jobs are counted as fractions; less than this is what arithmetic left over."""


@dataclass(frozen=True, slots=True)
class Some:
    """So many jobs of one flow, in the same attempt, that became visible in the same second."""

    flow: str
    attempt: int
    since: int
    jobs: float

    def part(self, of: float) -> "Some":
        """That part of them."""
        return Some(self.flow, self.attempt, self.since, self.jobs * of)


def total(jobs: Sequence[Some]) -> float:
    """How many there are."""
    return sum(some.jobs for some in jobs)


def merged(jobs: Iterable[Some]) -> list[Some]:
    """The same with one entry a flow, attempt and second."""
    sums: dict[tuple[str, int, int], float] = {}
    for some in jobs:
        key = some.flow, some.attempt, some.since
        sums[key] = sums.get(key, 0.0) + some.jobs
    return [Some(*key, count) for key, count in sums.items() if count > NOTHING]


class Backlog:
    """The messages of a queue, the oldest first; in a fair one, the oldest of each flow."""

    def __init__(self, *, fair: bool, share: float) -> None:
        """Fair: a flow that would have more than `share` of what is taken goes after the others."""
        self._fair, self._share = fair, share
        self._lines: dict[str, deque[Some]] = {}
        self._sizes: dict[str, float] = {}
        self._ages: dict[int, float] = {}

    @property
    def size(self) -> float:
        """Of all flows."""
        return sum(self._sizes.values())

    def since(self, second: int) -> float:
        """How many wait that came in this second."""
        return self._ages.get(second, 0.0)

    def put(self, some: Some) -> None:
        """These wait, too."""
        if some.jobs > NOTHING:
            line = some.flow if self._fair else ""
            self._lines.setdefault(line, deque()).append(some)
            self._sizes[line] = self._sizes.get(line, 0.0) + some.jobs
            self._ages[some.since] = self._ages.get(some.since, 0.0) + some.jobs

    def take(self, jobs: float) -> list[Some]:
        """So many of them."""
        return [some for line, count in self._parts(jobs).items() for some in self._pop(line, count)]

    def _parts(self, jobs: float) -> Mapping[str, float]:
        quiet = {line: size for line, size in self._sizes.items() if size <= self._share * jobs}
        few = min(1.0, jobs / sum(quiet.values())) if any(quiet.values()) else 1.0
        parts = {line: size * few for line, size in quiet.items()}
        left = jobs - sum(parts.values())
        noisy = sorted((size, line) for line, size in self._sizes.items() if line not in quiet)
        for place, (size, line) in enumerate(
            noisy
        ):  # each as much as the others, but for what it does not need
            parts[line] = min(size, left / (len(noisy) - place))
            left -= parts[line]
        return parts

    def _pop(self, line: str, jobs: float) -> list[Some]:
        found, queue = [], self._lines[line]
        self._sizes[line] -= jobs
        while jobs > NOTHING and queue:
            first = queue.popleft()
            taken = min(jobs, first.jobs)
            found.append(first.part(taken / first.jobs))
            jobs -= taken
            self._ages[first.since] -= taken
            if first.jobs - taken > NOTHING:
                queue.appendleft(first.part(1 - taken / first.jobs))
        if not queue:
            self._sizes[line] = 0.0
        return found


class Lane:
    """A queue, its mapping to a function, and the invocations that run."""

    def __init__(self, limits: Limits, settings: Settings) -> None:
        account = limits.account_concurrency
        self.backlog = Backlog(fair=settings.fair, share=limits.fair_share)
        self.most = min(limits.mapping_consumers, settings.consumers or account, account)
        self.pollers = min(limits.first_consumers, self.most)
        self.lasts = limits.batch_seconds
        """Seconds of an invocation, as they were lately."""
        self.held = 0.0
        """Invocations that began in an earlier second and still run."""
        self._limits = limits
        self._ends: dict[int, float] = {}

    def tick(self, second: int) -> None:
        """What ends in this second is free."""
        self.held = max(0.0, self.held - self._ends.pop(second, 0.0))

    def room(self, account: float) -> float:
        """Jobs that can be begun in this second, when the account has so many invocations left."""
        free = min(self.pollers, self._limits.in_flight / BATCH) - self.held
        return max(0.0, min(free, account)) * BATCH / min(1.0, self.lasts)

    def begin(self, jobs: float, lasts: float, second: int) -> float:
        """Invocations for so many jobs begin. Returns how many they are."""
        full = max(
            1.0, min(BATCH, (jobs + self.backlog.size) / self.pollers)
        )  # few messages: smaller batches
        self.lasts = lasts
        if lasts >= 1:  # what is shorter begins and ends within the second
            self.hold(jobs / full, lasts, second)
        return jobs / full

    def hold(self, invocations: float, lasts: float, second: int) -> None:
        """So many are not free for so long."""
        whole, rest = int(lasts), lasts - int(lasts)
        self.held += invocations
        for end, part in ((second + whole, 1 - rest), (second + whole + 1, rest)):
            self._ends[end] = self._ends.get(end, 0.0) + invocations * part

    def grow(self) -> None:
        """After a second: more consumers while messages are left, fewer when none are."""
        step = self._limits.more_consumers
        if self.backlog.size > self.pollers * BATCH:
            self.pollers = min(self.most, self.pollers + step)
        elif self.backlog.size <= NOTHING:
            self.pollers = max(min(self._limits.first_consumers, self.most), self.pollers - step)


class Waits:
    """How long jobs waited for a consumer, as counts by whole seconds."""

    def __init__(self) -> None:
        self._counts: dict[int, float] = {}

    def add(self, seconds: int, jobs: float) -> None:
        """So many waited so long."""
        self._counts[seconds] = self._counts.get(seconds, 0.0) + jobs

    def quantile(self, part: float) -> int:
        """The wait, in seconds, that this part of the jobs did not exceed; 0 if there was none."""
        left = part * sum(self._counts.values())
        for seconds in sorted(self._counts):
            left -= self._counts[seconds]
            if left <= NOTHING:
                return seconds
        return max(self._counts, default=0)
