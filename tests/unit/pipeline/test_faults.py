"""Every call of every story goes wrong once, in each way: each job that has a row comes to exactly one end all the same.

For each story the trap is moved from the first call to the second, and so on, until it does not spring any more.
"""

import pytest

from chalicelib.domain.job import State
from tests.support.drive import replay, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.invariants import outcomes
from tests.support.scenarios import SCENARIOS, Scenario, play
from tests.support.stage import Stage

MOST_CALLS = 200


def story(scenario: Scenario, how: How, at: int) -> tuple[Stage, Trap]:
    """Play it with one fault, then let it come to rest without any."""
    stage = Stage(seed=at)
    trap = Trap(how=how, at=at)
    whole, stage.parts = stage.parts, trapped(stage.parts, trap)
    play(scenario, stage)
    stage.parts = whole
    run_until_quiet(stage.parts)
    return stage, trap


def check_end(scenario: Scenario, stage: Stage, trap: Trap) -> None:
    """One job at most, one end, and each end followed exactly once by what it owed."""
    jobs = [row for row in stage.store.rows.values() if row.task == "work"]
    assert len(jobs) <= 1, "one request, one job"
    for job in jobs:
        assert job.state in scenario.ends, f"after {trap.how} at {trap.sprung}: {job}"
        assert outcomes(job)[-1] == 1
        followed = [row for row in stage.store.rows.values() if row.cause == job.id]
        events = [entry.event for entry in job.history]
        owed = events.count("died") * bool(job.on_failure) + events.count("succeeded") * bool(job.on_success)
        assert len(followed) == owed, f"after {trap.how} at {trap.sprung}: {followed}"
        assert all(row.state is State.SUCCEEDED for row in followed)
    replay(stage.parts)


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_one_fault_anywhere_costs_no_job_and_doubles_none(scenario, how):
    sprung = []
    for at in range(1, MOST_CALLS):
        stage, trap = story(scenario, how, at)
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
        check_end(scenario, stage, trap)
    else:
        pytest.fail(f"still sprung after {MOST_CALLS} calls")
    # and the trap was hit at least where every story goes
    assert {"store.create", "store.write", "payloads.put"} <= set(sprung)


@pytest.mark.parametrize("how", [How.REPLY_LOST, How.NO_ANSWER])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_flicker_wastes_no_attempt_and_fails_no_step(scenario, how):
    # given how often the task runs when all is well
    calm, _ = story(scenario, how, at=10**6)
    # when any single call gets no answer, or its answer is lost
    for at in range(1, MOST_CALLS):
        stage = Stage(seed=at)
        trap = Trap(how=how, at=at)
        stage.parts = trapped(stage.parts, trap)
        failed = play(scenario, stage)
        if trap.sprung is None:
            break
        # then nobody notices
        assert not failed, f"{how} at {trap.sprung}: {failed}"
        run_until_quiet(stage.parts)
        assert stage.runs() <= calm.runs(), f"{how} at {trap.sprung}"
        most = max(row.attempts for row in calm.store.rows.values())
        assert all(row.attempts <= most for row in stage.store.rows.values()), f"{how} at {trap.sprung}"
