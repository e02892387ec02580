"""`python -m proof --minutes 20`: every layer of the proof, one after the other, and the report under build/proof/.

Exit code 0: no job lost, none recorded twice, no invariant broken, every fault met, every broken variant caught.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from proof import layers
from proof.layer import Layer
from proof.layers import SHARE
from proof.matrix import APPLIES, PENDING
from proof.report import FOLDER, Report

WHOLE = 10.0
"""Minutes from which on a run is no sample: then every fault must have been met, and every broken variant is tried."""


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for, write the report, print its last line."""
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="about how long the whole may take (20)")
    parser.add_argument("--processes", type=int, default=2, help="side by side (2)")
    parser.add_argument("--first", type=int, default=0, help="the simulation's first seed")
    parser.add_argument("--only", choices=_NAMES, action="append", help="only this layer; may be given again")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where the report goes ({FOLDER})")
    found = parser.parse_args(arguments)
    whole = found.minutes >= WHOLE and not found.only
    logging.getLogger("httpx").setLevel(
        logging.WARNING
    )  # the crash layer's doors let INFO through, thousands of requests of it
    done = []
    for name, run in _layers(found, small=found.minutes < WHOLE):
        if found.only and name not in found.only:
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        done.append(run())
        print(
            f"{name}: {'holds' if done[-1].passed else 'FAILED'}, {done[-1].seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    report = Report(layers=done, faults=APPLIES, pending=PENDING, whole=whole)
    report.write(found.folder)
    for words in report.wrong():
        print(f"FAILED {words}")
    print(f"report: {found.folder / 'report.md'}")
    print(report.last_line())
    return int(not report.passed)


_NAMES = ("specification", "simulation", "crashes", "processes")


def _layers(found: argparse.Namespace, *, small: bool) -> Iterator[tuple[str, Callable[[], Layer]]]:
    minutes, side_by_side = found.minutes, found.processes
    yield "specification", partial(layers.specification, processes=side_by_side, small=small)
    yield (
        "simulation",
        partial(
            layers.simulation,
            minutes=minutes * SHARE.simulation,
            processes=side_by_side,
            first=found.first,
            small=small,
        ),
    )
    yield (
        "crashes",
        partial(layers.crashes, minutes=minutes * SHARE.crashes, processes=side_by_side, small=small),
    )
    if not small or (found.only and "processes" in found.only):
        yield "processes", partial(layers.processes, minutes=minutes * SHARE.processes)


if __name__ == "__main__":
    sys.exit(main())
