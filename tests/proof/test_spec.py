"""The specification itself: clean where the protocol is whole, and not where a rule is missing. `python -m proof.spec` searches further."""

import pytest

from proof.spec.__main__ import main
from proof.spec.appointments import Appointments
from proof.spec.core import Core
from proof.spec.effects import Effects
from proof.spec.joins import Joins
from proof.spec.keys import Keys
from proof.spec.mutants import MUTANTS, hunt
from proof.spec.rules import Rules
from proof.spec.search import Search
from proof.spec.watermark import Watermark

SMALL = [
    Core(Rules(), jobs=1, faults=1),
    Core(Rules(), faults=1, gives=1, redrives=0),
    Core(Rules(), faults=1, replaces=1, cancels=0, redrives=0, checkpoints=True),
    Watermark(Rules(), jobs=1, doors=1, ticks=1, faults=0),
    Appointments(Rules(), faults=0, redrives=0, attempts=2),
    Effects(Rules(), faults=0),
    Keys(Rules(), clients=2, faults=1, asks=3),
    Joins(Rules(), pages=(0, 0), faults=1),
    Joins(Rules(), pages=(0, 1), faults=0, redrives=1, bads=1, hasty=True),
    Joins(Rules(), pages=(0, 0), faults=1, dies="tellers", looks=False),
]

QUICK = [
    "no_fence",
    "fence_on_state_only",
    "ready_kept_at_claim",
    "owner_per_invocation",
    "attempts_counted_at_failure",
    "wish_ignored_by_loss",
    "redrive_resets_epoch",
    "cancel_on_state_only",
    "park_without_fence",
    "park_uses_an_attempt",
    "wish_ignored_by_requeue",
    "requeue_without_ready",
    "release_without_epoch",
    "replace_on_state_only",
    "checkpoint_by_state",
    "park_without_appointment",
    "no_second_look",
    "look_before_put",
    "no_look_if_found",
    "grace_too_small",
    "watermark_before_appointing",
    "watermark_after_failed_listing",
    "postpone_before_wake",
    "retry_message_at_once",
    "clear_on_state_only",
    "clear_before_perform",
    "effect_id_by_chance",
    "death_removes_appointment",
    "key_after_row",
    "key_overwritten",
    "join_by_counter",
    "join_without_life",
    "kept_ignored",
    "children_before_page",
    "close_before_waited",
    "tell_once",
    "look_without_children",
]


@pytest.mark.parametrize("model", SMALL, ids=lambda model: model.name)
def test_no_state_within_these_bounds_breaks_an_invariant_and_every_one_can_still_finish(model):
    result = Search(model, budget=60).run()
    assert result.found is None, "\n".join(result.found.trace)
    assert result.complete
    assert result.states > 100


@pytest.mark.parametrize("name", QUICK)
def test_a_protocol_without_one_of_its_rules_is_caught_with_a_trace(name):
    mutant = next(m for m in MUTANTS if m.name == name)
    found = hunt(mutant, budget=60).found
    assert found is not None
    assert found.trace[0].startswith("begin: ")


def test_every_mutant_has_a_name_of_its_own_and_says_what_is_wrong():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)
    assert all(m.why for m in MUTANTS)


def test_a_state_from_which_nothing_leads_to_the_end_is_found_though_it_breaks_nothing_else():
    result = Search(Watermark(Rules(sweeps=False), jobs=1, doors=1, ticks=1, faults=0), budget=60).run()
    assert result.found.invariant.startswith("LIVE")


def test_a_search_over_its_budget_says_that_it_is_not_the_whole_space():
    result = Search(Core(Rules(), jobs=2, faults=3), budget=0.2).run()
    assert not result.complete
    assert result.found is None


def test_the_command_prints_the_shortest_trace_of_a_mutant(capsys):
    assert main(["--mutant", "clear_before_perform"]) == 0
    said = capsys.readouterr().out
    assert "caught by EFFECT" in said
    assert "mutants=1 harmless=0 not_as_expected=0" in said
    assert "clears the outbox" in said
