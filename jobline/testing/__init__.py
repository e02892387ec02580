"""What a user's own tests import: a Jobline in memory, and a task killed at every point. docs/testing.md shows how."""

from jobline.testing.drive import NotQuiet
from jobline.testing.effects import effect
from jobline.testing.explore import NotRepeatable, ScheduleFailed, crash_every_point
from jobline.testing.faults import Fault
from jobline.testing.memory import Jobline
from jobline.testing.report import Report
from jobline.testing.run import Run

__all__ = [
    "Fault",
    "Jobline",
    "NotQuiet",
    "NotRepeatable",
    "Report",
    "Run",
    "ScheduleFailed",
    "crash_every_point",
    "effect",
]
