"""Quotas of tenants: bytes, unfinished jobs, schedules, children. Each is named by who is refused, and no other tenant pays for it."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from chalicelib.domain.errors import OverQuota, Throttled, Unavailable
from chalicelib.domain.flow import Throttle
from chalicelib.domain.job import State
from chalicelib.pipeline import unfinished
from chalicelib.pipeline.asked import Submitted
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.duties import do_duties
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.items import Kept, Spot
from chalicelib.pipeline.schedule_change import NewSchedule, create, delete
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.tenant_limits import TenantLimits, find_limits, set_limits
from chalicelib.pipeline.tenants import limits_of
from chalicelib.pipeline.timetable import Rule
from tests.support.drive import drain, run_until_quiet
from tests.support.stage import Stage

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
COUNTER = Spot("unfinished", "ann")


def limit(stage, tenant="ann", **limits):
    """Set them, and let everybody know."""
    set_limits(TenantLimits(tenant=tenant, **limits), by="an operator", parts=stage.parts)
    stage.advance(minutes=1)
    limits_of(tenant, stage.parts)


def ask(stage, *values, tenant="ann", task="work", **how):
    """What each of these requests, sent together, came to: its job, or what kept it out."""
    wanted = [
        JobRequest(task=task, args={"x": value}, how=Submission(tenant=tenant, **how)) for value in values
    ]
    answers = submit(wanted, parts=stage.parts)
    return [answer.job if isinstance(answer, Submitted) else answer for answer in answers]


def kinds(answers):
    return "".join("." if hasattr(answer, "id") else type(answer).__name__[0] for answer in answers)


def counted(stage):
    return stage.parts.items.read(COUNTER).get("count")


def minute(stage):
    """A minute passes, and the tick looks after items."""
    stage.advance(minutes=1)
    do_duties(until=stage.world.now() + MINUTE, parts=stage.parts)


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


# ------------------------------------------------------------------------------------------------------- unfinished


def test_beyond_its_unfinished_jobs_a_tenant_is_refused_until_some_have_ended(stage):
    stage.works()
    limit(stage, unfinished=10)
    assert kinds(ask(stage, *range(12))) == "." * 10 + "TT"
    refused = ask(stage, 1)[0]
    assert "quota unfinished: tenant ann may have 10 jobs that have not ended" in str(refused)
    assert refused.after == MINUTE
    minute(stage)
    assert kinds(ask(stage, 1)) == "T", "none has ended"
    drain(stage.parts)
    minute(stage)
    assert counted(stage) == 0
    assert kinds(ask(stage, *range(11))) == "." * 10 + "T"


@pytest.mark.parametrize("delta", [-1, 0, 1])
def test_the_limit_of_unfinished_jobs_is_exact(stage, delta):
    stage.works()
    limit(stage, unfinished=4)
    assert kinds(ask(stage, *range(4 + delta))).count("T") == max(0, delta)


def test_those_that_wait_long_count_and_those_that_were_cancelled_do_not(stage):
    stage.works()
    limit(stage, unfinished=4)
    waiting = ask(stage, *range(4), delay=20 * HOUR)
    for job in waiting[:3]:
        cancel(job.id, tenant="ann", parts=stage.parts)
    for _ in range(3):
        minute(stage)
    assert counted(stage) == 1
    assert kinds(ask(stage, *range(4))) == "...T"


def test_a_tenant_below_half_of_it_is_never_counted_anew(stage):
    stage.works()
    limit(stage, unfinished=10)
    ask(stage, *range(4))
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == []
    ask(stage, 5)
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == [COUNTER]
    drain(stage.parts)
    minute(stage)
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == [], "and then not until it is needed again"


def test_who_is_asked_all_the_time_is_counted_anew_too(stage):
    """Places that are taken while the tick counts are not lost, and what has ended comes off all the same."""
    stage.works()
    limit(stage, unfinished=20)
    ask(stage, *range(15))
    drain(stage.parts)
    read, more = stage.parts.store.read, [True]

    def reading(job_id):
        if more.pop() if more else False:
            ask(stage, "meanwhile")
        return read(job_id)

    stage.parts.store.read = reading
    minute(stage)
    assert counted(stage) == 1


def test_a_place_whose_job_never_came_is_given_back(stage, monkeypatch):
    stage.works()
    limit(stage, unfinished=2)
    create, stage.parts.store.create = stage.parts.store.create, down
    assert kinds(ask(stage, 1, 2)) == "UU"
    stage.parts.store.create = create
    minute(stage)
    assert kinds(ask(stage, 1)) == "T", "it may still land"
    for _ in range(10):
        minute(stage)
    assert kinds(ask(stage, 1, 2, 3)) == "..T"


def test_a_count_that_is_wrong_is_right_after_some_minutes(stage):
    """Whoever died between the counter and the note, or whose reply was lost, has counted too much."""
    stage.works()
    limit(stage, unfinished=4)
    write = stage.parts.items.write

    def dying(spot, edit):
        if spot.shelf == "unfinished#ann":
            raise Unavailable("it died there")
        return write(spot, edit)

    stage.parts.items.write = dying
    assert kinds(ask(stage, 1, 2, 3)) == "UUU"
    stage.parts.items.write = write
    minute(stage)
    assert counted(stage) == 3, "their door may only stand still"
    for _ in range(10):
        minute(stage)
    assert counted(stage) == 0
    assert kinds(ask(stage, 1, 2, 3, 4, 5)) == "....T"


def test_who_stands_still_between_its_place_and_its_note_is_not_forgotten(stage):
    # given a tenant of whose four places three are taken, one of them by a door that has not noted it yet
    stage.works()
    limit(stage, unfinished=4)
    ask(stage, 1, 2)
    write = stage.parts.items.write

    def slow(spot, edit):
        if spot.shelf == "unfinished#ann":
            stage.parts.items.write = write
            minute(stage)  # and meanwhile the tick counts
        return write(spot, edit)

    stage.parts.items.write = slow
    assert kinds(ask(stage, 3)) == "."
    # then there is one place left, and not two
    assert counted(stage) == 3
    assert kinds(ask(stage, 4, 5)) == ".T"
    minute(stage)
    assert counted(stage) == 4


def test_a_count_whose_reply_is_lost_takes_nothing_off_twice(stage):
    stage.works()
    limit(stage, unfinished=4)
    ask(stage, 1, 2)
    drain(stage.parts)
    ask(stage, 3)
    write, listed, lost = stage.parts.items.write, stage.parts.items.listed, []

    def asked_meanwhile(*args, **how):
        found = listed(*args, **how)
        stage.parts.items.listed = listed
        assert kinds(ask(stage, 4)) == "."
        return found

    def no_reply(spot, edit):
        answer = write(spot, edit)
        if spot == COUNTER and edit.undue and isinstance(answer, Kept) and not lost:
            lost.append(answer)
            raise Unavailable("the reply was lost")
        return answer

    stage.parts.items.listed, stage.parts.items.write = asked_meanwhile, no_reply
    minute(stage)
    assert lost
    assert counted(stage) == 2, "one that waits since before, and one that came meanwhile"


def test_two_who_count_at_once_take_nothing_off_twice(stage):
    stage.works()
    limit(stage, unfinished=4)
    ask(stage, 1, 2)
    drain(stage.parts)
    ask(stage, 3)
    listed = stage.parts.items.listed

    def both(*args, **how):
        stage.parts.items.listed = listed
        found = listed(*args, **how)
        assert kinds(ask(stage, 4)) == "."
        unfinished.recount(COUNTER, stage.world.now() + MINUTE, stage.parts)
        return found

    stage.parts.items.listed = both
    minute(stage)
    assert counted(stage) == 2


@pytest.mark.parametrize("seed", range(4))
def test_there_are_never_more_unfinished_ones_than_the_limit(seed):
    chance, stage = Random(seed), Stage(seed=seed)
    stage.works()
    limit(stage, unfinished=12)
    refused, most = 0, 0
    for _ in range(60):
        refused += kinds(ask(stage, *range(chance.randint(1, 6)))).count("T")
        alive = [row for row in stage.store.rows.values() if row.state is State.QUEUED]
        most = max(most, len(alive))
        if chance.random() < 0.3:
            drain(stage.parts)
        minute(stage)
    assert refused
    assert 8 < most <= 12


def test_the_quota_costs_two_writes_a_request(stage):
    stage.works()
    limit(stage, unfinished=200)
    calls = counting(stage)
    ask(stage, *range(50))
    assert calls == {"write": 2}, "the counter and the note, for fifty jobs"
    calls.clear()
    ask(stage, 1, tenant="bob")
    assert calls == {}, "who has no limits pays nothing"


def test_without_the_quota_the_counter_dies_out(stage):
    stage.works()
    limit(stage, unfinished=2)
    ask(stage, 1, 2)
    limit(stage, children=5)
    drain(stage.parts)
    minute(stage)
    assert counted(stage) == 0
    assert stage.parts.items.due(stage.world.now() + HOUR, 10) == []


def test_a_repeated_request_takes_no_second_place(stage):
    stage.works()
    limit(stage, unfinished=2)
    for _ in range(5):
        assert kinds(ask(stage, 1, key="order-17")) == "."
    assert counted(stage) == 1


def test_more_ask_at_once_than_can_be_dealt_with(stage, monkeypatch):
    stage.works()
    limit(stage, unfinished=10)
    monkeypatch.setattr(unfinished, "ROUNDS", 0)
    assert kinds(ask(stage, 1)) == "T"


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


def counting(stage):
    """What is asked of items from now on."""
    calls = Counter()
    for name in ("read", "write", "listed", "delete"):
        port = getattr(stage.parts.items, name)

        def counted_(*args, _port=port, _name=name, **how):
            calls[_name] += 1
            return _port(*args, **how)

        setattr(stage.parts.items, name, counted_)
    return calls


def down(*_, **__):
    raise Unavailable("the table is down")


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
