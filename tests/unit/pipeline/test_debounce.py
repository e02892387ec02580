"""Debounce: of many requests that follow each other closely one job runs, with the last one's arguments, when it has been quiet."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.queue import Unkindness
from chalicelib.domain.errors import InvalidInput, KeyReused, Unavailable
from chalicelib.domain.flow import Debounce
from chalicelib.domain.job import Inline, Job, State
from chalicelib.pipeline.asked import Made
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.debounce import HISTORY_KEPT
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.ports import Refused
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import Submission
from tests.support.drive import drain, replay, run_until_quiet, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import HOUR, MINUTE, SECOND
from tests.support.stage import Stage

WAIT = 10 * SECOND


def debounced(stage, **policy):
    """A task that notes what it was given."""
    stage.given = []

    def work(x: int = 0, note: str = "") -> None:
        stage.given.append((x, note))

    stage.task(work, debounce=Debounce(WAIT, **{"key": ("x",), **policy}))


def asked(stage, *notes, x=1, **how):
    """What each of these requests, sent in one batch, came to."""
    wanted = [JobRequest(task="work", args={"x": x, "note": note}, how=Submission(**how)) for note in notes]
    return submit(wanted, parts=stage.parts)


def ask(stage, note, **how):
    """What one request came to. Raises what kept it out."""
    (answer,) = asked(stage, note, **how)
    if isinstance(answer, Exception):
        raise answer
    return answer


def said(job: Job) -> str:
    """What a row's arguments say."""
    assert isinstance(job.args, Inline)
    return json.loads(job.args.json)["note"]


def test_the_last_ones_arguments_run_once_it_has_been_quiet(stage):
    debounced(stage)
    start = stage.world.now()
    answers = []
    for note in "abc":
        answers.append(ask(stage, note))
        stage.advance(seconds=6)
    assert [one.made for one in answers] == [Made.NEW, Made.REPLACED, Made.REPLACED]
    assert len({one.job.id for one in answers}) == 1
    assert [one.job.due for one in answers] == [start + WAIT + n * 6 * SECOND for n in range(3)]
    # the messages of the first two requests come, and are void
    drain(stage.parts)
    assert stage.given == []
    stage.advance(seconds=4)
    drain(stage.parts)
    assert stage.given == [(1, "c")]
    run_until_quiet(stage.parts)
    replay(stage.parts)
    assert stage.given == [(1, "c")]


def test_no_later_than_the_most_after_the_first(stage):
    debounced(stage, most=15 * SECOND)
    start = stage.world.now()
    for note in "abcd":
        due = ask(stage, note).job.due
        stage.advance(seconds=4)
    assert due == start + 15 * SECOND
    drain(stage.parts)
    assert stage.given == [(1, "d")]


def test_a_job_that_is_overdue_still_takes_the_last_arguments_and_starts_at_once(stage):
    debounced(stage, most=WAIT)
    ask(stage, "a")
    stage.advance(seconds=30)  # a busy lane
    ask(stage, "b")
    drain(stage.parts)
    assert stage.given == [(1, "b")]


def test_other_keys_and_other_tenants_wait_for_themselves(stage):
    debounced(stage)
    ids = {ask(stage, "a", x=x, tenant=tenant).job.id for x in (1, 2) for tenant in ("ann", "bob")}
    assert len(ids) == 4


def test_once_an_attempt_has_it_the_next_request_begins_another_job(stage):
    debounced(stage)
    first = ask(stage, "a").job
    stage.advance(seconds=10)
    stage.claim(first)
    second = ask(stage, "b")
    assert second.made is Made.NEW
    assert ask(stage, "c").job.id == second.job.id != first.id


@pytest.mark.parametrize("how", ["cancelled", "retried", "dead and redriven", "given back"])
def test_a_job_that_has_a_life_behind_it_keeps_its_arguments(stage, how):
    debounced(stage)
    first = ask(stage, "a", max_attempts=1 if how == "dead and redriven" else 2).job
    if how == "cancelled":
        cancel(first.id, tenant="default", parts=stage.parts)
    else:
        _now_fails(stage)
        stage.advance(seconds=10)
        drain(stage.parts)
    if how == "dead and redriven":
        redrive(first.id, tenant="default", parts=stage.parts)
    if how == "given back":
        row = stage.row(first)
        entry = replace(row.history[-1], event="requeued")
        stage.store.rows[first.id] = replace(
            first, epoch=1, ready=1, history=(replace(entry, event="claimed"), entry)
        )
    assert ask(stage, "b").job.id != first.id
    assert said(stage.row(first)) == "a"


def _now_fails(stage):
    """The task's code has changed, and is wrong."""

    def work(x: int = 0, note: str = "") -> None:
        raise ValueError(note)

    stage.registry.tasks.pop("work")
    stage.task(work, debounce=Debounce(WAIT, key=("x",)))


def test_within_one_batch_the_last_one_wins(stage):
    debounced(stage)
    answers = asked(stage, *"abcde")
    assert {answer.job.id for answer in answers} == set(stage.store.rows)
    stage.advance(seconds=10)
    drain(stage.parts)
    assert stage.given == [(1, "e")]


def test_a_hundred_at_once_are_one_job_whose_arguments_are_one_of_theirs(stage):
    debounced(stage)
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda note: asked(stage, str(note))[0], range(100)))
    told = [answer for answer in answers if not isinstance(answer, Unavailable)]
    assert {answer.job.id for answer in told} == set(stage.store.rows)
    assert len(stage.store.rows) == 1
    stage.advance(seconds=10)
    drain(stage.parts)
    assert len(stage.given) == 1


def test_an_epoch_grows_with_each_replacement_and_the_history_stays_small(stage):
    debounced(stage)
    job = [ask(stage, str(number)).job for number in range(20)][-1]
    assert (job.epoch, job.ready) == (19, 19)
    assert len(job.history) == HISTORY_KEPT + 1
    assert job.history[-1].event == "replaced"


def test_large_arguments_are_replaced_too(stage):
    debounced(stage)
    ask(stage, "a" * 2000)
    ask(stage, "b" * 2000)
    run_until_quiet(stage.parts)
    assert stage.given == [(1, "b" * 2000)]


def test_a_message_that_is_lost_costs_a_delay_only(stage):
    debounced(stage)
    ask(stage, "a")
    stage.queue._unkindness = Unkindness(refuses=1.0)
    ask(stage, "b")
    stage.queue._unkindness = Unkindness()
    stage.lose_messages()
    run_until_quiet(stage.parts)
    assert stage.given == [(1, "b")]


def test_a_job_that_is_put_off_again_and_again_stays_in_the_ticks_sight(stage):
    # given requests that come for longer than the sweep waits
    debounced(stage)
    for number in range(60):
        job = ask(stage, str(number)).job
        stage.advance(seconds=9)
        tick(stage.parts)
        drain(stage.parts)
    assert stage.given == []
    assert job.next_check is not None
    # when all messages are lost
    stage.lose_messages()
    run_until_quiet(stage.parts)
    assert stage.given == [(1, "59")]


# --- idempotency keys


def test_the_same_key_puts_nothing_off_and_replaces_nothing(stage):
    debounced(stage)
    first = ask(stage, "a", key="k")
    second = ask(stage, "b")
    stage.advance(seconds=5)
    again = ask(stage, "a", key="k")
    assert (again.job, again.made) == (second.job, Made.NEW)
    assert again.job.id == first.job.id
    stage.advance(seconds=5)
    drain(stage.parts)
    assert stage.given == [(1, "b")]
    assert ask(stage, "a", key="k").job.state is State.SUCCEEDED


def test_a_key_that_replaced_stands_for_the_job_whose_arguments_it_gave(stage):
    debounced(stage)
    first = ask(stage, "a")
    second = ask(stage, "b", key="k")
    run_until_quiet(stage.parts)
    again = ask(stage, "b", key="k")
    assert (again.job.id, again.made) == (first.job.id, Made.REPLACED)
    assert second.job.id == first.job.id
    with pytest.raises(KeyReused):
        ask(stage, "c", key="k")
    assert stage.given == [(1, "b")]


@pytest.mark.parametrize(
    ("how", "argument"),
    [
        ({"delay": MINUTE}, "delay"),
        ({"at": "soon"}, "at"),
        ({"expires": HOUR}, "expires"),
    ],
    ids=str,
)
def test_a_request_that_says_itself_when_to_start_is_refused(stage, how, argument):
    debounced(stage, most=HOUR)
    if argument == "at":
        how = {"at": stage.world.now() + HOUR}
    with pytest.raises(InvalidInput) as refused:
        ask(stage, "a", **how)
    assert refused.value.argument == argument
    assert not stage.parts.items.shelves


# --- what goes wrong


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("how", How)
def test_whatever_goes_wrong_at_any_call_the_last_answered_request_runs_once(how, before, key):
    sprung = []
    for at in range(1, 30):
        stage = Stage(seed=at)
        debounced(stage)
        for _ in range(before):
            ask(stage, "before")
        # given a request in which that call goes wrong, and that is then made again
        whole, trap = stage.parts, Trap(how=how, at=at)
        stage.parts = trapped(whole, trap)
        try:
            answer = asked(stage, "mine", key=key)[0]
        except Crash:
            answer = None
        stage.parts = whole
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
        if answer is None or isinstance(answer, Exception):
            answer = ask(stage, "mine", key=key)
        # then one job runs, with its arguments
        run_until_quiet(stage.parts)
        assert stage.given == [(1, "mine")], f"{how} at {trap.sprung}"
        assert list(stage.store.rows) == [answer.job.id]
        replay(stage.parts)
        # and the next request makes the next one
        assert ask(stage, "next").made is Made.NEW
    else:
        pytest.fail("still sprung")
    assert {"items.read", "queue.send", "store.write" if before else "store.create"} <= set(sprung)


def test_a_job_that_was_pointed_to_and_never_put_is_put_by_whoever_comes_next(stage):
    debounced(stage)
    whole = stage.parts
    stage.parts = trapped(whole, Trap(how=How.CRASH_AFTER, at=1, only=lambda name: name == "items.write"))
    with pytest.raises(Crash):
        ask(stage, "a")
    (pointer,) = whole.items.shelves.values()
    stage.parts = whole
    assert ask(stage, "b").job.id == pointer.fields["job"]


@pytest.mark.parametrize("faster", ["put it", "put it and an attempt has it"])
def test_of_two_who_put_the_job_that_a_third_pointed_to_the_later_wins(stage, faster):
    # given a pointer without a row
    debounced(stage)
    stage.parts.items.write(*_pointer(stage))
    # when two find it, and the other one is faster
    create = stage.store.create

    def slow(job):
        stage.store.create = create
        other = ask(stage, "other").job
        if faster != "put it":
            stage.advance(seconds=10)
            stage.claim(other)
        return create(job)

    stage.store.create = slow
    mine = ask(stage, "mine")
    # then ours came later: its arguments are in that job, or in one of its own
    assert said(stage.row(mine.job)) == "mine"
    assert (len(stage.store.rows) == 1) == (faster == "put it")


def _pointer(stage):
    """What a door leaves that dies before the row."""
    from chalicelib.pipeline.items import Edit, Spot

    return Spot("debounce#default", "work:1"), Edit(set={"job": stage.world.job_id(), "mark": "x"})


def test_a_request_that_stood_still_while_others_replaced_it_came_first(stage):
    # given a request that stands still between its pointer and its row, while another one goes on with that
    debounced(stage)
    create = stage.store.create

    def slow(job):
        stage.store.create = create
        ask(stage, "other")
        return create(job)

    stage.store.create = slow
    mine = ask(stage, "mine")
    # then the other one came later, and its arguments run
    run_until_quiet(stage.parts)
    assert stage.given == [(1, "other")]
    assert list(stage.store.rows) == [mine.job.id]


def test_a_replacement_that_another_one_beats_is_made_again_on_top_of_it(stage):
    debounced(stage)
    first = ask(stage, "a").job
    write = stage.store.write

    def beaten(job_id, change):
        stage.store.write = write
        ask(stage, "other")
        return write(job_id, change)

    stage.store.write = beaten
    job = ask(stage, "mine").job
    assert (job.id, job.epoch, said(job)) == (first.id, 2, "mine")


def test_a_job_that_is_claimed_in_the_last_moment_is_left_to_the_attempt(stage):
    debounced(stage)
    first = ask(stage, "a").job
    write = stage.store.write

    def claimed(job_id, change):
        stage.store.write = write
        stage.claim(first)
        return write(job_id, change)

    stage.store.write = claimed
    stage.advance(seconds=10)
    second = ask(stage, "b").job
    assert second.id != first.id
    assert said(stage.row(first)) == "a"


def test_a_job_that_is_forgotten_in_the_last_moment_is_followed_by_another(stage):
    debounced(stage)
    first = ask(stage, "a").job
    stage.store.write = lambda *_: Refused(job=None)
    assert ask(stage, "b").job.id != first.id


def test_a_job_that_never_comes_to_rest_is_a_reason_to_ask_again(stage):
    debounced(stage)
    job = ask(stage, "a").job
    stage.store.write = lambda *_: Refused(job=replace(job, epoch=job.epoch + 1))
    with pytest.raises(Unavailable, match="changed 20 times"):
        ask(stage, "b")
