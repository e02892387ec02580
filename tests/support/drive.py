"""Driving a pipeline on twins, as `jobline.testing` does for users, with every invariant looked after on the way."""

from datetime import timedelta

from chalicelib.domain.job import TERMINAL, State
from chalicelib.pipeline.parts import Parts
from jobline.testing import drive
from jobline.testing.drive import INVOCATION, MINUTE, deliver, drain, quiet, tick
from tests.support.invariants import check_row, check_watermark

__all__ = [
    "INVOCATION",
    "MINUTE",
    "check_end",
    "deliver",
    "drain",
    "quiet",
    "replay",
    "run_until_quiet",
    "tick",
]


def run_until_quiet(parts: Parts, *, within: timedelta = timedelta(days=60)) -> None:
    """Let virtual time pass, with a tick each minute in which there is anything to tick for, until all is over."""

    def look() -> None:
        check_watermark(parts, "fast")
        check_watermark(parts, "slow")

    drive.run_until_quiet(parts, within=within, look=look)
    check_end(parts)


def check_end(parts: Parts) -> None:
    """I9 and I11, once all is quiet."""
    rows = list(parts.store.rows.values())  # type: ignore[attr-defined]  # a twin's look inside
    for row in rows:
        check_row(row)
    by_state = {state: sum(1 for row in rows if row.state is state) for state in State}
    assert sum(by_state[state] for state in TERMINAL) == len(rows), f"I11: {by_state}"


def replay(parts: Parts) -> None:
    """I14: every message that was ever sent comes once more, and nothing changes."""
    queue = parts.queue
    before = dict(parts.store.rows)  # type: ignore[attr-defined]  # a twin's look inside
    for lane, body in list(queue.ever):  # type: ignore[attr-defined]
        queue.put(lane, body)  # type: ignore[attr-defined]
    drain(parts)
    assert parts.store.rows == before, "I14: a message that came again changed a row"  # type: ignore[attr-defined]
