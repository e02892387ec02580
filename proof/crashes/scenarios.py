"""Small stories that together take every arrow of the lifecycle, each short enough that all pairs of faults in it can be counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.domain.flow import Throttle
from chalicelib.domain.job import State
from proof.crashes.steps import (
    Step,
    budget,
    cancel,
    count,
    dead_letter,
    drain,
    flow,
    key_away,
    key_back,
    leaf,
    limit,
    lose,
    plan,
    quiet,
    redrive,
    register,
    rubbish,
    seal,
    submit,
    submit_told,
    throttled,
    tick,
    wait,
)

S = State


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A story. `ends` are the states that its jobs may end in, whatever goes wrong."""

    name: str
    steps: Sequence[Step]
    ends: frozenset[State] = frozenset({S.SUCCEEDED})
    fan: int = 100  #: how many children of a group make a page


HOUR = timedelta(hours=1)

WORKFLOWS: Sequence[Scenario] = (
    Scenario(name="fan_out", steps=[flow({"group": [leaf()] * 5}), drain], fan=2),
    Scenario(
        name="fed",
        steps=[flow({"chain": [leaf(), leaf("fail:1", fed=True)]}), drain, wait(seconds=30), drain],
    ),
    Scenario(name="chord", steps=[flow({"chord": [leaf(), leaf()], "then": leaf(fed=True)}), drain]),
    Scenario(
        name="hasty",
        steps=[flow({"group": [leaf("always:9", max_attempts=1), leaf(), leaf()]}), drain, quiet],
        ends=frozenset({S.DEAD}),
        fan=2,
    ),
    Scenario(
        name="collected",
        steps=[
            flow({"group": [leaf("kill:9", max_attempts=1), leaf()], "on_error": "collect"}),
            drain,
            lose,
            quiet,
        ],
    ),
    Scenario(
        name="called_off",
        steps=[flow({"group": [leaf("mutiny"), leaf(), leaf()]}), drain, quiet],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
        fan=1,
    ),
    Scenario(
        name="retried",
        steps=[
            flow(
                {
                    "chain": [
                        leaf(),
                        {
                            "group": [leaf(), leaf("before:1200", max_attempts=1)],
                            "on_error": "ignore",
                            "min_success": 2,
                        },
                    ]
                }
            ),
            drain,
            quiet,
            wait(minutes=20),
            redrive,
            drain,
        ],
        ends=frozenset({S.DEAD, S.SUCCEEDED}),  # the one that has a single attempt may lose it
    ),
    Scenario(name="within", steps=[flow({"group": [{"chain": [leaf(), leaf(fed=True)]}, leaf()]}), drain]),
    Scenario(name="grown", steps=[submit("ok", task="grower"), drain]),
)
"""Jobs that wait for others."""

SEALED: Sequence[Scenario] = (
    Scenario(name="sealed", steps=[seal(), submit("large:1000", task="chained", pad=1000), drain]),
    Scenario(
        name="key_away",
        steps=[
            seal(),
            submit("fail:1", task="chained"),
            key_away,
            drain,
            wait(minutes=2),
            drain,
            key_back,
            quiet,
        ],
    ),
    Scenario(
        name="key_lost_running",
        steps=[
            seal(),
            submit("lockout", task="chained"),
            drain,
            seal(1),
            wait(minutes=6),
            tick,
            drain,
            key_back,
            quiet,
        ],
    ),
    Scenario(
        name="key_anew",
        steps=[
            submit(key="a", delay=HOUR),
            seal(),
            submit(key="k", delay=HOUR),
            seal(1),
            submit(key="k", delay=HOUR),
            quiet,
        ],
    ),
    Scenario(
        name="sealed_flow",
        steps=[
            seal(),
            flow({"chord": [leaf(), leaf()], "then": leaf(fed=True)}),
            key_away,
            drain,
            key_back,
            wait(minutes=2),
            drain,
            key_away,
            wait(minutes=2),
            tick,
            key_back,
            quiet,
        ],
    ),
)
"""What jobs carry is sealed, and the key is away, or another one."""

BOUNDED: Sequence[Scenario] = (
    Scenario(
        name="few_unfinished",
        steps=[
            limit(unfinished=2),
            submit(key="a"),
            submit("fail:1", key="b"),
            submit(),
            drain,
            wait(minutes=1),
            tick,
            submit(key="d"),
            drain,
            quiet,
        ],
    ),
    Scenario(
        name="few_accepted",
        steps=[
            limit(accepted=Throttle(2, HOUR), bytes=Throttle(1000, HOUR)),
            submit(key="a"),
            submit(times=2),
            drain,
        ],
    ),
    Scenario(
        name="spent",
        steps=[
            count,
            budget(0.000001),
            submit("fail:1", key="a"),
            drain,
            wait(minutes=2),
            tick,
            drain,
            tick,
            wait(minutes=1),
            submit(key="b"),
            quiet,
        ],
    ),
)
"""A tenant may have, or spend, so much and no more."""

SCENARIOS: Sequence[Scenario] = (
    Scenario(name="plain", steps=[submit(), drain]),
    Scenario(name="keyed", steps=[submit(key="k"), submit(key="k"), drain]),
    Scenario(name="batch", steps=[submit(times=3), drain]),
    Scenario(name="retry", steps=[submit("fail:1"), drain, wait(seconds=30), drain]),
    Scenario(name="long_retry", steps=[submit("retry:3600"), drain, quiet]),
    Scenario(
        name="death",
        steps=[submit("always:9", task="chained", max_attempts=2), drain, wait(seconds=30), drain],
        ends=frozenset({S.DEAD, S.SUCCEEDED}),
    ),
    Scenario(name="chain", steps=[submit(task="chained"), drain]),
    Scenario(name="delayed", steps=[submit(delay=timedelta(minutes=2)), drain, wait(minutes=3), drain]),
    Scenario(name="scheduled", steps=[submit(delay=HOUR), quiet]),
    Scenario(
        name="cancelled_before", steps=[submit(), cancel, drain], ends=frozenset({S.CANCELLED, S.SUCCEEDED})
    ),
    Scenario(
        name="cancelled_scheduled",
        steps=[submit(delay=HOUR), cancel, drain],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
    ),
    Scenario(
        name="cancelled_between",
        steps=[submit("fail:1"), drain, cancel, wait(seconds=30), drain],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
    ),
    Scenario(
        name="cancelled_running",
        steps=[submit("obey"), drain],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
    ),
    Scenario(name="cancelled_lost", steps=[submit("doomed"), drain], ends=frozenset({S.CANCELLED, S.DEAD})),
    Scenario(
        name="cancelled_failing",
        steps=[submit("unheeding"), drain],
        ends=frozenset({S.CANCELLED, S.DEAD}),
    ),
    Scenario(name="doubled", steps=[submit("crowd"), drain]),
    Scenario(name="talking", steps=[submit("talk"), drain]),
    Scenario(
        name="redriven",
        steps=[submit("always:2", max_attempts=1), drain, quiet, redrive, drain],
        ends=frozenset({S.DEAD, S.SUCCEEDED}),
    ),
    Scenario(
        name="expired_queued",
        steps=[submit(expires=timedelta(minutes=5)), lose, wait(minutes=6), tick],
        ends=frozenset({S.EXPIRED, S.SUCCEEDED}),
    ),
    Scenario(
        name="expired_scheduled",
        steps=[submit(delay=HOUR, expires=2 * HOUR), wait(hours=3), tick],
        ends=frozenset({S.EXPIRED, S.SUCCEEDED}),
    ),
    Scenario(
        name="expired_claimed",
        steps=[submit(expires=timedelta(minutes=5)), wait(minutes=6), drain],
        ends=frozenset({S.EXPIRED, S.SUCCEEDED}),
    ),
    Scenario(name="lost", steps=[submit(), lose, wait(minutes=4), tick, drain]),
    Scenario(name="reclaimed", steps=[submit("kill:1"), drain]),
    Scenario(
        name="worker_lost",
        steps=[submit("kill:9", task="chained", max_attempts=1), drain, lose],
        ends=frozenset({S.DEAD, S.SUCCEEDED}),
    ),
    Scenario(name="large_item", steps=[submit("large:1000", task="chained", pad=1000), drain]),
    Scenario(name="large_object", steps=[submit("large:9000", pad=9000), drain]),
    Scenario(name="dead_letter", steps=[submit(), throttled, drain, tick, drain]),
    Scenario(name="late_dead_letter", steps=[submit(), drain, dead_letter, drain]),
    Scenario(name="rated", steps=[submit(task="rated", times=3), drain, quiet]),
    Scenario(
        name="unique",
        steps=[submit(task="sole"), submit(task="sole", key="k"), drain, submit(task="sole"), drain],
    ),
    Scenario(name="slots", steps=[submit("another", task="single"), drain, quiet]),
    Scenario(name="ordered", steps=[submit(task="lined", times=2), drain, quiet]),
    Scenario(name="slot_lost", steps=[submit("kill:1", task="single"), submit(task="single"), drain, quiet]),
    Scenario(
        name="debounced",
        steps=[
            submit(task="quieted", key="a"),
            submit(task="quieted", pad=1, key="b"),
            wait(seconds=30),
            drain,
        ],
    ),
    Scenario(name="throttled", steps=[submit(task="choked", key="a"), submit(task="choked", key="b"), drain]),
    Scenario(name="long", steps=[submit("parts:5", task="lengthy"), drain]),
    Scenario(name="steps", steps=[submit("steps:2", task="lengthy"), drain, quiet]),
    Scenario(name="planned", steps=[plan("make"), quiet]),
    Scenario(
        name="planned_no_more",
        steps=[plan("make"), tick, plan("delete"), quiet],
        ends=frozenset({S.CANCELLED, S.SUCCEEDED}),
    ),
    Scenario(
        name="counted",
        steps=[
            count,
            submit("fail:1"),
            drain,
            submit(times=2),
            wait(seconds=30),
            drain,
            wait(minutes=3),
            tick,
        ],
    ),
    Scenario(name="told", steps=[register, submit_told, drain, quiet]),
    *WORKFLOWS,
    *SEALED,
    *BOUNDED,
    Scenario(name="rubbish", steps=[submit(), lose, rubbish, drain]),
)

BY_NAME: Mapping[str, Scenario] = {one.name: one for one in SCENARIOS}
