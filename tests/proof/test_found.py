"""What the simulation found and was mended, told once more as short stories; `REGRESSIONS` are the histories that showed it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.job import Inline, State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import verdict
from chalicelib.pipeline.tick import tick
from proof.simulation import profile
from proof.simulation.history import run
from proof.simulation.mutants import MUTANTS, applied
from tests.support.stage import Stage

# A tilt, a first seed, a number of seeds, and the mutant that brings the bug back: what a seed means follows from `profile`, and
# changes with it, so each must go on showing what it was kept for.
REGRESSIONS = {
    # A row deleted by TTL took its outbox along, and a follower deleted by TTL was put and run again, when no tick ran for
    # longer than the task keeps its jobs.
    "forgotten with its outbox": (
        {
            "tasks": ("fleeting",),
            "scripts": ("ok",),
            "forgets": True,
            "ticks_off": (0, 3_600_000),
            "rates": {"crash_after": 0.1, "crash_before": 0.1, "redeliver": 0.2},
        },
        100_000,
        40,
        "outbox_forgotten",
    ),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_history_that_once_failed_passes(name):
    tilt, first, number, _ = REGRESSIONS[name]
    with profile.tilted(tilt):
        found = [report for seed in range(first, first + number) if (report := run(seed)).violation]
    assert found == []


@pytest.mark.parametrize("name", REGRESSIONS)
def test_it_fails_again_when_the_bug_is_back(name):
    tilt, first, number, mutant = REGRESSIONS[name]
    bug = next(each for each in MUTANTS if each.name == mutant)
    with applied(replace(bug, tilt=tilt)):
        assert any(run(seed).violation for seed in range(first, first + number))


def forget_what_may_be(stage):
    now = stage.world.now()
    for row in [row for row in stage.store.rows.values() if row.forget is not None and row.forget < now]:
        del stage.store.rows[row.id]


def tick_now(stage):
    tick(ends=stage.world.now() + timedelta(minutes=1), parts=stage.parts)


def succeeded_and_died_before_the_effect(stage):
    job = stage.submit()
    held = stage.claim(job)
    event = verdict.success(held, Inline(json="1"), None, stage.world.now())
    stage.store.write(job.id, change(event))
    return job


@pytest.fixture
def stage():
    stage = Stage()
    stage.works(keep=timedelta(minutes=3), on_success="after")
    stage.mourns("after")
    return stage


def test_a_row_that_owes_an_effect_is_not_forgotten_in_an_hour_without_a_tick(stage):
    job = succeeded_and_died_before_the_effect(stage)
    stage.advance(hours=1)
    forget_what_may_be(stage)
    tick_now(stage)
    assert [row.cause for row in stage.store.rows.values() if row.cause] == [job.id]


def test_a_follower_that_is_to_be_kept_for_minutes_still_says_for_hours_that_the_effect_was_done(stage):
    job = succeeded_and_died_before_the_effect(stage)
    owing = stage.row(job)
    stage.advance(minutes=4)
    tick_now(stage)
    follower = next(row for row in stage.store.rows.values() if row.cause)
    stage.claim(follower)
    held = stage.row(follower)
    stage.store.write(follower.id, change(verdict.success(held, Inline(json="1"), None, stage.world.now())))
    stage.store.rows[job.id] = owing  # as if its outbox had not been cleared
    stage.advance(hours=1)
    forget_what_may_be(stage)
    tick_now(stage)
    assert stage.row(follower).state is State.SUCCEEDED
