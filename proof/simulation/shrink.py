"""Making a failing history short: fewer parts of its world, fewer requests, fewer faults, as long as it fails in the same way."""

import time
from collections.abc import Callable
from dataclasses import replace

from proof.simulation.history import LEAVABLE, Report, Variation, run
from proof.simulation.profile import profile


def shrink(seed: int, *, seconds: float = 20.0, start: Variation | None = None) -> tuple[Variation, Report]:
    """The shortest variation found in the time, and its report with the trace. The seed must fail."""
    best = start or Variation()
    report = run(seed, best)
    if report.violation is None:
        raise ValueError(f"seed {seed} does not fail")
    name = report.violation.name
    steps = report.steps
    ends = time.monotonic() + seconds

    def fails(candidate: Variation) -> Report | None:
        """The candidate's report, if it fails in the same way and takes no more steps than the shortest so far."""
        nonlocal steps
        if time.monotonic() > ends:
            return None
        found = run(seed, candidate)
        if found.violation is None or found.violation.name != name or found.steps > steps:
            return None
        steps = found.steps
        return found

    for part in LEAVABLE:
        candidate = replace(best, without=best.without | {part})
        if fails(candidate):
            best = candidate
    for number in [request.number for request in profile(seed).requests]:
        kept = (
            best.requests
            if best.requests is not None
            else frozenset(r.number for r in profile(seed).requests)
        )
        if len(kept) > 1 and number in kept and fails(candidate := replace(best, requests=kept - {number})):
            best = candidate
    best = _fewer_faults(seed, best, fails)
    return best, run(seed, best, traced=True)


def _fewer_faults(seed: int, best: Variation, fails: Callable[[Variation], Report | None]) -> Variation:
    """Delta debugging over the numbers of the faults that struck."""
    struck = [number for number, _ in run(seed, best).struck]
    size = max(1, len(struck) // 2)
    while size >= 1 and struck:
        start, shorter = 0, False
        while start < len(struck):
            kept = struck[:start] + struck[start + size :]
            found = fails(replace(best, faults=frozenset(kept)))
            if found:
                struck = [number for number, _ in found.struck]
                best, shorter = replace(best, faults=frozenset(struck)), True
            else:
                start += size
        if not shorter or size == 1:
            if size == 1:
                break
            size //= 2
    return best


def command(seed: int, variation: Variation) -> str:
    """The command that replays it."""
    words = ["python -m proof.simulation", f"--seed {seed}"]
    if variation.faults is not None:
        words.append("--faults " + (",".join(map(str, sorted(variation.faults))) or "none"))
    if variation.requests is not None:
        words.append("--requests " + ",".join(map(str, sorted(variation.requests))))
    if variation.without:
        words.append("--without " + ",".join(sorted(variation.without)))
    return " ".join(words)
