"""Budgets: what is spent is counted once, told once, stops submissions until it is over, and costs nobody who has none."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import InvalidInput, NotFound, OverBudget, Throttled, Unavailable
from chalicelib.domain.flow import Concurrency
from chalicelib.domain.job import State
from chalicelib.pipeline.asked import Submitted
from chalicelib.pipeline.budgets.budget import (
    NANO,
    WATCH,
    Budget,
    ends,
    find_budget,
    listed_budgets,
    remove_budget,
    set_budget,
    words,
)
from chalicelib.pipeline.budgets.spent import spent
from chalicelib.pipeline.budgets.watch import EVERY, IDLE, KEEP_COUNT, TOPIC, look_after_budgets
from chalicelib.pipeline.duties import do_duties
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.items import Kept
from chalicelib.pipeline.statistics.bind import bind
from chalicelib.pipeline.statistics.book import Book
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.pipeline.statistics.shelves import minute_of, part, part_spot
from chalicelib.pipeline.task import Options, Submission
from chalicelib.pipeline.tenant_limits import SHELF, TenantLimits, listed_limits, set_limits
from chalicelib.prices import run_prices
from tests.support.drive import run_until_quiet

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DOLLAR = Figures(started=1_000_000, succeeded=1_000_000)
"""A million jobs that took no time: some 2.275 dollars."""
PRICE = run_prices().dollars(DOLLAR)


def budget(stage, kind="tenant", name="ann", **how):
    return set_budget(Budget(kind=kind, name=name, owner="ops", **how), by="an operator", parts=stage.parts)


def spend(stage, *, task="work", tenant="ann", times=1):
    """So many million jobs, in a container's part of this minute."""
    now = stage.world.now()
    book = Book({(task, tenant): Figures(started=times * 10**6, succeeded=times * 10**6)})
    stage.parts.items.write(part_spot(minute_of(now), stage.world.token()), part(book, now))


def tick(stage):
    """What the tick does for budgets: statistics are bound, then what is due is looked after."""
    until = stage.world.now() + MINUTE
    do_duties(until=until, parts=stage.parts)
    bind(until=until, parts=stage.parts)


def minutes(stage, number):
    for _ in range(number):
        stage.advance(minutes=1)
        tick(stage)


def ask(stage, task="work", **how):
    """What a request comes to: True, or what kept it out."""
    stage.parts.tenants.until = stage.world.now()  # a minute later
    [answer] = submit([JobRequest(task=task, args={}, how=Submission(**how))], parts=stage.parts)
    return True if isinstance(answer, Submitted) else answer


def total(stage, kind="tenant", name="ann"):
    found = find_budget(kind, name, parts=stage.parts)
    [one] = spent([found], until=stage.world.now() + MINUTE, parts=stage.parts)
    return {period: amount / NANO for period, amount in one.total.items()}


# ---------------------------------------------------------------------------------------------------------- what is spent


@pytest.mark.parametrize("minutes_later", [0, 1, 5, 90, 60 * 26])
def test_what_is_spent_is_the_same_while_it_is_counted_bound_and_written_down(stage, minutes_later):
    stage.works("work")
    budget(stage, month=1000.0)
    for _ in range(3):
        spend(stage)
        minutes(stage, 1)
    for _ in range(min(minutes_later, 5)):
        minutes(stage, 1)
        stage.advance(minutes=max(0, minutes_later // 5 - 1))
    assert total(stage)["month"] == pytest.approx(3 * PRICE)


def test_a_budget_begins_with_what_its_month_has_spent_already(stage):
    stage.works("work")
    for _ in range(3):
        spend(stage)
        minutes(stage, 90)
    budget(stage, month=1000.0)
    minutes(stage, 2)
    assert total(stage)["month"] == pytest.approx(3 * PRICE)


def test_a_new_day_and_a_new_month_begin_with_nothing(stage):
    stage.works("work")
    budget(stage, day=100.0, month=1000.0)
    spend(stage)
    minutes(stage, 15)
    assert total(stage)["day"] == pytest.approx(PRICE)
    stage.advance(days=1)
    minutes(stage, 15)
    assert total(stage) == {"day": 0, "month": pytest.approx(PRICE)}
    spend(stage)
    minutes(stage, 15)
    assert total(stage) == {"day": pytest.approx(PRICE), "month": pytest.approx(2 * PRICE)}
    stage.advance(days=31)
    minutes(stage, 15)
    assert total(stage) == {"day": 0, "month": 0}


def test_each_budget_counts_its_own(stage):
    stage.works("work")
    for kind, name in (("tenant", "ann"), ("tenant", "bob"), ("task", "work"), ("stage", "all")):
        budget(stage, kind, name, month=1000.0)
    spend(stage, task="work", tenant="ann")
    spend(stage, task="other", tenant="ann", times=2)
    spend(stage, task="work", tenant="bob", times=4)
    found = [
        total(stage, kind, name)["month"] / PRICE
        for kind, name in (
            ("tenant", "ann"),
            ("tenant", "bob"),
            ("task", "work"),
            ("stage", "all"),
        )
    ]
    assert found == pytest.approx([3, 4, 5, 7])


# -------------------------------------------------------------------------------------------------------- when it is spent


def test_a_spent_budget_refuses_submissions_until_its_day_is_over(stage):
    stage.works("work")
    budget(stage, day=PRICE, pause=True)
    assert ask(stage, tenant="ann") is True
    spend(stage)
    minutes(stage, 1)

    refused = ask(stage, tenant="ann")
    assert isinstance(refused, OverBudget)
    assert isinstance(refused, Throttled)
    assert "the budget of tenant ann for 2026-01-01" in str(refused)
    assert stage.world.now() + refused.after == datetime(2026, 1, 2, tzinfo=UTC)
    assert ask(stage, tenant="bob") is True

    stage.advance(seconds=refused.after.total_seconds())
    assert ask(stage, tenant="ann") is True


def test_a_budget_that_is_only_told_refuses_nothing(stage):
    stage.works("work")
    budget(stage, day=PRICE)
    spend(stage, times=5)
    minutes(stage, 2)
    assert ask(stage, tenant="ann") is True
    assert find_budget("tenant", "ann", parts=stage.parts).hold is None


@pytest.mark.parametrize(("kind", "name"), [("task", "work"), ("stage", "all")])
def test_a_tasks_and_the_stages_budget_stop_whoever_asks(stage, kind, name):
    stage.works("work")
    stage.works("other")
    budget(stage, kind, name, month=PRICE, pause=True)
    spend(stage, tenant="bob")
    minutes(stage, 1)
    assert isinstance(ask(stage, tenant="carol"), OverBudget)
    assert (ask(stage, "other", tenant="carol") is True) is (kind == "task")


def test_what_was_accepted_runs_whatever_is_spent(stage):
    stage.works("work")
    budget(stage, day=PRICE, pause=True)
    job_id = stage.submit("work", tenant="ann")
    spend(stage, times=9)
    minutes(stage, 1)
    assert isinstance(ask(stage, tenant="ann"), OverBudget)
    run_until_quiet(stage.parts)
    assert stage.row(job_id).state is State.SUCCEEDED


def test_a_request_that_was_accepted_is_answered_with_its_job(stage):
    stage.works("work")
    assert ask(stage, tenant="ann", key="k") is True
    budget(stage, day=PRICE, pause=True)
    spend(stage)
    minutes(stage, 1)
    assert ask(stage, tenant="ann", key="k") is True
    assert isinstance(ask(stage, tenant="ann", key="other"), OverBudget)


def test_a_budget_that_is_raised_or_taken_away_lets_them_in_again(stage):
    stage.works("work")
    budget(stage, day=PRICE, pause=True)
    spend(stage)
    minutes(stage, 1)
    assert isinstance(ask(stage, tenant="ann"), OverBudget)
    budget(stage, day=10 * PRICE, pause=True)
    assert ask(stage, tenant="ann") is True
    minutes(stage, 3)
    assert ask(stage, tenant="ann") is True
    assert total(stage)["day"] == pytest.approx(PRICE)
    spend(stage, times=20)
    minutes(stage, 1)
    assert isinstance(ask(stage, tenant="ann"), OverBudget)
    remove_budget("tenant", "ann", parts=stage.parts)
    assert ask(stage, tenant="ann") is True
    with pytest.raises(NotFound):
        find_budget("tenant", "ann", parts=stage.parts)


def test_who_cannot_read_the_budgets_refuses_nobody(stage):
    stage.works("work")
    budget(stage, day=PRICE, pause=True)
    spend(stage)
    minutes(stage, 1)
    stage.parts.tenants.known, stage.parts.tenants.holds = None, {}

    def fails(shelf, **_):
        raise Unavailable("no")

    listed, stage.parts.items.listed = stage.parts.items.listed, fails
    assert ask(stage, tenant="ann") is True
    stage.parts.items.listed = listed
    assert isinstance(ask(stage, tenant="ann"), OverBudget)


# ---------------------------------------------------------------------------------------------------------------- told


def told(stage, caplog):
    return [
        (one.period, one.percent) for one in caplog.records if getattr(one, "action", "") == "budget_spent"
    ]


def test_each_share_is_told_once_a_period(stage, caplog):
    stage.works("work")
    budget(stage, day=4 * PRICE)
    spend(stage, times=3)
    minutes(stage, 3)
    assert told(stage, caplog) == []
    spend(stage)
    minutes(stage, 3)
    assert told(stage, caplog) == [("2026-01-01", 80), ("2026-01-01", 100)]
    stage.advance(days=1)
    spend(stage, times=4)
    minutes(stage, 3)
    assert told(stage, caplog)[2:] == [("2026-01-02", 80), ("2026-01-02", 100)]


def events(stage):
    return sorted(
        (job.cause, job.tenant) for job in stage.parts.store.rows.values() if job.task == "listener"
    )


def subscribe(stage):
    def listener(event):
        return event["payload"]

    stage.parts.registry.add(listener, None, Options(topics=(TOPIC,)))


def test_who_subscribes_gets_an_event_for_each_as_a_job_of_who_set_it(stage):
    stage.works("work")
    subscribe(stage)
    budget(stage, day=PRICE, pause=True)
    spend(stage)
    minutes(stage, 5)
    found = events(stage)
    assert len(found) == 2
    assert {tenant for _, tenant in found} == {"ops"}


@pytest.mark.parametrize("death", range(1, 12))
@pytest.mark.parametrize("landed", [False, True])
def test_whoever_dies_on_the_way_leaves_all_of_it_to_the_next_tick_and_nothing_is_told_twice(
    stage, death, landed
):
    stage.works("work")
    subscribe(stage)
    budget(stage, day=PRICE, pause=True)
    spend(stage)
    stage.advance(minutes=1)
    # given a tick whose n-th write fails for good, or lands and is answered by nobody
    items, count = stage.parts.items, [0]
    write = items.write

    def dies(spot, edit):
        count[0] += 1
        if count[0] < death:
            return write(spot, edit)
        if landed and count[0] == death:
            write(spot, edit)
        raise SystemExit

    items.write = dies
    with suppress(SystemExit):
        look_after_budgets(WATCH, stage.world.now() + MINUTE, stage.parts)
    items.write = write
    # when the next ones come
    minutes(stage, 3)
    # then submissions are stopped, each event is there once, and the watch goes on
    assert isinstance(ask(stage, tenant="ann"), OverBudget)
    assert len(events(stage)) == len(set(events(stage))) == 2
    assert total(stage)["day"] == pytest.approx(PRICE)
    assert find_budget("tenant", "ann", parts=stage.parts).told


def test_two_ticks_side_by_side_tell_the_same_once(stage):
    stage.works("work")
    subscribe(stage)
    budget(stage, day=PRICE)
    spend(stage)
    stage.advance(minutes=1)
    items, write, inside = stage.parts.items, stage.parts.items.write, [False]

    def meanwhile(spot, edit):
        if spot.key.startswith("budget#") and not inside[0]:
            inside[0] = True
            look_after_budgets(WATCH, stage.world.now() + MINUTE, stage.parts)
        return write(spot, edit)

    items.write = meanwhile
    look_after_budgets(WATCH, stage.world.now() + MINUTE, stage.parts)
    items.write = write
    minutes(stage, 2)
    assert len(events(stage)) == 2
    assert total(stage)["day"] == pytest.approx(PRICE)


def test_a_write_that_lands_late_brings_nothing_back(stage):
    stage.works("work")
    budget(stage, day=PRICE, pause=True)
    spend(stage)
    stage.advance(minutes=1)
    late, write = [], stage.parts.items.write

    def slow(spot, edit):
        if spot.shelf == SHELF:
            late.append((spot, edit))
            raise Unavailable("no answer")
        return write(spot, edit)

    stage.parts.items.write = slow
    look_after_budgets(WATCH, stage.world.now() + MINUTE, stage.parts)
    stage.parts.items.write = write
    remove_budget("tenant", "ann", parts=stage.parts)
    for spot, edit in late:
        assert not isinstance(write(spot, edit), Kept)
    assert ask(stage, tenant="ann") is True


# --------------------------------------------------------------------------------------------------------- the appointment


def due(stage):
    return WATCH in stage.parts.items.due(stage.world.now() + DAY, 10)


def test_it_is_watched_while_there_are_budgets_and_a_while_after(stage):
    budget(stage, day=1.0)
    minutes(stage, 20)
    assert due(stage)
    remove_budget("tenant", "ann", parts=stage.parts)
    minutes(stage, 2)
    assert not due(stage)
    budget(stage, day=1.0)
    assert due(stage)


def test_one_that_is_set_while_the_watch_ends_is_watched(stage):
    budget(stage, day=1.0)
    remove_budget("tenant", "ann", parts=stage.parts)
    stage.advance(seconds=(IDLE + MINUTE).total_seconds())
    write, done = stage.parts.items.write, []

    def between(spot, edit):
        if edit.undue and not done:
            done.append(True)
            budget(stage, day=1.0)
        return write(spot, edit)

    stage.parts.items.write = between
    tick(stage)
    stage.parts.items.write = write
    assert done
    assert due(stage)


def test_what_takes_too_long_to_read_is_left_to_the_next_tick(stage):
    stage.works("work")
    spend(stage)
    minutes(stage, 3)
    budget(stage, day=PRICE)
    with pytest.raises(Unavailable):
        look_after_budgets(WATCH, stage.world.now(), stage.parts)
    assert due(stage)


# --------------------------------------------------------------------------------------------------------------- the rest


def test_budgets_and_limits_lie_side_by_side_and_are_told_apart(stage):
    set_limits(TenantLimits(tenant="ann", concurrency=Concurrency(3)), by="x", parts=stage.parts)
    budget(stage, day=1.0)
    budget(stage, "task", "work", month=2.0)
    assert [one.tenant for one in listed_limits(stage.parts.items)] == ["ann"]
    assert [one.whose for one in listed_budgets(stage.parts.items)] == ["task work", "tenant ann"]


@pytest.mark.parametrize(
    ("how", "argument"),
    [
        ({}, "day"),
        ({"day": 0.0}, "day"),
        ({"month": -1.0}, "month"),
        ({"day": float("nan")}, "day"),
        ({"month": 1e12}, "month"),
    ],
)
def test_what_is_no_budget_is_named(stage, how, argument):
    with pytest.raises(InvalidInput) as found:
        budget(stage, **how)
    assert found.value.argument == argument


def test_days_and_months_are_those_of_utc():
    at = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert (words("day", at), words("month", at)) == ("2026-12-31", "2026-12")
    assert ends("day", at) == ends("month", at) == datetime(2027, 1, 1, tzinfo=UTC)


def test_requests_list_nothing_more_than_they_did(stage):
    stage.works("work")
    budget(stage, day=PRICE, pause=True)
    spend(stage)
    minutes(stage, 1)
    calls, items = [], stage.parts.items
    for name in ("read", "write", "listed", "delete"):
        method = getattr(items, name)
        setattr(
            items, name, lambda *a, _name=name, _method=method, **k: calls.append(_name) or _method(*a, **k)
        )
    stage.advance(minutes=1)
    for _ in range(5):
        for tenant in ("ann", "bob"):
            submit([JobRequest(task="work", args={}, how=Submission(tenant=tenant))], parts=stage.parts)
    assert calls == ["listed"]  # once a minute, as for tenants' limits


def test_a_quiet_budget_is_written_every_ten_minutes_and_its_watch_every_minute(stage):
    stage.works("work")
    budget(stage, day=1000 * PRICE)
    minutes(stage, 2)
    count, write = {"budget": 0, "watch": 0}, stage.parts.items.write

    def counting(spot, edit):
        if spot == WATCH:
            count["watch"] += 1
        elif spot.shelf == SHELF:
            count["budget"] += 1
        return write(spot, edit)

    stage.parts.items.write = counting
    for _ in range(60):
        spend(stage)
        minutes(stage, 1)
    assert count["watch"] == HOUR // EVERY
    assert count["budget"] <= HOUR // KEEP_COUNT + 1
