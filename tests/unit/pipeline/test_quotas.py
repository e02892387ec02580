"""Quotas of tenants: bytes, schedules, children, and how all of them are named and kept. Unfinished jobs have a file of their own."""

from random import Random

import pytest

from chalicelib.domain.errors import OverQuota, Throttled
from chalicelib.domain.flow import Throttle
from chalicelib.domain.job import State
from chalicelib.pipeline.asked import Submitted
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.schedule_change import NewSchedule, create, delete
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.tenant_limits import TenantLimits, find_limits, set_limits
from chalicelib.pipeline.timetable import Rule
from tests.support.drive import run_until_quiet
from tests.support.quotas import HOUR, MINUTE, ask, counted, counting, kinds, limit
from tests.support.stage import Stage


def test_all_limits_are_kept_as_they_were_set(stage):
    wanted = TenantLimits(tenant="ann", bytes=Throttle(9, HOUR), unfinished=7, schedules=0, children=3)
    set_limits(wanted, by="an operator", parts=stage.parts)
    found = find_limits("ann", parts=stage.parts)
    assert (found.bytes, found.unfinished, found.schedules, found.children) == (Throttle(9, HOUR), 7, 0, 3)
    assert (found.accepted, found.concurrency, found.rate) == (None, None, None)


# ------------------------------------------------------------------------------------------------------------ bytes


def test_bytes_are_counted_over_requests_and_named_with_their_end(stage):
    stage.works()
    size = len('{"x":"' + 90 * "y" + '"}')
    limit(stage, bytes=Throttle(3 * size, 10 * MINUTE))
    answers = ask(stage, *["y" * 90] * 4, *["y"])
    assert kinds(answers) == "...TT"
    assert "quota bytes: tenant ann accepts 294 bytes of arguments in 600 s" in str(answers[3])
    wait = answers[3].after
    assert 10 * MINUTE <= wait <= 11 * MINUTE
    stage.world.advance(wait)
    assert kinds(ask(stage, "y" * 90)) == "."


def test_what_could_never_be_let_in_is_not_told_to_wait(stage):
    stage.works()
    limit(stage, bytes=Throttle(100, MINUTE))
    refused, let_in = ask(stage, "y" * 200, "y")
    assert isinstance(refused, OverQuota)
    assert "tenant ann may send 100 bytes of arguments, and these are 208 (quota bytes)" in str(refused)
    assert let_in.id
    assert len(stage.store.rows) == 1


@pytest.mark.parametrize("delta", [-1, 0, 1])
def test_the_limit_of_bytes_is_exact(stage, delta):
    stage.works()
    limit(stage, bytes=Throttle(100, MINUTE))
    answers = ask(stage, "y" * (100 - len('{"x":""}') + delta))
    assert kinds(answers) == ("O" if delta > 0 else ".")


@pytest.mark.parametrize("seed", range(4))
def test_no_period_sees_more_bytes_than_the_quota(seed):
    chance, stage = Random(seed), Stage(seed=seed)
    stage.works()
    limit(stage, bytes=Throttle(400, MINUTE))
    taken, refused = [], 0
    for _ in range(120):
        stage.world.advance(MINUTE * chance.random() / 6)
        values = ["y" * chance.randint(0, 80) for _ in range(chance.randint(1, 4))]
        answers = ask(stage, *values)
        refused += kinds(answers).count("T")
        let_in = [len(value) + 8 for value, job in zip(values, answers, strict=True) if hasattr(job, "id")]
        taken += [(stage.world.now(), size) for size in let_in]
    assert refused
    assert max(sum(n for t, n in taken if at <= t < at + MINUTE) for at, _ in taken) <= 400


# ------------------------------------------------------------------------------------------------ schedules, children


def test_a_tenant_may_have_so_many_schedules(stage):
    stage.works()
    limit(stage, schedules=2)
    rule = Rule(cron="0 * * * *")
    for name in "ab":
        create(NewSchedule(id=name, task="work", rule=rule), tenant="ann", parts=stage.parts)
    with pytest.raises(OverQuota, match=r"tenant ann may have 2 schedules, and has 2 \(quota schedules\)"):
        create(NewSchedule(id="c", task="work", rule=rule), tenant="ann", parts=stage.parts)
    create(NewSchedule(id="c", task="work", rule=rule), tenant="bob", parts=stage.parts)
    delete("a", tenant="ann", parts=stage.parts)
    create(NewSchedule(id="c", task="work", rule=rule), tenant="ann", parts=stage.parts)


def test_a_tenant_may_have_no_schedules_at_all(stage):
    stage.works()
    limit(stage, schedules=0)
    with pytest.raises(OverQuota):
        create(NewSchedule(id="a", task="work", rule=Rule(cron="0 * * * *")), tenant="ann", parts=stage.parts)


def flow(stage, tree, tenant="ann"):
    how = Submission(tenant=tenant)
    answer = submit([JobRequest(task=WORKFLOW.name, args={"workflow": tree}, how=how)], parts=stage.parts)[0]
    return answer.job if isinstance(answer, Submitted) else answer


@pytest.mark.parametrize("delta", [-1, 0, 1])
@pytest.mark.parametrize("kind", ["group", "map", "within a chain"])
def test_the_limit_of_children_is_exact(stage, delta, kind):
    stage.works()
    limit(stage, children=3)
    count = 3 + delta
    group = {"group": [{"task": "work"}] * count}
    tree = {
        "group": group,
        "map": {"map": {"task": "work", "into": "x"}, "items": list(range(count))},
        "within a chain": {"chain": [{"task": "work"}, group]},
    }[kind]
    answer = flow(stage, tree)
    assert isinstance(answer, OverQuota) == (delta > 0)
    if delta > 0:
        assert "tenant ann may have 3 children of one group (quota children)" in str(answer)
    assert hasattr(flow(stage, tree, tenant="bob"), "id")


@pytest.mark.parametrize("delta", [0, 1])
def test_what_a_task_makes_more_of_dies_and_says_why(stage, delta):
    stage.works("list", result=[1, 2, 3] + [4] * delta)
    stage.works()
    limit(stage, children=3)
    job = flow(stage, {"chain": [{"task": "list"}, {"map": {"task": "work", "into": "x"}, "from": "before"}]})
    assert hasattr(job, "id"), job
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert row.state is (State.DEAD if delta else State.SUCCEEDED)
    mapped = [str(row.error) for row in stage.store.rows.values() if row.error is not None]
    assert any("more than 3 children of one group" in error for error in mapped) == bool(delta)


def test_bytes_cost_a_read_and_a_write_a_request(stage):
    stage.works()
    limit(stage, bytes=Throttle(10_000, MINUTE))
    calls = counting(stage)
    ask(stage, *range(50))
    assert calls == {"read": 1, "write": 1}


def test_what_is_refused_by_one_quota_is_not_counted_by_the_next(stage):
    stage.works()
    limit(stage, accepted=Throttle(2, MINUTE), unfinished=5)
    assert kinds(ask(stage, *range(4))) == "..TT"
    assert counted(stage) == 2
    assert isinstance(ask(stage, 1)[0], Throttled)
