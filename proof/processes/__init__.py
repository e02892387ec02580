"""The real processes under kills: API, consumers and tick against the emulator, with a monkey among them and an independent ledger.

python -m proof.processes --minutes 3
"""

from proof.processes.report import ProcessReport
from proof.processes.run import run
from proof.processes.trial import all_tried

__all__ = ["ProcessReport", "all_tried", "run"]
