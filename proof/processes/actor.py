"""A process of the stage as the proof runs it: the real entry point, with a clock of its own and perhaps a mutant's patches.

    python -m proof.processes.actor consumer --offset=1.2 [--mutant NAME] [arguments of jobline.local.consumer]

The stage's times are scaled down as those of `jobline up` are, further where a run of minutes has to see them pass. All of it is done
here, before the real entry point runs: production code knows nothing of it.
"""

import argparse
import os
import sys
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

from chalicelib import wiring
from chalicelib.pipeline import accept, appointments, limits, sweep, verdict
from chalicelib.settings import Settings
from jobline.local import stage
from proof.processes.clock import Skew, SkewedWorld
from proof.processes.mutants import MUTANTS
from proof.processes.scale import FUNCTION_TIMEOUT, POLLERS, SEND_AHEAD, SLOW_GRACE, SLOW_STRIDE, WAKE_CAP


def main() -> None:
    """Prepare, then be the process. What is no option of ours is the process's own."""
    options = argparse.ArgumentParser(prog="python -m proof.processes.actor", description=__doc__)
    options.add_argument("part", choices=("api", "consumer", "ticker"))
    options.add_argument("--offset", type=float, default=0.0)
    options.add_argument("--after", type=float, default=0.0)
    options.add_argument("--jump", type=float, default=0.0)
    options.add_argument("--mutant", choices=[one.name for one in MUTANTS])
    given, theirs = options.parse_known_args()
    stage.FUNCTION_TIMEOUT = FUNCTION_TIMEOUT  # before the entry points ask for it
    entry = import_module(f"jobline.local.{given.part}")
    if given.part == "consumer":
        vars(entry)["POLLERS"] = POLLERS
    sweep.SLOW_STRIDE = timedelta(seconds=SLOW_STRIDE)
    for module in (accept, appointments, sweep, verdict):
        assert module.SEND_AHEAD == limits.SEND_AHEAD, f"{module.__name__} has another"
        vars(module)["SEND_AHEAD"] = timedelta(seconds=SEND_AHEAD)
    for mutant in MUTANTS:
        if mutant.name == given.mutant:
            mutant.apply()
    settings = Settings.from_env(os.environ)
    scaled = replace(
        settings.limits, slow_grace=timedelta(seconds=SLOW_GRACE), wake_cap=timedelta(seconds=WAKE_CAP)
    )
    world = SkewedWorld(Skew(offset=given.offset, after=given.after, jump=given.jump))
    wiring.use(replace(wiring.build(settings), world=world, limits=scaled))
    sys.argv = [f"jobline.local.{given.part}", *theirs]
    entry.main()


if __name__ == "__main__":
    main()
