"""Rate limits: the bound on starts, what waiting costs, and that nobody asks again and again."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from chalicelib.domain.errors import TaskMisdeclared, Unavailable
from chalicelib.domain.flow import Rate
from chalicelib.domain.job import State
from chalicelib.pipeline import rate as rates
from chalicelib.pipeline.items import Spot
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import How, Trap, trapped
from tests.support.stage import Stage

SECOND = timedelta(seconds=1)
SPOT = Spot("rate#default", "work")


def starts(stage: Stage) -> list[datetime]:
    return [at for _, _, _, at in stage.ran]


def most_within(times: list[datetime], window: timedelta) -> int:
    """The most starts in any window of that length, its end not counted."""
    return max(sum(1 for t in times if begin <= t < begin + window) for begin in times)


@pytest.mark.parametrize(
    ("rate", "jobs"),
    [
        (Rate(10, SECOND), 60),
        (Rate(1, 10 * SECOND), 12),
        (Rate(5, 60 * SECOND, burst=5), 17),
        (Rate(300, SECOND), 40),
        (Rate(2, timedelta(hours=1)), 5),
    ],
    ids=str,
)
def test_no_window_sees_more_starts_than_the_limit_and_the_burst_allow(rate, jobs):
    stage = Stage()
    stage.works(rate=rate)
    for number in range(jobs):
        stage.submit(args={"x": number})
    run_until_quiet(stage.parts)
    assert len(starts(stage)) == jobs
    for windows in (1, 2, 5):
        window = rate.interval * windows
        # The held clock tells whole milliseconds: two starts may look up to two nearer than they were.
        assert most_within(starts(stage), window - timedelta(milliseconds=2)) <= windows + rate.burst - 1


@pytest.mark.parametrize("rate", [Rate(10, SECOND), Rate(1, SECOND), Rate(1, 2 * SECOND)], ids=str)
def test_in_a_lane_with_batch_tasks_too_each_starts_at_its_own_moment(rate):
    # given a lane in which all messages of a batch are claimed before the first of their jobs runs
    stage = Stage()
    stage.works(rate=rate)

    def together(jobs: list[dict]) -> list[int]:
        return [stage.note("together") or 0 for _ in jobs]

    stage.task(together, batch=True)
    for number in range(10):
        stage.submit(args={"x": number})
    # when they run
    run_until_quiet(stage.parts)
    # then no two start at one moment
    assert len(starts(stage)) == 10
    gaps = [after - before for before, after in pairwise(starts(stage))]
    assert min(gaps) >= rate.interval - timedelta(milliseconds=2), gaps


@pytest.mark.parametrize(
    "rate", [Rate(10, SECOND), Rate(1, 10 * SECOND), Rate(1, timedelta(minutes=20))], ids=str
)
def test_a_line_that_waits_loses_no_time(rate):
    stage = Stage()
    stage.works(rate=rate)
    for _ in range(20):
        stage.submit()
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert starts(stage)[-1] - begun <= rate.interval * 19 + 3 * SECOND


def test_a_waiting_job_uses_no_attempt_and_is_sent_away_once():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(minutes=1)), max_attempts=1)
    jobs = [stage.submit() for _ in range(10)]
    writes = stage.store.writes
    run_until_quiet(stage.parts)
    for job in jobs:
        assert stage.row(job).state is State.SUCCEEDED
        assert stage.row(job).attempts == 1
    # Claim and settle; for those who wait: claim and requeue once; and the sweep, which sees them while they wait.
    assert stage.store.writes - writes <= 10 * 2 + 9 * (2 + 4)


def test_a_job_whose_line_is_long_looks_in_once_an_hour():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(hours=10)))
    stage.submit()
    waiting = stage.submit()
    writes = stage.store.writes
    run_until_quiet(stage.parts)
    assert len(starts(stage)) == 2
    assert stage.row(waiting).state is State.SUCCEEDED
    assert stage.store.writes - writes < 10 * 5


def test_keys_do_not_hinder_each_other():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(hours=1), key=("x",)))
    for x in ("a", "b", "c"):
        stage.submit(args={"x": x})
    drain(stage.parts)
    assert stage.runs() == 3


def test_tenants_do_not_share_a_limit():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(hours=1)))
    stage.submit(tenant="one")
    stage.submit(tenant="two")
    drain(stage.parts)
    assert stage.runs() == 2


def test_an_argument_left_out_is_the_same_key_as_its_default():
    stage = Stage()

    def work(x: str = "a") -> None:
        stage.note("work")

    stage.task(work, rate=Rate(1, timedelta(hours=1), key=("x",)))
    assert stage.submit().gates == stage.submit(args={"x": "a"}).gates
    drain(stage.parts)
    assert stage.runs() == 1


def test_tasks_of_one_name_share_one_limit():
    stage = Stage()
    for name in ("one", "two"):
        stage.works(name, rate=Rate(1, timedelta(hours=1), name="api"))
        stage.submit(name)
    drain(stage.parts)
    assert len(starts(stage)) == 1


def test_retries_need_a_moment_too():
    stage = Stage()
    stage.fails(times=2, rate=Rate(1, timedelta(minutes=10)), error=ValueError)
    stage.submit()
    run_until_quiet(stage.parts)
    first, second, third = starts(stage)
    assert second - first >= timedelta(minutes=10)
    assert third - second >= timedelta(minutes=10)


def test_a_crowd_that_comes_late_starts_no_faster():
    # Given a line whose messages are all held up for ten minutes
    stage = Stage()
    interval = 10 * SECOND
    stage.works(rate=Rate(1, interval))
    jobs = [stage.submit() for _ in range(40)]
    drain(stage.parts)
    stage.advance(minutes=10)
    late, writes = stage.world.now(), stage.store.writes
    # When they come all at once
    run_until_quiet(stage.parts)
    # Then they are spread all the same, in their order, and each is sent away once more (and seen by the sweep meanwhile)
    after = [at for at in starts(stage) if at >= late]
    assert len(after) == 39
    assert most_within(after, interval) == 1
    assert stage.store.writes - writes <= len(after) * 8
    assert after[-1] - after[0] <= interval * len(after)
    ended = [stage.row(job).history[-1].at for job in jobs]
    assert ended == sorted(ended)


def test_a_backlog_longer_than_any_moment_does_not_keep_jobs_out():
    # Given a lane that is always three minutes late: every moment is long over when its job comes
    stage = Stage()
    stage.works(rate=Rate(1, SECOND))
    jobs = [stage.submit() for _ in range(30)]
    for _ in range(40):
        stage.advance(minutes=3)
        tick(stage.parts)
        drain(stage.parts)
    # Then the gate let as many through as it could each time
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)


def test_who_comes_new_goes_behind_who_waits():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(minutes=1)))
    first = [stage.submit() for _ in range(5)]
    drain(stage.parts)
    stage.advance(seconds=150)
    late = stage.submit()
    run_until_quiet(stage.parts)
    assert stage.row(late).history[-1].at > max(stage.row(job).history[-1].at for job in first)


def test_a_deploy_that_raises_the_limit_is_seen_within_the_hour():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(days=5)))
    jobs = [stage.submit() for _ in range(4)]
    drain(stage.parts)
    stage.works(rate=Rate(1, SECOND))
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)
    assert starts(stage)[-1] - begun <= timedelta(hours=1, minutes=3)


def test_a_deploy_that_takes_the_limit_away_lets_jobs_run():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(minutes=10)))
    jobs = [stage.submit() for _ in range(4)]
    drain(stage.parts)
    stage.works()
    run_until_quiet(stage.parts)
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)


def test_a_job_that_is_too_late_expires_while_it_waits():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(hours=1)))
    stage.submit()
    late = stage.submit(expires=timedelta(minutes=20))
    run_until_quiet(stage.parts)
    assert stage.row(late).state is State.EXPIRED
    assert stage.runs() == 1


@pytest.mark.parametrize("how", [How.REPLY_LOST, How.NO_ANSWER], ids=str)
@pytest.mark.parametrize("at", range(1, 9))
def test_a_lost_reply_wastes_at_most_one_interval(how, at):
    stage = Stage()
    rate = Rate(1, timedelta(minutes=1))
    stage.works(rate=rate)
    trap = Trap(how=how, at=at, only=lambda name: name.startswith("items."))
    parts = trapped(stage.parts, trap)
    parts = replace(parts, limits=replace(parts.limits))
    for _ in range(4):
        stage.submit()
    begun = stage.world.now()
    run_until_quiet(parts)
    assert trap.sprung is not None
    assert len(starts(stage)) == 4
    assert starts(stage)[-1] - begun <= rate.interval * 4 + 5 * SECOND
    assert most_within(starts(stage), rate.interval) == 1


@pytest.mark.parametrize("how", [How.CRASH_BEFORE, How.CRASH_AFTER], ids=str)
@pytest.mark.parametrize("at", range(1, 15))
def test_a_crash_at_any_call_keeps_the_bound_and_loses_nothing(how, at):
    stage = Stage()
    rate = Rate(1, timedelta(minutes=2))
    stage.works(rate=rate)
    trap = Trap(how=how, at=at, only=lambda name: name.startswith(("items.", "store.write", "queue.")))
    for _ in range(3):
        stage.submit()
    run_until_quiet(trapped(stage.parts, trap))
    assert trap.sprung is not None
    assert all(row.state is State.SUCCEEDED for row in stage.store.rows.values())
    assert most_within(starts(stage), rate.interval) == 1


def test_a_gate_that_does_not_answer_costs_no_attempt():
    stage = Stage()
    stage.works(rate=Rate(1, SECOND), max_attempts=1)

    class Silent:
        calm = False

        def around(self, name, call, *args, **kwargs):
            if name.startswith("items.") and not self.calm and stage.world.now() < silent_until:
                raise Unavailable("throttled")
            return call(*args, **kwargs)

    silent_until = stage.world.now() + timedelta(minutes=5)
    job = stage.submit()
    run_until_quiet(trapped(stage.parts, Silent()))
    assert stage.row(job).state is State.SUCCEEDED
    assert stage.row(job).attempts == 1


def test_a_cancelled_job_takes_no_moment():
    stage = Stage()
    stage.works(rate=Rate(1, timedelta(hours=1)))
    job = stage.submit()
    from chalicelib.pipeline.cancel import cancel

    cancel(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert not stage.parts.items.shelves


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_holds_whatever_the_clocks_and_the_crowd(seed):
    """Takers whose clocks differ by up to two seconds ask in any order, and start when they are told to."""
    chance = Random(seed)
    stage = Stage(seed=seed)
    limit, burst = chance.randint(1, 20), chance.randint(1, 5)
    rate = Rate(limit, SECOND * chance.randint(1, 10), burst=burst)
    skew = 2 * SECOND
    begun = stage.world.now()

    class Skewed:
        """A clock that is off, and stays so."""

        def __init__(self, off):
            self.off = off

        def now(self):
            return stage.world.now() + self.off

        def __getattr__(self, name):
            return getattr(stage.world, name)

    workers = [replace(stage.parts, world=Skewed(skew * chance.uniform(-1, 1))) for _ in range(5)]
    waiting: list[rates.Later | None] = [None] * 150
    true_starts: list[datetime] = []
    for _ in range(20_000):
        if not waiting:
            break
        stage.world.advance(timedelta(seconds=chance.expovariate(20)))
        away = waiting.pop(chance.randrange(len(waiting)))
        parts = chance.choice(workers)
        if away is not None and away.at > parts.world.now() + SECOND and chance.random() < 0.9:
            waiting.append(away)
            continue
        place = None if away is None else away.place
        answer = rates.ask(SPOT, rate, place=place, until=begun + timedelta(days=9), parts=parts)
        if isinstance(answer, rates.Start):
            true_starts.append(answer.at - parts.world.off)
            assert answer.at <= parts.world.now() + rates.NAP
        else:
            waiting.append(answer)
    assert not waiting
    true_starts.sort()
    for first, begin in enumerate(true_starts):
        for count, end in enumerate(true_starts[first:], 1):
            allowed = burst + (end - begin + 2 * skew + timedelta(milliseconds=1)) / rate.interval
            assert count <= allowed + 1e-6


@pytest.mark.parametrize(
    "rate",
    [
        Rate(0, SECOND),
        Rate(1, timedelta(0)),
        Rate(1, SECOND, burst=0),
        Rate(10_000, SECOND),
        Rate(1, timedelta(days=30)),
        Rate(1, SECOND, key=("y",)),
        Rate(1, SECOND, key="x"),
        Rate(1, SECOND, name=""),
    ],
    ids=str,
)
def test_a_rate_that_cannot_be_is_refused_by_name(rate):
    with pytest.raises(TaskMisdeclared, match="rate="):
        Stage().works(rate=rate)


def test_tasks_that_share_a_name_have_to_say_the_same_numbers():
    stage = Stage()
    stage.works("one", rate=Rate(1, SECOND, name="api"))
    stage.works("two", rate=Rate(2, SECOND, name="api"))
    with pytest.raises(TaskMisdeclared, match="api"):
        stage.registry.check()
