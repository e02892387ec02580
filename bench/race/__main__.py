"""Jobline beside its peers: `make bench`, or `python -m bench.race [--cloud quick] [--rounds 5] [--only jobline,taskiq]`.

All on one emulator on this machine, in turns; and what a consumer drains once more on the quick cloud, which limits nobody. Results go to build/bench/: race.json, race.md and charts.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cold_start.figures import compare
from bench.cold_start.room import room
from bench.cold_start.start import start
from bench.race.contenders import CONTENDERS, Contender
from bench.race.program import Broken
from bench.race.race import Figures, race
from bench.race.report import US, write
from bench.race.track import EMULATOR, QUICK
from infra.packaging.build import build

FOLDER = Path("build/bench")
CLOUDS = (EMULATOR, QUICK)
CONSUMER, BARE = "consume_default", "boto3 loop"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = argparse.ArgumentParser(prog="bench.race", description="Jobline beside its peers.")
    parser.add_argument("--jobs", type=int, default=100, help="a lap's jobs (default 100)")
    parser.add_argument(
        "--quick-jobs", type=int, default=300, help="a lap's jobs on the quick cloud (default 300)"
    )
    parser.add_argument("--cloud", choices=(*CLOUDS, "both"), default="both", help="default both")
    parser.add_argument("--rounds", type=int, default=3, help="laps of each kind, in turns (default 3)")
    parser.add_argument("--latencies", type=int, default=30, help="jobs alone (default 30)")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each kind (default 5; 0: none)")
    parser.add_argument("--only", default="", help="names, by commas; jobline always takes part")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"default {FOLDER}")
    given = parser.parse_args(arguments)
    contenders = chosen(given.only)
    print(f"{len(contenders)} contenders, {given.rounds} rounds of each kind")
    clouds = CLOUDS if given.cloud == "both" else (given.cloud,)
    figures: dict[str, Figures] = {}
    began = time.monotonic()
    failed = False
    laps = race(
        contenders,
        jobs=given.jobs,
        rounds=given.rounds,
        latencies=given.latencies,
        quick_jobs=given.quick_jobs,
        clouds=clouds,
    )
    try:
        for words, found in laps:
            print(f"  {time.monotonic() - began:4.0f} s: {words}", flush=True)
            figures = found
        if given.starts > 0:
            print(f"  {given.starts} cold starts", flush=True)
            cold_starts(figures, given.starts)
    except (Broken, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        failed = True
        if not any(one.drain_a_second or one.quick_drain_a_second for one in figures.values()):
            return 1  # nothing was measured: an older report stays
    where = {
        EMULATOR: f"{given.jobs} jobs on one emulator, {given.latencies} alone",
        QUICK: f"{given.quick_jobs} on the quick cloud",
    }
    how = (
        f"{datetime.now(UTC):%Y-%m-%d}: {given.rounds} rounds in turns: {'; '.join(where[cloud] for cloud in clouds)}. "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}."
    )
    print(write(figures, given.folder, how=how))
    return int(failed)


def cold_starts(figures: Mapping[str, Figures], starts: int) -> None:
    """Our consumer's, from the zip that ships, beside a bare handler's that makes the same clients; in turns, the least of each."""
    with TemporaryDirectory() as folder, room(build(Path(folder), stage="dev").path) as place:
        found = compare(lambda function, clients: start(function, clients, place), [CONSUMER], starts)
    figures[US].cold_start = found[CONSUMER].ratio
    if BARE in figures:
        figures[BARE].cold_start = 1.0


def chosen(only: str) -> list[Contender]:
    """Those named, or all that can run here; without the peers' environment, those that need none."""
    names = {name.strip() for name in only.split(",") if name.strip()}
    unknown = names - {one.name for one in CONTENDERS}
    if unknown:
        raise SystemExit(f"bench: no contender is called {', '.join(sorted(unknown))}")
    return [
        one
        for one in CONTENDERS
        if one.name == US or ((not names or one.name in names) and one.python.exists())
    ]


if __name__ == "__main__":
    # Contenders are held by SIGSTOP while others have their turn: nobody else would end them.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = main()
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
