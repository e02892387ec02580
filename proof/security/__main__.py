"""All of it, one after the other; the last line says what came of it: `python -m proof.security`, or `make security`.

What was asked and fed at random is written to build/security/report.md as well. Each figure is counted by what did the work. Nothing is taken on trust: a step that died is a finding.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proof.security.page import Answers, Page, Reader
from proof.security.summary import Summary
from tests.security.tally import VARIABLE, told

BUILD = Path("build/security")
TOOLS = BUILD / "venv" / "bin"
OURS = ("app.py", "chalicelib", "jobline", "infra")
TESTS = ("tests/security", "tests/cli/test_canaries.py")
CASES, RUNS = 2_000, 50_000
TARGETS = (
    "strict", "body", "message", "cursor", "ids", "times", "cron", "zones", "workflow", "patch", "urls", "headers",
    "token", "claims",
)  # fmt: skip


def main() -> int:
    """Run every step, print the last line; 0 if there is nothing to mend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, help="requests that schemathesis makes")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each reader is fed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hands", type=int, default=2, help="how many of the random ones run side by side")
    parser.add_argument("--fuzz-only", action="store_true", help="only the two that look at random")
    given = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    found = Summary()
    if not given.fuzz_only:
        _tests(found)
        _bandit(found)
        _checkov(found)
        _sbom(found)
    began, began_at = time.monotonic(), datetime.now(UTC)
    api: list[dict[str, Any]] = []
    readers: list[Reader] = []
    shares = [given.cases // given.hands + (one < given.cases % given.hands) for one in range(given.hands)]
    with ThreadPoolExecutor(given.hands) as hands:
        done = [
            hands.submit(_api, found, api, cases, given.seed + 1000 * one) for one, cases in enumerate(shares)
        ]
        done += [hands.submit(_fuzz, found, readers, target, given.runs, given.seed) for target in TARGETS]
        for one in done:
            one.result()
    seconds = time.monotonic() - began
    print(f"readers were fed {found.runs:,} times; what is random took {seconds:.0f} s")
    page = Page(
        command=f"python -m proof.security {' '.join(sys.argv[1:])}".strip(),
        commit=_run(["git", "rev-parse", "--short", "HEAD"]).stdout.strip() or "unknown",
        began=f"{began_at:%Y-%m-%d %H:%M} UTC",
        seconds=seconds,
        answers=_sums(one["answers"] for one in api),
        readers=tuple(sorted(readers, key=lambda one: TARGETS.index(one.name))),
        kinds=tuple(sorted({kind for one in api for kind in one["kinds"]})),
        last_line=found.line(partly=given.fuzz_only),
    )
    (BUILD / "report.md").write_text(page.markdown(), encoding="utf-8")
    print(f"report: {BUILD / 'report.md'}")
    (BUILD / "counts.json").write_text(json.dumps(found.counts, indent=2), encoding="utf-8")
    print(found.line(partly=given.fuzz_only))
    return found.status(partly=given.fuzz_only)


def _tests(found: Summary) -> None:
    tally = (BUILD / "tally.jsonl").absolute()  # some tests work in a folder of their own
    tally.unlink(missing_ok=True)
    ran = _run([sys.executable, "-m", "pytest", "-q", "-n", "2", *TESTS], {VARIABLE: str(tally)})
    found.add(**told(tally))
    found.step("tests/security", ran.returncode, ran.stdout)


def _bandit(found: Summary) -> None:
    ran = _run([TOOLS / "bandit", "-q", "-c", "pyproject.toml", "-r", *OURS, "-f", "json"])
    results = _json(ran.stdout).get("results")
    if results is None:
        found.step("bandit", 1, ran.stdout + ran.stderr)
        return
    for one in results:
        print(f"bandit: {one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}")
    found.add(findings=len(results))


def _checkov(found: Summary) -> None:
    ran = _run(["make", "-s", "checkov"])
    failed = re.search(r"Failed checks: (\d+)", ran.stdout)
    found.add(findings=int(failed[1]) if failed else 0)
    if not failed:
        found.step("checkov", ran.returncode, ran.stdout + ran.stderr)


def _sbom(found: Summary) -> None:
    file = BUILD / "sbom.json"
    ran = _run(
        [TOOLS / "cyclonedx-py", "requirements", "requirements.txt", "--output-reproducible", "-o", file]
    )
    found.step("the bill of materials", ran.returncode, ran.stderr)
    named = re.findall(r"^([\w.-]+)==", Path("requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    listed = (
        [one["name"] for one in _json(file.read_text(encoding="utf-8")).get("components", ())]
        if file.exists()
        else []
    )
    found.step("what it lists is what ships", int(sorted(named) != sorted(listed)), f"{named} {listed}")


def _api(found: Summary, told: list[dict[str, Any]], cases: int, seed: int) -> None:
    ran = _run([TOOLS / "python", "-m", "proof.security.asked", "--cases", str(cases), "--seed", str(seed)])
    lines = ran.stdout.strip().splitlines()
    counts = _json(lines[-1] if lines else "")
    if ran.returncode or "cases" not in counts:
        found.step("schemathesis", 1, ran.stdout + ran.stderr)
        return
    told.append({name: counts.pop(name) for name in ("answers", "kinds")})
    print("\n".join([*lines[:-1], json.dumps(counts)]))
    found.add(**{name: int(count) for name, count in counts.items()})


def _fuzz(found: Summary, told: list[Reader], target: str, runs: int, seed: int) -> None:
    options = [f"-runs={runs}", f"-seed={seed}", "-print_final_stats=1"]
    ran = _run([TOOLS / "python", "-m", "proof.security.fuzz", target, *options])
    said = re.search(r"number_of_executed_units: (\d+)", ran.stderr)
    reached = re.findall(r" cov: (\d+) ", ran.stderr)
    status, fed = ran.returncode or int(said is None), int(said[1]) if said else 0
    told.append(Reader(name=target, runs=fed, reached=int(reached[-1]) if reached else 0, good=status == 0))
    found.add(runs=fed, **{f"reader {target}": fed})
    found.step(f"the reader {target}", status, ran.stdout + ran.stderr)


def _sums(several: Iterable[Answers]) -> Answers:
    """The answers of several who asked side by side."""
    sums: dict[str, dict[str, int]] = {}
    for answers in several:
        for operation, statuses in answers.items():
            for status, count in statuses.items():
                here = sums.setdefault(operation, {})
                here[status] = here.get(status, 0) + count
    return sums


def _run(
    command: Sequence[str | Path], more: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    print("$", *command, flush=True)
    here = {"PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        [str(one) for one in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **here, **(more or {})},
    )


def _json(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return {}
    return found


if __name__ == "__main__":
    sys.exit(main())
