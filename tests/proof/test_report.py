"""The report says what is wrong, and its last line is for machines."""

import json
from collections import Counter

import pytest

from proof.crashes.mutants import ALL as CRASHED
from proof.layer import Layer, Tried
from proof.matrix import APPLIES, PENDING, TABLES
from proof.report import Report
from proof.sample import split
from proof.simulation.mutants import MUTANTS as SIMULATED

LEDGER = Counter(accepted=7, succeeded=5, dead=1, cancelled=1)
CAUGHT = Tried(mutant="no_fence", why="anybody may settle", caught="I3, seed 4")
MISSED = Tried(mutant="no_fence", why="anybody may settle", caught="")
CONTROL = Tried(mutant="early_ack", why="acknowledged first", caught="", harmless=True)


def layer(name="simulation", **how):
    facts = {
        "what": "Histories.",
        "figures": {"histories": 40, "plans": 0},
        "seconds": 2.0,
        "ledger": LEDGER,
        "hits": Counter(F01=3),
        "tried": (CAUGHT, CONTROL),
    }
    return Layer(name=name, **{**facts, **how})


def report(*layers, faults=None, **how):
    return Report(layers=layers or (layer(),), faults=faults or {"F01": "a crash"}, pending=PENDING, **how)


def test_a_sound_run_passes_and_its_last_line_says_all(tmp_path):
    crashes = layer("crashes", figures={"plans": 12}, tried=(CAUGHT,))
    found = report(layer(), crashes)
    found.write(tmp_path)
    line = (tmp_path / "report.md").read_text().splitlines()[-1]
    assert (
        line
        == "jobs=14 lost=0 recorded_twice=0 histories=40 crash_plans=12 faults_hit=1/1 mutants_caught=1/1"
    )
    assert json.loads((tmp_path / "report.json").read_text())["line"] == line
    assert found.passed


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"ledger": LEDGER + Counter(lost=1)}, "simulation: 1 lost"),
        ({"ledger": LEDGER + Counter(recorded_twice=2)}, "simulation: 2 recorded twice"),
        ({"failed": ["I3: two outcomes; --seed 5"]}, "simulation: I3: two outcomes; --seed 5"),
        ({"tried": (MISSED, CONTROL)}, "mutant no_fence was not caught"),
        (
            {"tried": (CAUGHT, Tried(mutant="c", why="", caught="I1", harmless=True))},
            "mutant c is harmless and was caught",
        ),
        ({"hits": Counter()}, "faults that never happened: F01"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_whatever_is_wrong_fails_the_run_and_is_named(how, words, tmp_path):
    found = report(layer(**how))
    assert words in list(found.wrong())
    assert not found.passed
    found.write(tmp_path)
    assert words in (tmp_path / "report.md").read_text()


def test_a_mutant_that_one_layer_catches_is_caught_and_each_layer_is_named():
    found = report(layer(tried=(MISSED, CAUGHT)), layer("crashes", tried=(CAUGHT,)))
    assert found.passed
    assert "simulation: I3, seed 4; crashes: I3, seed 4" in found.markdown()


def test_a_layer_that_catches_no_mutant_at_all_fails_the_run():
    assert "crashes: catches no mutant" in list(report(layer(), layer("crashes", tried=(MISSED,))).wrong())


def test_a_sample_need_not_meet_every_fault():
    assert report(layer(hits=Counter()), whole=False).passed


def test_a_sample_says_how_many_mutants_it_tried_of_how_many():
    # given a mutant that one layer leaves out and another tries, and two that nobody tries
    found = report(
        layer(left=("early_ack", "fence_on_state")), layer("crashes", left=("no_owner",)), whole=False
    )

    assert found.last_line().endswith(" mutants_caught=1/1 mutants_tried=2/4")
    assert "A sample: 2 more are tried by `make proof`." in found.markdown()
    assert "A sample" not in report().markdown()


def test_every_layer_that_has_a_mutant_tries_it_in_a_sample_or_none_does():
    simulated, left = split([one.name for one in SIMULATED], str, small=True)
    crashed, _ = split([one.name for one in CRASHED], str, small=True)

    assert set(left).isdisjoint(crashed)
    assert simulated
    assert crashed
    assert split(["a", "b"], str, small=False) == (["a", "b"], [])


def test_each_fault_of_the_matrix_has_one_place():
    named = [*APPLIES, *PENDING, *TABLES]
    assert len(named) == len(set(named))
    assert {f"F{number:02}" for number in range(1, 82)} == set(named)


def test_what_waits_says_for_what():
    assert all(words.startswith(("issue ", "nothing uses")) for words in PENDING.values())
