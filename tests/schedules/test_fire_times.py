"""When rules fire: against a table made by hand, against a second library, and against a walk through every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.schedule import CatchUp, Every, Once, newest, take
from chalicelib.domain.wall import next_moment
from chalicelib.pipeline.timetable import Cron, Rule, upcoming, zone

BERLIN, YORK, HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
MINUTE = timedelta(minutes=1)

# By hand, from the published changes of these zones. Each: the rule, the zone, after when (wall), and what the wall and its offset show.
BY_HAND = [
    # Berlin, 29 March 2026: 02:00 -> 03:00. What has its time in the gap fires when the clocks are put forward.
    ("30 2 * * *", BERLIN, "2026-03-28T03:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
    ("0 3 * * *", BERLIN, "2026-03-28T03:00", ["2026-03-29T03:00+02:00", "2026-03-30T03:00+02:00"]),
    # Two times that fall together there are one fire.
    ("0,30 2 * * *", BERLIN, "2026-03-28T12:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
    ("0 2,3 * * *", BERLIN, "2026-03-28T12:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
    # What begins with * fires when the wall shows it: never in the gap, twice in the overlap.
    ("*/30 2 * * *", BERLIN, "2026-03-28T12:00", ["2026-03-30T02:00+02:00", "2026-03-30T02:30+02:00"]),
    ("0 * * * *", BERLIN, "2026-03-29T00:30", ["2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"]),
    # Berlin, 25 October 2026: 03:00 -> 02:00.
    ("30 2 * * *", BERLIN, "2026-10-24T03:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
    (
        "*/30 2 * * *",
        BERLIN,
        "2026-10-24T12:00",
        [
            "2026-10-25T02:00+02:00",
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:00+01:00",
            "2026-10-25T02:30+01:00",
            "2026-10-26T02:00+01:00",
        ],
    ),
    (
        "0 * * * *",
        BERLIN,
        "2026-10-25T01:30",
        ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"],
    ),
    # New York: 8 March 2026 02:00 -> 03:00, 1 November 2026 02:00 -> 01:00.
    ("15 2 * * *", YORK, "2026-03-07T12:00", ["2026-03-08T03:00-04:00", "2026-03-09T02:15-04:00"]),
    ("30 1 * * *", YORK, "2026-10-31T12:00", ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
    ("*/30 1 * * *", YORK, "2026-11-01T00:30", [
        "2026-11-01T01:00-04:00", "2026-11-01T01:30-04:00", "2026-11-01T01:00-05:00", "2026-11-01T01:30-05:00",
    ]),
    # Lord Howe moves by half an hour: 4 October 2026 02:00 -> 02:30, 5 April 2026 02:00 -> 01:30.
    ("15 2 * * *", HOWE, "2026-10-03T12:00", ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"]),
    ("45 1 * * *", HOWE, "2026-04-04T12:00", ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"]),
    ("45 * * * *", HOWE, "2026-04-05T01:15", [
        "2026-04-05T01:45+11:00", "2026-04-05T01:45+10:30", "2026-04-05T02:45+10:30",
    ]),
    ("* 3 * * *", HOWE, "2026-04-04T12:00", ["2026-04-05T03:00+10:30", "2026-04-05T03:01+10:30"]),
    # Cairo's gap is at midnight: 24 April 2026 00:00 -> 01:00.
    ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"]),
    ("*/5 0 * * *", "Africa/Cairo", "2026-04-23T12:00", ["2026-04-25T00:00+03:00"]),
    # Troll moves by two hours: 29 March 2026 01:00 UTC, and back on 25 October.
    ("30 1 * * *", "Antarctica/Troll", "2026-03-28T12:00", ["2026-03-29T03:00+02:00", "2026-03-30T01:30+02:00"]),
    ("30 * * * *", "Antarctica/Troll", "2026-10-25T01:45", [
        "2026-10-25T02:30+02:00", "2026-10-25T01:30+00:00", "2026-10-25T02:30+00:00",
    ]),
    # Leap days, short months, years' ends.
    ("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00"]),
    ("0 0 29 2 *", "UTC", "2096-02-29T00:00", ["2104-02-29T00:00+00:00"]),
    ("0 0 31 * *", "UTC", "2026-03-31T00:00", ["2026-05-31T00:00+00:00", "2026-07-31T00:00+00:00"]),
    ("59 23 31 12 *", BERLIN, "2026-12-31T23:58", ["2026-12-31T23:59+01:00", "2027-12-31T23:59+01:00"]),
    ("0 0 1 1 *", BERLIN, "2026-12-31T23:59", ["2027-01-01T00:00+01:00"]),
    ("0 0 L 2 *", "UTC", "2027-03-01T00:00", ["2028-02-29T00:00+00:00", "2029-02-28T00:00+00:00"]),
    # Day of month or day of week when both are given, as cron has it.
    ("0 9 13 * FRI", "UTC", "2026-02-12T12:00", ["2026-02-13T09:00+00:00", "2026-02-20T09:00+00:00"]),
    ("0 9 * * MON-FRI", BERLIN, "2026-01-02T12:00", ["2026-01-05T09:00+01:00", "2026-01-06T09:00+01:00"]),
    ("0 9 * * 7", "UTC", "2026-01-01T00:00", ["2026-01-04T09:00+00:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "name", "after", "expected"), BY_HAND)
def test_a_rule_fires_as_the_table_says(expression, name, after, expected):
    cron = Cron(expression=expression, timezone=name)
    start = datetime.fromisoformat(after).replace(tzinfo=zone(name))
    found = upcoming(cron, start.astimezone(UTC), len(expected))
    assert [f"{at.astimezone(zone(name)).isoformat(timespec='minutes')}" for at in found] == expected
    assert found == [datetime.fromisoformat(at) for at in expected]


# ------------------------------------------------------------------------------------------------- a second library
EXPRESSIONS = [
    "*/7 * * * *",
    "13 * * * *",
    "30 2 * * *",
    "0 0 * * *",
    "5 4 * * sun",
    "0 22 * * 1-5",
    "23 0-20/2 * * *",
    "0 0,12 1 */2 *",
    "0 0 29 2 *",
    "15 14 1 * *",
    "0 4 8-14 * *",
    "0 0 1,15 * 3",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_another_library_finds_the_same_times_in_utc(expression):
    start = datetime(2027, 11, 20, 17, 23, 45, tzinfo=UTC)
    theirs = croniter(expression, start)
    expected = [theirs.get_next(datetime).astimezone(UTC) for _ in range(40)]
    assert upcoming(Cron(expression=expression, timezone="UTC"), start, 40) == expected


# --------------------------------------------------------------------------------- a walk through every minute of the zone
def walked(expression: str, name: str, after: datetime, hours: int) -> list[datetime]:
    """What the wall shows at every minute, held against the fields one by one: nothing of the code under test."""
    minute, hour = expression.split()[:2]
    where = ZoneInfo(name)
    found, at = [], after.replace(second=0, microsecond=0)
    while at < after + timedelta(hours=hours):
        at += MINUTE
        wall = at.astimezone(where)
        if _field(minute, wall.minute) and _field(hour, wall.hour):
            found.append(at)
    return found


def _field(text: str, value: int) -> bool:
    if text.startswith("*"):
        return value % int(text.partition("/")[2] or 1) == 0
    return value in {int(one) for one in text.split(",")}


ZONES = [
    BERLIN,
    YORK,
    HOWE,
    "UTC",
    "Africa/Cairo",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "America/St_Johns",
]
CHANGES = [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC),
           datetime(2026, 4, 24, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC),
           datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 31, 12, tzinfo=UTC)]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    minute=st.one_of(st.just("*"), st.integers(1, 59).map(lambda n: f"*/{n}"), st.integers(0, 59).map(str)),
    hour=st.sampled_from(["*", "*/2", "*/5"]),
    name=st.sampled_from(ZONES),
    change=st.sampled_from(CHANGES),
    offset=st.integers(-13 * 60, 13 * 60),
)
def test_what_begins_with_a_star_fires_at_each_minute_that_matches(minute, hour, name, change, offset):
    expression = f"{minute} {hour} * * *"
    after = change + offset * MINUTE
    expected = walked(expression, name, after, 6)
    found = upcoming(Cron(expression=expression, timezone=name), after, len(expected) + 1)
    assert found[: len(expected)] == expected
    assert found[-1] > after + timedelta(hours=6)


@settings(max_examples=25, deadline=None)
@given(
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.sets(st.integers(0, 4), min_size=1, max_size=3),
    name=st.sampled_from(ZONES),
    change=st.sampled_from(CHANGES),
)
def test_what_has_its_times_fires_once_a_day_for_each_that_the_wall_shows(minutes, hours, name, change):
    expression = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    after = change - timedelta(hours=36)
    found = [
        at
        for at in upcoming(Cron(expression=expression, timezone=name), after, 40)
        if at < after + timedelta(days=3)
    ]
    shown = walked(expression, name, after, 72)
    walls = [at.astimezone(ZoneInfo(name)).replace(tzinfo=None) for at in shown]
    first = dict(zip(reversed(walls), reversed(shown), strict=True))
    # every time that the wall shows, the first time that it does
    assert set(first.values()) - {after} <= set(found)
    # and nothing else but, for times in a gap, the moment of the gap
    for extra in set(found) - set(first.values()):
        before = (extra - MINUTE).astimezone(ZoneInfo(name)).utcoffset()
        assert before is not None
        assert extra.astimezone(ZoneInfo(name)).utcoffset() > before
    assert found == sorted(set(found))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 100 * 365 * 24 * 60 * 60).map(
        lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
    ),
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
)
def test_the_next_fire_is_later_than_now(moment, expression, name):
    fire = Cron(expression=expression, timezone=name).after(moment)
    assert fire is not None
    assert fire > moment


# ------------------------------------------------------------------------------------------------------ periods, one-offs
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_period_is_counted_from_its_anchor_whatever_happens_between():
    rule = Every(period=timedelta(minutes=7), anchor=START)
    assert rule.after(START) == START + timedelta(minutes=7)
    assert rule.after(START + timedelta(minutes=6, seconds=59)) == START + timedelta(minutes=7)
    assert rule.after(START + timedelta(days=7000)) - START == timedelta(minutes=7) * (
        7000 * 24 * 60 // 7 + 1
    )
    assert rule.after(START - timedelta(minutes=1)) == START


def test_a_one_off_is_over_when_it_has_fired():
    assert Once(at=START).after(START - MINUTE) == START
    assert Once(at=START).after(START) is None


# ---------------------------------------------------------------------------------------------------------- catching up
MINUTELY = Every(period=MINUTE, anchor=START)


def taken(policy: str, late: timedelta, ahead: timedelta = timedelta(0)):
    now = START + late
    found = take(MINUTELY, START, catch_up=CatchUp.parse(policy), now=now, horizon=now + ahead)
    assert found.next is not None
    return [(at - now) // MINUTE for at in found.fires], (found.next - now) // MINUTE, found.missed


@pytest.mark.parametrize(
    ("policy", "late", "fires", "missed"),
    [
        ("skip", 0, [0], False),
        ("skip", 15, [*range(-15, 1)], False),
        ("one", 15, [*range(-15, 1)], False),
        ("skip", 16, [], True),
        ("one", 16, [0], True),
        ("all:3", 16, [-2, -1, 0], True),
        ("all:17", 16, [*range(-16, 1)], False),
        ("all", 180, [*range(-49, 1)], True),
        ("one", 60 * 24 * 400, [0], True),
    ],
)
def test_the_policy_decides_what_is_made_up_for_after_a_quarter_of_an_hour(policy, late, fires, missed):
    assert taken(policy, timedelta(minutes=late)) == (fires, 1, missed)


def test_what_is_just_ahead_is_fired_under_every_policy():
    two = timedelta(minutes=2)
    assert taken("skip", timedelta(hours=3), two) == ([1, 2], 3, True)
    assert taken("one", timedelta(hours=3), two) == ([0, 1, 2], 3, True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 5000), st.integers(1, 50), st.integers(1, 300))
def test_the_newest_are_found_as_by_a_walk_from_the_first(minutes, count, period):
    rule = Every(period=period * MINUTE, anchor=START)
    until = START + minutes * MINUTE
    walk = [START + number * period * MINUTE for number in range(minutes // period + 1)]
    assert newest(rule, START, until, count) == walk[-count:]


@pytest.mark.parametrize("text", ["", "none", "all:0", "all:51", "all:-1", "all:", "all:1.5", "all:²", "ALL"])
def test_a_policy_that_there_is_not_is_refused(text):
    with pytest.raises(ValueError, match="is none of skip, one, all"):
        CatchUp.parse(text)


# -------------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("rule", "argument"),
    [
        ({}, "cron"),
        ({"cron": "0 3 * * *", "every": timedelta(minutes=5)}, "every"),
        ({"cron": ""}, "cron"),
        ({"cron": "* * * *"}, "cron"),
        ({"cron": "0 0 3 * * *"}, "cron"),
        ({"cron": "60 * * * *"}, "cron"),
        ({"cron": "0 0 31 2 *"}, "cron"),
        ({"cron": "0 0 31 2,4 *"}, "cron"),
        ({"cron": "@daily"}, "cron"),
        ({"cron": "0 3 * * *" + "0" * 300}, "cron"),
        ({"cron": "0 3 * * FRIDAY"}, "cron"),
        ({"cron": "0 3 * * *", "timezone": "Berlin"}, "timezone"),
        ({"cron": "0 3 * * *", "timezone": ""}, "timezone"),
        ({"cron": "0 3 * * *", "timezone": "/etc/passwd"}, "timezone"),
        ({"cron": "0 3 * * *", "timezone": "../zoneinfo/UTC"}, "timezone"),
        ({"cron": "0 3 * * *", "timezone": "Europe"}, "timezone"),
        ({"cron": "0 3 * * *", "timezone": "Europe/Ber\0lin"}, "timezone"),
        ({"every": timedelta(minutes=5), "timezone": "Europe/Berlin"}, "timezone"),
        ({"every": timedelta(seconds=59)}, "every"),
        ({"every": timedelta(days=367)}, "every"),
        ({"every": timedelta(minutes=5, milliseconds=1)}, "every"),
        ({"at": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)}, "at"),
        ({"cron": "0 3 * * *", "catch_up": "some"}, "catch_up"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_by_the_name_of_the_argument(rule, argument):
    with pytest.raises(InvalidInput) as refused:
        Rule(**rule).check()
    assert refused.value.argument == argument


def test_a_rule_that_could_only_fire_on_a_day_that_there_is_not_is_refused():
    with pytest.raises(InvalidInput, match=r"Bad day-of-month|never fires"):
        Rule(cron="0 0 30 2 *").check()


def test_a_rule_without_any_time_left_never_fires():
    assert next_moment(lambda _: [], UTC, START, once=True) is None
    assert next_moment(lambda wall: [wall - MINUTE], UTC, START, once=False) is None
