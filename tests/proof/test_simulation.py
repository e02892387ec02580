"""A sample of the simulation with fixed seeds; `python -m proof.simulation` runs as many as one likes."""

import os
import subprocess
import sys

import pytest

from proof.simulation.history import run
from proof.simulation.many import Sum, chunk, many
from proof.simulation.matrix import HERE
from proof.simulation.mutants import MUTANTS, applied
from proof.simulation.shrink import command, shrink
from proof.simulation.trial import CONTROL, FIRST, tried

SAMPLE = 600


@pytest.fixture(scope="module")
def sample():
    return chunk(0, SAMPLE)


def test_no_history_of_the_sample_breaks_an_invariant(sample):
    assert sample.failed == []


def test_every_accepted_job_of_the_sample_came_to_one_end(sample):
    ledger = sample.ledger
    ends = ledger["succeeded"] + ledger["dead"] + ledger["cancelled"] + ledger["expired"]
    assert ledger["accepted"] == ends > SAMPLE
    assert ledger["lost"] == ledger["recorded_twice"] == 0


def test_the_sample_meets_nearly_every_fault_of_the_matrix(sample):
    # The rare ones need more histories than a sample has; from ENOUGH on, the command insists on each.
    assert len(sample.missed) <= 6, sample.missed


def test_a_fault_that_never_happened_is_named():
    assert Sum().missed == list(HERE)


@pytest.mark.parametrize("seed", [3, 17, 58, 783])
def test_the_same_seed_gives_the_same_trace(seed):
    once, again = run(seed, traced=True), run(seed, traced=True)
    assert once.trace == again.trace
    assert len(once.trace) > 20


def test_the_trace_does_not_depend_on_the_process():
    program = "from proof.simulation.history import run; print('\\n'.join(run(58, traced=True).trace))"
    traces = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for salt in ("1", "2")
    ]
    assert traces[0] == traces[1] == "\n".join(run(58, traced=True).trace) + "\n"


def test_two_processes_see_what_one_sees():
    one, two = many(first=200, histories=100), many(first=200, histories=100, processes=2)
    assert (one.ledger, one.hits, one.steps) == (two.ledger, two.hits, two.steps)


@pytest.mark.parametrize(
    "mutant", [each for each in MUTANTS if not each.harmless], ids=lambda each: each.name
)
def test_a_broken_variant_is_caught(mutant):
    verdict = tried(mutant, seeds=1500, seconds=30)
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
