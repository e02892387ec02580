"""A sample of the simulation with fixed seeds; `python -m proof.simulation` runs as many as one likes."""

import io
import json
import math
import os
import subprocess
import sys
from functools import partial

import pytest

from proof.simulation import clockwork
from proof.simulation.__main__ import main
from proof.simulation.control import FIRST as WORLDS
from proof.simulation.flows import FIRST as FLOWS
from proof.simulation.history import run
from proof.simulation.many import CHUNK, Sum, Teller, chunk, many
from proof.simulation.matrix import HERE
from proof.simulation.mutants import MUTANTS, applied
from proof.simulation.shrink import command, shrink
from proof.simulation.trial import CONTROL, FIRST
from proof.simulation.trial import tried as tried_for

LONG = (pytest.mark.slow, pytest.mark.long)

SAMPLE = 300

tried = partial(tried_for, seconds=math.inf)
"""So many histories, however long they take: what is found does not depend on the machine."""


@pytest.fixture(scope="module")
def sample():
    total = chunk(0, SAMPLE)
    total.merge(chunk(FLOWS, 40))
    return total


def test_no_history_of_the_sample_breaks_an_invariant(sample):
    assert sample.failed == []


def test_every_accepted_job_of_the_sample_came_to_one_end(sample):
    ledger = sample.ledger
    ends = ledger["succeeded"] + ledger["dead"] + ledger["cancelled"] + ledger["expired"]
    assert ledger["accepted"] == ends > SAMPLE
    assert ledger["lost"] == ledger["recorded_twice"] == 0


def test_the_sample_meets_nearly_every_fault_of_the_matrix(sample):
    # The rare ones need more histories than a sample has, and a change of the code deals other ones; from ENOUGH on, the command insists on each.
    assert len(sample.missed) <= len(HERE) // 6, sample.missed


def test_the_sample_has_tenants_who_pry_and_rows_of_newer_code(sample):
    assert sample.seen["I10"] > 60
    assert sample.seen["F70"] > 20


def test_a_fault_that_never_happened_is_named():
    assert Sum().missed == list(HERE)


@pytest.mark.parametrize("seed", [3, 17, 58, 783])
def test_the_same_seed_gives_the_same_trace(seed):
    once, again = run(seed, traced=True), run(seed, traced=True)
    assert once.trace == again.trace
    assert len(once.trace) > 20


@pytest.mark.parametrize("seed", range(20, 30))
def test_time_that_goes_on_without_a_switch_changes_nothing(seed, monkeypatch):
    once = run(seed, traced=True)
    monkeypatch.setattr(clockwork, "STRAIGHT", 0)
    assert run(seed, traced=True).trace == once.trace


def test_the_trace_does_not_depend_on_the_process():
    program = "from proof.simulation.history import run; print('\\n'.join(run(58, traced=True).trace))"
    traces = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
            timeout=280,
        ).stdout
        for salt in ("1", "2")
    ]
    assert traces[0] == traces[1] == "\n".join(run(58, traced=True).trace) + "\n"


def test_two_processes_see_what_one_sees():
    one, two = many(first=200, histories=100), many(first=200, histories=100, processes=2)
    assert (one.ledger, one.hits, one.steps) == (two.ledger, two.hits, two.steps)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "said"), [(Terminal(), True), (io.StringIO(), False)])
def test_a_run_says_on_a_terminal_how_far_it_is_and_elsewhere_nothing(stream, said, monkeypatch):
    monkeypatch.setattr(Teller, "EVERY", 0.0)
    Teller(stream).tell(Sum(histories=1200, failed=[(1, "I1: lost")]))
    assert ("1,200 histories" in stream.getvalue() and "1 violations" in stream.getvalue()) is said


def test_a_run_that_is_stopped_gives_what_it_has(monkeypatch):
    lots = []

    def stopped(first):
        lots.append(first)
        if len(lots) > 2:
            raise KeyboardInterrupt
        return chunk(first, 3)

    monkeypatch.setattr("proof.simulation.many.chunk", stopped)
    assert many(minutes=5).histories == 6
    assert lots[1] == WORLDS + CHUNK


def test_a_long_run_is_kept_as_json(tmp_path, monkeypatch, capsys):
    kept = tmp_path / "sum.json"
    monkeypatch.setattr(sys, "argv", ["simulation", "--histories", "50", "--json", str(kept)])
    assert main() == 0
    found = json.loads(kept.read_text())
    assert found["histories"] == 50
    assert found["ledger"]["accepted"] == round(found["jobs_a_history"] * 50)
    assert found["ledger"]["submitted"] <= found["ledger"]["accepted"]
    assert "make a million" in capsys.readouterr().out


@pytest.mark.parametrize(
    "mutant",
    [
        # Every fourth here; `make sample` tries others, `make proof` all of them.
        pytest.param(each, id=each.name, marks=() if number % 4 == 3 else LONG)
        for number, each in enumerate(each for each in MUTANTS if not each.harmless)
    ],
)
def test_a_broken_variant_is_caught(mutant):
    verdict = tried(mutant, seeds=1500)
    assert verdict.seed is not None, f"{mutant.why}: {verdict.histories} histories saw nothing wrong"


def test_the_harmless_variant_passes():
    control = next(each for each in MUTANTS if each.harmless)
    verdict = tried(control)
    assert (verdict.seed, verdict.histories) == (None, CONTROL)


def test_mutants_leave_nothing_behind():
    before = run(FIRST, traced=True).trace
    for mutant in MUTANTS:
        with applied(mutant):
            pass
    assert run(FIRST, traced=True).trace == before


def test_a_failing_history_is_made_shorter_and_says_how_to_replay_it():
    mutant = next(each for each in MUTANTS if each.name == "postponed_before_wake")
    seed = tried(mutant).seed
    with applied(mutant):
        before = run(seed)
        variation, report = shrink(seed, seconds=5)
    assert report.violation.name == before.violation.name
    assert report.steps <= before.steps
    assert report.trace
    assert command(seed, variation).startswith(f"python -m proof.simulation --seed {seed}")


@pytest.mark.parametrize(
    ("seed", "why"),
    [(6676, "an appointment is moved to the due time, and the write lands after that has come")],
)
def test_what_only_looked_wrong_passes(seed, why):
    assert run(seed).violation is None, why
