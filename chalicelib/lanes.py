"""The lanes of every stage, declared here and nowhere else. One more line is one more lane:

    Lane(name="reports", meant="Reports that take minutes.", memory=3008, timeout=timedelta(minutes=15), concurrency=5),

then `python -m infra lanes`, which writes what follows from it: the stack's template, .chalice/config.json and the functions' policies.
All else reads this: consumers, mappings, `jobline up`, `jobline doctor`. docs/lanes.md says what each figure does.
"""

from collections.abc import Mapping
from datetime import timedelta

from chalicelib.domain.lane import Lane, names

MINUTE = timedelta(minutes=1)

# The shares are what keeps lanes from starving each other: together they stay below the 900 that an account of 1,000 lets functions
# share, with room for the API, the tick and the dead letters. So no flood in one lane can take what belongs to another.
DECLARED: tuple[Lane, ...] = (
    Lane(name="high", meant="Jobs that people wait for.", concurrency=400, alarm_after=MINUTE),
    Lane(name="default", meant="Jobs of no special urgency.", concurrency=300, alarm_after=15 * MINUTE),
    Lane(name="low", meant="Jobs that may wait.", concurrency=100, alarm_after=60 * MINUTE),
)

LANES: tuple[str, ...] = names(DECLARED)
"""Their names."""

MEMORY: Mapping[str, int] = {lane.name: lane.memory for lane in DECLARED}
"""The memory of their consumers, in MB."""

BY_NAME: Mapping[str, Lane] = {lane.name: lane for lane in DECLARED}
