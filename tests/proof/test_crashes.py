"""A sample of the crash points; `python -m proof.crashes --minutes 5 --processes 2` tries them all, and as many pairs as fit."""

import os
import subprocess
import sys
from random import Random

import pytest

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.direct.calls import DIRECT
from proof.crashes.account import account
from proof.crashes.faults import Fault
from proof.crashes.many import RARE, pairs, singles
from proof.crashes.mutants import ALL
from proof.crashes.plan import Plan, read_plan
from proof.crashes.run import run
from proof.crashes.scenarios import BY_NAME, SCENARIOS
from proof.crashes.trial import Court
from proof.crashes.watch import ARROWS

MUTANT = {one.name: one for one in ALL}


@pytest.fixture(scope="module")
def found():
    with account() as one:
        yield one


@pytest.fixture(scope="module")
def court(found):
    return Court(found)


def violations(plans, found, court):
    runs = [run(plan, found, calm=court.calm[plan.scenario]) for plan in plans]
    return [f"{one.plan}: {one.violation}" for one in runs if one.violation]


def test_no_scenario_breaks_an_invariant_when_nothing_goes_wrong(court):
    assert {name: calm.violation for name, calm in court.calm.items() if calm.violation} == {}


def test_the_scenarios_take_every_arrow_of_the_lifecycle(court):
    taken = frozenset().union(*(calm.transitions for calm in court.calm.values()))
    assert taken == ARROWS


@pytest.mark.parametrize("scenario", ["retry", "keyed"])
def test_no_single_fault_at_any_call_breaks_an_invariant(scenario, found, court):
    plans = singles(court.calm[scenario])
    assert {fault for plan in plans for _, fault in plan.strikes} == set(Fault) - {Fault.STALE}
    assert violations(plans, found, court) == []


@pytest.mark.parametrize("scenario", ["chain", "reclaimed", "large_object"])
def test_a_sample_of_pairs_breaks_no_invariant(scenario, found, court):
    chance = Random(scenario)
    firsts = [
        run(plan, found, calm=court.calm[scenario])
        for plan in chance.sample(singles(court.calm[scenario]), 12)
    ]
    seconds = [plan for first in firsts for plan in chance.sample(pairs(first), min(4, len(pairs(first))))]
    assert len(seconds) > 20
    assert violations(seconds, found, court) == []


def test_every_accepted_job_is_counted_at_its_end(found):
    ledger = run(read_plan("death 9:crash_after"), found).ledger
    assert (ledger["accepted"], ledger["dead"], ledger["succeeded"]) == (2, 1, 1)
    assert ledger["lost"] == ledger["recorded_twice"] == 0


@pytest.mark.parametrize("text", ["talking 6:stalled", "worker_lost 5:later 9:lost", "batch 5:partial"])
def test_the_same_plan_gives_the_same_trace(text, found):
    plan = read_plan(text)
    once, again = run(plan, found, traced=True), run(plan, found, traced=True)
    assert once.trace == again.trace
    assert len(once.trace) > 10


def test_the_command_replays_a_plan_with_the_same_trace_in_another_process(found):
    plan = read_plan("reclaimed 9:late 21:crash_after")
    trace = run(plan, found, traced=True).trace
    said = subprocess.run(
        [sys.executable, "-m", "proof.crashes", "--plan", str(plan)],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.splitlines()[:-1] == trace
    assert "lands" in said
    assert "crash_after" in said


@pytest.mark.parametrize(
    "text", ["plain", "large_item", "large_object", "keyed 2:lost", "lost 9:error", "chain 5:resent"]
)
def test_the_short_way_to_moto_answers_as_the_long_way_through_botocore(text, found):
    # given a plan that was played by the short way, moto's answers remembered
    plan = read_plan(text)
    short = run(plan, found, traced=True)
    # when every call goes through botocore's wire, and nothing is remembered
    found.short = found.memory.on = False
    try:
        long = run(plan, found, traced=True)
    finally:
        found.short = found.memory.on = True
    # then nobody could tell
    assert long.trace == short.trace
    assert long.violation is None


@pytest.fixture
def direct(found):
    """The account, its calls made directly on the long way; and the answers that were read directly."""
    answers, kept = [], found.clients
    found.clients, found.short, found.memory.on = Clients(direct=True), False, False
    for operation in DIRECT["dynamodb"]:
        found.clients.dynamodb.meta.events.register_first(
            f"before-send.dynamodb.{operation}",
            lambda request, **_: answers.append("user-agent" not in request.headers),
        )
    try:
        yield found, answers
    finally:
        found.clients, found.short, found.memory.on = kept, True, True


@pytest.mark.parametrize("text", ["plain", "keyed 2:lost", "lost 9:error", "chain 5:resent"])
def test_direct_calls_answer_as_botocores_do(text, direct):
    account, answers = direct
    plan = read_plan(text)
    # given a plan that was played by direct calls
    directly = run(plan, account, traced=True)
    assert answers
    assert all(answers)
    # when it is played by the short way
    account.short = account.memory.on = True
    short = run(plan, account, traced=True)
    # then nobody could tell
    assert directly.trace == short.trace
    assert directly.violation is None


def test_no_fault_at_any_direct_call_of_a_plain_job_breaks_an_invariant(court, direct):
    account, answers = direct
    plans = singles(court.calm["plain"])
    assert len(plans) > 30
    some = plans[::2]
    assert violations(some, account, court) == []
    assert len(answers) > 2 * len(some)
    assert all(answers)


@pytest.mark.parametrize("text", RARE)
def test_a_rare_fault_happens_where_it_is_said_to(text, found):
    assert run(read_plan(text), found).hits[RARE[text]]


def test_a_plan_reads_as_it_is_written():
    plan = Plan(scenario="plain").then(3, Fault.LOST).then(7, Fault.CRASH_AFTER)
    assert read_plan(str(plan)) == plan
    assert "plain 3:lost 7:crash_after" in plan.command


@pytest.mark.slow
@pytest.mark.long  # `make sample` runs the same, and the report asks of its counts
def test_a_bounded_run_counts_what_it_tried_and_what_there_is():
    said = subprocess.run(
        [sys.executable, "-c", BOUNDED], capture_output=True, text=True, check=True, timeout=280
    ).stdout
    plans, singles_tried, pairs_tried, there, failed, lost = map(int, said.split())
    assert 30 <= plans == singles_tried + pairs_tried < 60
    assert there > 2000
    assert failed == lost == 0


BOUNDED = """
from proof.crashes.many import many
total = many(plans=30)
print(total.plans, total.singles, total.pairs, total.singles_there, len(total.failed), total.ledger["lost"])
"""


@pytest.mark.parametrize(
    "name", ["no_fence", "update_without_condition", "failed_entries_ignored", "inconsistent_reads"]
)
def test_a_mutant_is_caught_by_one_fault_at_most(name, court):
    verdict = court.tried(MUTANT[name])
    assert verdict.right, verdict
    assert len(read_plan(verdict.plan).strikes) <= 1


@pytest.mark.slow
@pytest.mark.long  # `make sample` strikes as many at random, in all scenarios
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", [one.name for one in SCENARIOS])
def test_no_single_fault_of_every_fortieth_anywhere_breaks_an_invariant(scenario, found, court):
    # From another one on in each scenario; `make proof` tries them all.
    every = singles(court.calm[scenario])
    plans = every[list(BY_NAME).index(scenario) % 40 :: 40] or every[-1:]
    assert plans
    assert violations(plans, found, court) == []
