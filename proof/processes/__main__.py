"""The command: `python -m proof.processes --minutes 3`, `--mutant NAME` to see it fail, `--mutants` to try them all."""

import argparse
import json
import signal
import sys
from pathlib import Path

from proof.processes.mutants import MUTANTS
from proof.processes.one_run import run
from proof.processes.trial import all_tried, right, told

STOPPED = 130  # exit status, as a shell has it for Ctrl-C


def main() -> int:
    """What the arguments ask for. 0: nothing wrong."""
    parser = argparse.ArgumentParser(prog="python -m proof.processes", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="about how long the run may take")
    parser.add_argument("--jobs", type=int, help="as many as the time allows by default")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the jobs, the monkey, the network and the clocks"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs and journal there")
    parser.add_argument("--mutant", choices=[one.name for one in MUTANTS], help="break the pipeline that way")
    parser.add_argument("--mutants", action="store_true", help="try every mutant in a short run")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _mutants() if given.mutants else _run(given)
    except KeyboardInterrupt:
        print("stopped; every process of the run has ended", file=sys.stderr)
        return STOPPED


def _run(given: argparse.Namespace) -> int:
    report = run(given.minutes, given.jobs, given.seed, mutant=given.mutant, folder=given.keep, say=_say)
    print("\n".join(report.lines()))
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(report.as_json(), indent=1), encoding="utf-8")
    if not report.passed and given.keep is None:
        print(f"again, with the logs kept: {_command(given)} --keep build/proof/processes")
    return int(not report.passed)


def _command(given: argparse.Namespace) -> str:
    jobs = "" if given.jobs is None else f" --jobs {given.jobs}"
    broken = "" if given.mutant is None else f" --mutant {given.mutant}"
    return f"python -m proof.processes --minutes {given.minutes:g}{jobs} --seed {given.seed}{broken}"


def _mutants() -> int:
    found = all_tried(say=_say)
    print("\n".join(map(told, found)))
    return int(not all(map(right, found)))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
