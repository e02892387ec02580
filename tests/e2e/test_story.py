"""Checks run in order; each failure is an outcome with a reason; nothing hides one."""

from types import SimpleNamespace

import pytest

from e2e.patience import until
from e2e.story import Story, run
from e2e.world import Missing


@pytest.fixture
def story():
    return Story("a story")


def outcomes(story, told=lambda _: None):
    return run(story.checks, SimpleNamespace(), told)


def test_a_check_that_fails_is_told_with_its_reason_and_the_next_one_runs(story):
    @story.check("two and two are five")
    def _(_world):
        assert 2 + 2 == 5, "they are four"

    @story.check("two and two are four")
    def _(_world):
        return "as ever"

    told = []
    failed, passed = outcomes(story, told.append)

    assert told == [failed, passed]
    assert (failed.ok, failed.ran) == (False, True)
    assert failed.note.startswith("they are four")
    assert (passed.ok, passed.note) == (True, "as ever")


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("no number"), OSError("the line is dead")])
def test_whatever_goes_wrong_is_a_failed_check(story, error):
    @story.check("it works")
    def _(_world):
        raise error

    (found,) = outcomes(story)

    assert not found.ok
    assert type(error).__name__ in found.note


def test_after_a_vital_failure_nothing_runs_and_nothing_passes(story):
    ran = []

    @story.check("it stands", vital=True)
    def _(_world):
        raise AssertionError

    @story.check("it answers")
    def _(_world):
        ran.append("answers")

    first, second = outcomes(story)

    assert ran == []
    assert not first.ok
    assert (second.ok, second.ran) == (False, False)
    assert "it stands" in second.note


def test_a_check_without_what_an_earlier_one_makes_does_not_hold(story):
    @story.check("it is found again")
    def _(_world):
        raise Missing("there is no lost job")

    (found,) = outcomes(story)

    assert (found.ok, found.ran, found.note) == (False, False, "there is no lost job")


def test_a_person_can_interrupt_a_run(story):
    @story.check("it takes long")
    def _(_world):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcomes(story)


def test_waiting_ends_with_what_was_seen_last():
    seen = iter(range(10))

    assert until("three", lambda: next(seen), lambda n: n == 3, within=60, every=0) == 3
    with pytest.raises(AssertionError, match=r"a miracle: not within 0 s; last seen: 4"):
        until("a miracle", lambda: next(seen), lambda _: False, within=0)
