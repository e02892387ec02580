"""Unique: while one job of a key is there, another one is not made, whoever asks, whoever dies, however often."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import (
    InvalidInput,
    KeyReused,
    NewerRow,
    NotUnique,
    TaskMisdeclared,
    Unavailable,
)
from chalicelib.domain.flow import Debounce, Ordered, Rate, Throttle, Unique
from chalicelib.domain.job import KEY_LIFE, Job, State
from chalicelib.pipeline.asked import Made
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.pointer import ROUNDS
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import ANSWERS, Submission
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import DAY, HOUR, MINUTE, SECOND
from tests.support.stage import Stage

EXISTING, REFUSE = Unique(key=("x",)), Unique(key=("x",), on_conflict="refuse")


def asked(stage, *xs, task="work", **how):
    """What each of these requests, sent in one batch, came to."""
    wanted = [JobRequest(task=task, args={"x": x}, how=Submission(**how)) for x in xs]
    return submit(wanted, parts=stage.parts)


def ask(stage, x=1, **how):
    """What one request came to. Raises what kept it out."""
    (answer,) = asked(stage, x, **how)
    if isinstance(answer, Exception):
        raise answer
    return answer


def live(stage) -> list[Job]:
    """The jobs that are not over."""
    return [row for row in stage.store.rows.values() if row.forget is None]


def test_a_second_request_is_answered_with_the_job_that_is_there(stage):
    stage.works(unique=EXISTING)
    first, again, other = ask(stage), ask(stage), ask(stage, 2)
    assert (first.made, again.made, other.made) == (Made.NEW, Made.EXISTING, Made.NEW)
    assert again.job == first.job != other.job
    drain(stage.parts)
    assert stage.runs() == 2


def test_a_task_that_refuses_names_the_job_that_is_there_and_leaves_nothing(stage):
    stage.works(unique=REFUSE)
    first = ask(stage).job
    with pytest.raises(NotUnique, match=first.id) as refused:
        ask(stage)
    assert refused.value.job_id == first.id
    assert list(stage.store.rows) == [first.id]
    assert stage.messages == 1


@pytest.mark.parametrize("how", ["success", "death", "cancel"])
def test_once_it_has_ended_the_next_one_is_made(stage, how):
    if how == "death":
        stage.fails(unique=EXISTING, max_attempts=1)
    else:
        stage.works(unique=EXISTING)
    first = ask(stage).job
    if how == "cancel":
        cancel(first.id, tenant="default", parts=stage.parts)
    else:
        drain(stage.parts)
    assert ask(stage).job.id != first.id


def test_until_ended_holds_while_it_waits_runs_and_retries(stage):
    stage.fails(times=1, unique=EXISTING)
    first = ask(stage, delay=HOUR).job
    assert ask(stage).job.id == first.id
    stage.advance(hours=1)
    tick(stage.parts)
    drain(stage.parts)
    assert stage.row(first).state is State.RETRYING
    assert ask(stage).job.id == first.id


def test_until_started_lets_the_next_one_in_as_soon_as_an_attempt_has_it(stage):
    stage.works(unique=replace(EXISTING, until="started"))
    first = ask(stage).job
    assert ask(stage).made is Made.EXISTING
    stage.claim(first)
    second = ask(stage)
    assert second.made is Made.NEW
    assert ask(stage).job == second.job


def test_for_a_period_it_holds_whatever_becomes_of_the_job(stage):
    stage.works(unique=replace(EXISTING, until=HOUR), keep=SECOND)
    first = ask(stage).job
    drain(stage.parts)
    stage.advance(minutes=59, seconds=59)
    there = ask(stage)
    assert (there.job.id, there.job.state, there.made) == (first.id, State.SUCCEEDED, Made.EXISTING)
    stage.advance(seconds=1)
    assert ask(stage).made is Made.NEW


def test_an_argument_left_out_is_its_default_and_other_arguments_make_no_difference(stage):
    def work(x: float = 1.0, note: str = "") -> None: ...

    stage.task(work, unique=EXISTING)
    requests = [{}, {"x": 1}, {"x": 1.0, "note": "n"}, {"x": 2}]
    answers = submit([JobRequest(task="work", args=args) for args in requests], parts=stage.parts)
    assert len({answer.job.id for answer in answers}) == 2
    assert [answer.made for answer in answers] == [Made.NEW, Made.EXISTING, Made.EXISTING, Made.NEW]


def test_without_a_key_all_jobs_of_the_task_are_alike(stage):
    stage.works(unique=Unique())
    stage.works("other", unique=Unique())
    assert ask(stage, 1).job == ask(stage, 2).job
    assert ask(stage, 1, task="other").made is Made.NEW


def test_tasks_may_share_a_name_and_so_their_jobs(stage):
    stage.works(unique=Unique(name="import"))
    stage.works("other", unique=Unique(name="import"))
    assert ask(stage).job == ask(stage, task="other").job


def test_keys_never_reach_across_tenants(stage):
    stage.works(unique=EXISTING)
    assert ask(stage, tenant="ann").job.id != ask(stage, tenant="bob").job.id


def test_a_hundred_at_once_are_one_job(stage):
    stage.works(unique=EXISTING)
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: ask(stage), range(100)))
    assert len({answer.job.id for answer in answers}) == len(stage.store.rows) == 1
    drain(stage.parts)
    assert stage.runs() == 1


def test_of_a_hundred_at_once_that_may_be_refused_one_is_accepted(stage):
    stage.works(unique=REFUSE)

    def one(_):
        return asked(stage, 1)[0]

    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(one, range(100)))
    refused = [answer for answer in answers if isinstance(answer, NotUnique)]
    assert len(refused) == 99
    assert len(stage.store.rows) == 1


def test_within_one_batch_the_first_is_made_and_the_others_are_told_of_it(stage):
    stage.works(unique=EXISTING)
    a, b, c, a2 = asked(stage, 1, 2, 3, 1)
    assert a2.job == a.job
    assert [one.made for one in (a, b, c, a2)] == [Made.NEW] * 3 + [Made.EXISTING]
    assert len(stage.store.rows) == stage.messages == 3


def test_within_one_batch_a_task_that_refuses_refuses_the_second(stage):
    stage.works(unique=REFUSE)
    first, second = asked(stage, 1, 1)
    assert isinstance(second, NotUnique)
    assert second.job_id == first.job.id


# --- idempotency keys


@pytest.mark.parametrize("policy", [EXISTING, REFUSE])
def test_the_same_key_is_the_same_answer_for_ever_after(stage, policy):
    stage.works(unique=policy, keep=SECOND)
    first = ask(stage, key="k")
    assert ask(stage, key="k") == first
    drain(stage.parts)
    later = ask(stage).job
    assert later.id != first.job.id
    again = ask(stage, key="k")
    assert (again.job.id, again.job.state, again.made) == (first.job.id, State.SUCCEEDED, Made.NEW)


def test_a_key_that_was_answered_with_the_job_that_was_there_stays_so_when_that_is_over(stage):
    # given a job that is hardly kept, and a keyed request that it answered
    stage.works(unique=EXISTING, keep=SECOND)
    first = ask(stage).job
    answered = ask(stage, key="k")
    assert (answered.job.id, answered.made) == (first.id, Made.EXISTING)
    # when it is over, and nearly forgotten
    drain(stage.parts)
    stage.advance(seconds=KEY_LIFE.total_seconds() - 1)
    # then the key still stands for it
    again = ask(stage, key="k")
    assert (again.job.id, again.made) == (first.id, Made.EXISTING)
    assert stage.row(first).forget >= stage.world.now() + HOUR
    assert len(stage.store.rows) == 1


def test_a_key_whose_request_was_refused_is_free(stage):
    stage.works(unique=REFUSE)
    ask(stage)
    with pytest.raises(NotUnique):
        ask(stage, key="k")
    assert not stage.parts.keys.claims
    drain(stage.parts)
    assert ask(stage, key="k").made is Made.NEW


def test_another_request_by_the_same_key_is_refused(stage):
    stage.works(unique=EXISTING)
    ask(stage, 1, key="k")
    with pytest.raises(KeyReused):
        ask(stage, 2, key="k")
    assert len(stage.store.rows) == 1


@pytest.mark.parametrize("policy", [EXISTING, REFUSE])
def test_a_hundred_with_one_key_get_one_answer(stage, policy):
    stage.works(unique=policy)
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: ask(stage, key="k"), range(100)))
    assert {answer.job.id for answer in answers} == set(stage.store.rows)
    assert len(stage.store.rows) == 1


# --- what goes wrong


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("policy", [EXISTING, REFUSE])
@pytest.mark.parametrize("how", How)
def test_whatever_goes_wrong_at_any_call_there_is_one_job_and_no_key_is_wedged(how, policy, key):
    sprung = []
    for at in range(1, 30):
        stage = Stage(seed=at)
        stage.works(unique=policy)
        whole, trap = stage.parts, Trap(how=how, at=at)
        # given a request in which that call goes wrong
        stage.parts = trapped(whole, trap)
        try:
            answered = asked(stage, 1, key=key)[0]
        except Crash:
            answered = None
        stage.parts = whole
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
        # when it comes again, a minute later
        stage.advance(minutes=1)
        again = asked(stage, 1, key=key)[0]
        # then there is one job, and it answers, or refuses whoever comes without a key
        assert len(live(stage)) == 1, f"{how} at {trap.sprung}"
        (job,) = live(stage)
        if isinstance(again, NotUnique):
            assert key is None
            assert again.job_id == job.id
        else:
            assert again.job.id == job.id
        if answered is not None and not isinstance(answered, Exception):
            assert answered.job.id == job.id
        # and once that has ended, the next one is made
        run_until_quiet(stage.parts)
        assert stage.runs() == 1
        assert ask(stage).made is Made.NEW
    else:
        pytest.fail("still sprung")
    assert {"items.write", "store.create", "queue.send"} <= set(sprung)
    assert ("keys.hold" in sprung) == (key is not None)


def test_a_pointer_whose_job_was_never_put_holds_a_refusal_for_a_minute_only(stage):
    # given a door that died between the pointer and the row
    stage.works(unique=REFUSE)
    whole = stage.parts
    stage.parts = trapped(whole, Trap(how=How.CRASH_AFTER, at=1, only=lambda name: name == "items.write"))
    with pytest.raises(Crash):
        ask(stage)
    stage.parts = whole
    with pytest.raises(NotUnique) as refused:
        ask(stage)
    # when a minute has passed, then the next one's job is the one that was pointed to, and runs
    stage.advance(minutes=1)
    job = ask(stage).job
    assert job.id == refused.value.job_id
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_job_that_was_pointed_to_long_ago_runs_though_its_message_is_lost(stage):
    # given a pointer without a row, whose time the sweep has passed
    stage.works(unique=EXISTING)
    whole = stage.parts
    stage.parts = trapped(whole, Trap(how=How.CRASH_AFTER, at=1, only=lambda name: name == "items.write"))
    with pytest.raises(Crash):
        ask(stage)
    stage.parts = whole
    stage.advance(hours=20)
    tick(stage.parts)
    # when somebody puts that job, then the tick has it in sight
    job = ask(stage).job
    stage.lose_messages()
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_row_that_is_found_stranded_is_put_into_the_ticks_sight(stage):
    # given a row that was put long after its id, by somebody who died right after it
    stage.works(unique=EXISTING)
    job = ask(stage).job
    stage.advance(hours=1)
    tick(stage.parts)
    stage.store.rows[job.id] = replace(stage.row(job), attention=None, attention_at=None)
    stage.lose_messages()
    # when it answers a request
    assert ask(stage).job.next_check is not None
    # then it runs
    run_until_quiet(stage.parts)
    assert stage.runs() == 1


def test_a_pointer_to_a_job_that_was_forgotten_is_replaced(stage):
    stage.works(unique=EXISTING)
    first = ask(stage).job
    del stage.store.rows[first.id]
    stage.advance(seconds=ANSWERS.total_seconds())
    assert ask(stage).job.id != first.id


def test_a_late_put_of_a_request_that_was_given_up_makes_no_second_job(stage):
    # given a request that stands still between pointer and row, while the job that it pointed to is put by another, runs and ends
    stage.works(unique=EXISTING)
    create, late = stage.store.create, []

    def stands_still(job):
        stage.store.create = create
        late.append(ask(stage).job)
        drain(stage.parts)
        late.append(ask(stage).job)
        return create(job)

    stage.store.create = stands_still
    # when it goes on, then it finds that job, and the one of a third request is the only live one
    found = ask(stage)
    assert found.job.id == late[0].id != late[1].id
    assert [row.id for row in live(stage)] == [late[1].id]


def test_two_who_find_the_same_ended_job_make_one(stage):
    stage.works(unique=EXISTING)
    ask(stage)
    drain(stage.parts)
    write, between = stage.parts.items.write, []

    def beaten(spot, edit):
        stage.parts.items.write = write
        answer = write(spot, edit)  # refused: the ended job is named
        between.append(ask(stage).job)
        return answer

    stage.parts.items.write = beaten
    assert ask(stage).job == between[0]
    assert len(live(stage)) == 1


def test_a_pointer_that_is_deleted_under_ones_hands_is_written_anew(stage):
    stage.works(unique=EXISTING)
    ask(stage)
    drain(stage.parts)
    read = stage.store.read

    def deleted(job_id):
        stage.parts.items.shelves.clear()
        return read(job_id)

    stage.store.read = deleted
    assert ask(stage).made is Made.NEW


def test_a_pointer_that_never_comes_to_rest_is_a_reason_to_ask_again(stage):
    stage.works(unique=EXISTING)
    ask(stage)
    read = stage.store.read
    tries = []

    def ever_another(job_id):
        tries.append(job_id)
        other = stage.world.job_id()
        spot = next(iter(stage.parts.items.shelves))
        stage.parts.items.write(spot, Edit(set={"job": other}))
        return replace(read(ask_id), id=job_id, state=State.SUCCEEDED, ready=None)

    (ask_id,) = stage.store.rows
    stage.store.read = ever_another
    with pytest.raises(Unavailable, match="changed 20 times"):
        ask(stage)
    assert len(tries) == ROUNDS


def test_a_pointer_that_this_code_cannot_read_is_left_alone(stage):
    stage.works(unique=Unique())
    stage.parts.items.write(Spot("unique#default", "work"), Edit(set={"job": "of a later version"}))
    with pytest.raises(NewerRow):
        ask(stage)


def test_a_dead_job_that_is_redriven_is_held_back_by_nobody(stage):
    stage.fails(times=1, max_attempts=1, unique=EXISTING)
    first = ask(stage).job
    drain(stage.parts)
    second = ask(stage).job
    redrive(first.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert {stage.row(job).state for job in (first, second)} == {State.SUCCEEDED}


def test_a_value_that_cannot_be_part_of_a_key_is_refused_by_its_name(stage):
    stage.works(unique=EXISTING)
    with pytest.raises(InvalidInput) as refused:
        ask(stage, [1])
    assert refused.value.argument == "args.x"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"unique": Unique(key=("y",))}, "unique key names 'y'"),
        ({"unique": Unique(until="later")}, "until='later'"),
        ({"unique": Unique(until=timedelta(0))}, "until="),
        ({"unique": Unique(until=31 * DAY)}, "until="),
        ({"unique": Unique(on_conflict="wait")}, "on_conflict='wait'"),
        ({"unique": Unique(), "throttle": Throttle(1, MINUTE)}, "unique and throttle exclude each other"),
        ({"unique": Unique(), "debounce": Debounce(MINUTE)}, "unique and debounce exclude each other"),
        ({"unique": Unique(key="x")}, "unique key: give a tuple"),
        ({"debounce": Debounce(MINUTE), "rate": Rate(1, MINUTE, key=("x",))}, "debounce key has to name"),
        ({"debounce": Debounce(MINUTE), "ordered": Ordered()}, "debounce and ordered exclude"),
        ({"debounce": Debounce(timedelta(0))}, "wait="),
        ({"debounce": Debounce(15 * MINUTE + SECOND)}, "wait="),
        ({"debounce": Debounce(MINUTE, most=SECOND)}, "most="),
        ({"debounce": Debounce(MINUTE, most=8 * DAY)}, "most="),
        ({"debounce": Debounce(MINUTE), "expires": HOUR}, "most that is less than expires"),
        ({"debounce": Debounce(MINUTE, most=HOUR), "expires": HOUR}, "most that is less than expires"),
        ({"debounce": Debounce(MINUTE, key=("y",))}, "debounce key names 'y'"),
        ({"throttle": Throttle(0, MINUTE)}, "limit=0"),
        ({"throttle": Throttle(101, MINUTE)}, "limit=101"),
        ({"throttle": Throttle(1, timedelta(0))}, "per="),
        ({"throttle": Throttle(1, 31 * DAY)}, "per="),
        ({"throttle": Throttle(1, MINUTE, key=("y",))}, "throttle key names 'y'"),
    ],
    ids=str,
)
def test_what_cannot_be_kept_is_refused_when_it_is_declared(stage, options, why):
    with pytest.raises(TaskMisdeclared, match=why):
        stage.works(**options)
