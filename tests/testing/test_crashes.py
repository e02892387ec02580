"""What `crash_every_point` catches, and what it lets pass."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib import current_job
from chalicelib.domain.errors import SoftTimeLimitExceeded
from chalicelib.domain.job import State
from chalicelib.pipeline import execute
from jobline.testing import Fault, NotQuiet, NotRepeatable, ScheduleFailed, crash_every_point

CRASHES = ("crash_before", "crash_after")


def caught(crash, *args, **options):
    """The schedule that fails, and the story of it."""
    with pytest.raises(ScheduleFailed) as failed:
        crash(*args, **options)
    return failed.value.schedule, str(failed.value)


# --------------------------------------------------------------------------------------------------------- what is caught


def test_a_charge_that_is_repeated_after_a_crash_is_caught(shop, once):
    # given a task that charges whenever it runs
    def charge(order: int):
        shop.bank.charge(order)

    # when it is killed at every point
    schedule, story = caught(shop.crash, shop.task(charge), (7,), invariant=once)
    # then the first crash that charges twice is named, and how it came to that
    assert schedule == "1:crash_after"
    lines = [line.strip() for line in story.splitlines()]
    assert "+0 s      attempt 1 of charge" in lines
    assert "1  Bank.charge  done, and the process was killed right after it" in lines
    assert "2  Bank.charge  done" in lines
    assert "SUCCEEDED after 2 attempts, and the invariant `charged_once` does not hold: " in story
    assert "[7, 7]" in story


def test_a_charge_that_is_lost_because_an_error_was_swallowed_is_caught(shop, once):
    def charge(order: int):
        try:
            shop.bank.charge(order, key=current_job().id)
        except ConnectionError:
            return "never mind"
        return "paid"

    schedule, story = caught(shop.crash, shop.task(charge), (7,), invariant=once)
    assert schedule == "1:refused"
    assert "1  Bank.charge  not done: the task saw an error, ConnectionError" in story
    assert 'returned "never mind"' in story


def test_a_task_that_trusts_an_error_to_mean_that_nothing_happened_is_caught(shop, once):
    def charge(order: int):
        try:
            shop.bank.charge(order, key=f"{current_job().id} first")
        except ConnectionError:
            shop.bank.charge(order, key=f"{current_job().id} again")

    assert caught(shop.crash, shop.task(charge), (7,), invariant=once)[0] == "1:lost"


def test_looking_before_charging_survives_every_crash_but_not_being_overtaken(shop, once):
    def charge(order: int):
        if not shop.bank.charged(order):
            shop.bank.charge(order)

    task = shop.task(charge)
    # given every fault but one, it holds
    assert shop.crash(task, (7,), invariant=once, faults=set(Fault) - {Fault.OVERTAKEN}).pairs > 0
    # but an attempt that stood still between the look and the charge charges for the second time
    schedule, story = caught(shop.crash, task, (7,), invariant=once)
    assert schedule == "2:overtaken"
    assert "stands still before effect 2, past its time limit" in story


def test_a_coroutine_and_a_child_process_are_stopped_so_nothing_overtakes_them(shop, once):
    async def charge(order: int):
        if not shop.bank.charged(order):
            await shop.bank.charge_slowly(order)

    def count(order: int):
        if not shop.bank.charged(order):
            shop.bank.charge(order)

    assert shop.crash(shop.task(charge), (7,), invariant=once).singles == 2 * 6
    assert shop.crash(shop.task(count, cpu=True), (7,), invariant=once).singles == 2 * 6


def test_two_faults_find_what_one_does_not(shop):
    # given a task that gives up for good, with a mail, when it has failed before and fails again
    def charge(order: int):
        for _ in range(2):
            try:
                return shop.bank.charge(order, key=current_job().id)
            except ConnectionError:
                continue
        return "gave up"

    task = shop.task(charge)
    invariant = lambda run: run.world.charges == [7]  # noqa: E731
    # when only one thing goes wrong, then it holds
    assert shop.crash(task, (7,), invariant=invariant, pairs=0).singles == 7
    # and when two do, it does not
    schedule, story = caught(shop.crash, task, (7,), invariant=invariant)
    assert schedule == "1:refused 2:refused"
    assert "the invariant does not hold: it returned False" in story


def test_a_job_submitted_twice_is_caught_and_one_with_a_key_is_not(shop):
    def send(order: int):
        shop.bank.mails.append(order)

    mail = shop.task(send)

    def order_plainly(order: int):
        mail.delay(order)

    def order_keyed(order: int):
        mail.submit((order,), key=f"mail-{order}")

    def mailed_once(run):
        assert run.world.mails == [7]

    schedule, story = caught(shop.crash, shop.task(order_plainly), (7,), invariant=mailed_once)
    assert schedule == "1:crash_after"
    assert "submit send" in story
    report = shop.crash(shop.task(order_keyed), (7,), invariant=mailed_once)
    assert report.effects == ("submit send",)


def test_what_fails_when_nothing_goes_wrong_says_so(shop):
    def charge(order: int):
        shop.bank.charge(order)

    schedule, story = caught(shop.crash, shop.task(charge), (7,), invariant=lambda run: run.world.charges[1])
    assert schedule == ""
    assert "charge, nothing goes wrong at all:" in story
    assert "does not hold: IndexError: list index out of range" in story


# ----------------------------------------------------------------------------------------------------------- what passes


def test_a_task_that_is_right_passes_and_it_is_said_how_much_was_tried(shop, once, capsys):
    def charge(order: int):
        shop.bank.charge(order, key=current_job().id)
        return "paid"

    # when everything is tried, with one fault and with two
    report = shop.crash(shop.task(charge), (7,), invariant=once, pairs=10_000)
    # then every fault that a thread can meet was, and every pair of them
    assert (report.singles, report.pairs) == (7, report.possible_pairs)
    assert report.schedules == 1 + report.singles + report.pairs > 40
    assert f"the invariant held in all {report.schedules} schedules" in capsys.readouterr().out
    # and with a bound only so many pairs are
    assert shop.crash(shop.tasks["charge"], (7,), invariant=once, pairs=5).pairs == 5


def test_the_invariant_is_told_what_became_of_the_job(shop):
    seen = []

    def charge(order: int):
        shop.bank.charge(order, key=current_job().id)
        return {"paid": order}

    def look(run):
        seen.append((run.schedule, run.state, run.attempts, run.result, run.effects, len(run.jobs)))

    shop.crash(shop.task(charge, max_attempts=1), {"order": 7}, invariant=look, faults=CRASHES, pairs=0)
    assert seen == [
        ("", State.SUCCEEDED, 1, {"paid": 7}, ("Bank.charge",), 1),
        ("1:crash_before", State.DEAD, 1, None, (), 1),
        ("1:crash_after", State.DEAD, 1, None, ("Bank.charge",), 1),
    ]


# ------------------------------------------------------------------------------------------------------ what a crash is


def test_nothing_that_a_dead_process_still_tries_happens(shop, once):
    # given a task that does its best to go on whatever happens
    def charge(order: int):
        try:
            if order in shop.bank.charges:
                return
            try:
                shop.bank.charge(order)
            except Exception:  # noqa: BLE001 - as people do
                shop.bank.charge(order)
        except BaseException:  # noqa: BLE001 - as nobody should
            shop.bank.charge(order)
        finally:
            if not shop.bank.mails:
                shop.bank.mail(order)

    # when it is killed, then neither of its handlers charges, and it does not end well either
    task = shop.task(charge)
    assert shop.crash(task, (7,), invariant=once, faults=CRASHES).singles == 4
    seen = []
    shop.crash(task, (7,), invariant=seen.append, schedule="1:crash_before")
    assert seen[0].attempts == 2
    assert seen[0].effects == ("Bank.charge", "Bank.mail")


def test_threads_of_a_dead_process_are_dead_too(shop):
    errors = []

    def charge(order: int):
        with ThreadPoolExecutor(1) as pool:
            errors.append(pool.submit(shop.bank.charge, order).exception())
            errors.append(pool.submit(shop.bank.mail, order).exception())

    def never_a_mail_alone(run):
        assert run.attempts == 2
        assert run.effects == ("Bank.charge", "Bank.charge", "Bank.mail")

    shop.crash(shop.task(charge), (7,), invariant=never_a_mail_alone, schedule="1:crash_after")
    # and die of something that every library minds
    assert [isinstance(error, Exception) for error in errors] == [True, True, False, False]


def test_a_reply_that_does_not_come_in_time_ends_the_attempt_at_its_limit(shop):
    def charge(order: int):
        shop.bank.charge(order)

    seen = []
    task = shop.task(charge, time_limit=timedelta(minutes=7), max_attempts=1)
    shop.crash(task, (7,), invariant=seen.append, schedule="1:timeout")
    assert (seen[0].state, seen[0].job.reason, seen[0].effects) == (
        State.DEAD,
        "timed_out",
        ("Bank.charge",),
    )
    claimed, died = seen[0].job.history
    assert died.at - claimed.at == timedelta(minutes=7)


def test_the_soft_limit_is_raised_inside_the_task(shop):
    def charge(order: int):
        try:
            shop.bank.charge(order)
        except SoftTimeLimitExceeded:
            shop.bank.mail(order)

    seen = []
    task = shop.task(charge, soft_time_limit=timedelta(seconds=20))
    shop.crash(task, (7,), invariant=seen.append, schedule="1:soft_timeout")
    assert seen[0].effects == ("Bank.charge", "Bank.mail")
    claimed, succeeded = seen[0].job.history
    assert succeeded.at - claimed.at == timedelta(seconds=20)
    # a task without such a limit never meets it
    assert shop.crash(shop.task(plain), invariant=bool, effects=[touch]).singles == 7


def touch():
    return None


def plain():
    touch()


def test_an_attempt_that_is_overtaken_goes_on_beside_the_next_and_is_fenced(shop):
    attempts = []

    def charge(order: int):
        shop.bank.charge(order)
        attempts.append(current_job().attempt)
        return current_job().attempt

    seen = []
    shop.crash(shop.task(charge), (7,), invariant=seen.append, schedule="1:overtaken")
    # then the second attempt ended first, its outcome stands, and both charged
    assert attempts == [2, 1]
    assert (seen[0].result, seen[0].attempts, seen[0].world.charges) == (2, 2, [7, 7])


def test_a_message_that_comes_once_more_starts_nothing(shop, once, monkeypatch):
    claims = []

    def claim(wakeup, **rest):
        claims.append(wakeup)
        return real(wakeup, **rest)

    def charge(order: int):
        shop.bank.charge(order)

    real = execute.claim
    monkeypatch.setattr(execute, "claim", claim)
    task = shop.task(charge)
    # given a message that is delivered, and once more when all is over
    shop.crash(task, (7,), invariant=once, schedule="")
    assert len(claims) == 2
    # when it comes while the attempt runs, too, then it asks for the job, and does not get it
    shop.crash(task, (7,), invariant=once, schedule="1:doubled")
    assert len(claims) == 2 + 3
    assert len(set(claims)) == 1


def test_a_job_that_two_may_run_at_once_would_be_caught(shop, once, monkeypatch):
    def charge(order: int):
        shop.bank.charge(order)

    def claim(wakeup, *, lease, parts):
        row = parts.store.rows[wakeup.job_id]
        return row if row.state is State.RUNNING else real(wakeup, lease=lease, parts=parts)

    real = execute.claim
    monkeypatch.setattr(execute, "claim", claim)
    assert caught(shop.crash, shop.task(charge), (7,), invariant=once, faults=["doubled"])[0] == "1:doubled"


# ------------------------------------------------------------------------------------------------------- kinds of tasks


def test_coroutines_are_killed_at_their_awaits(shop, once):
    async def charge(order: int):
        await asyncio.gather(shop.bank.charge_slowly(order), asyncio.sleep(0))

    schedule, story = caught(shop.crash, shop.task(charge), (7,), invariant=once)
    assert schedule == "1:crash_after"
    assert "Bank.charge_slowly" in story


def test_a_plain_task_with_a_loop_of_its_own_can_be_overtaken(shop, once):
    def charge(order: int):
        asyncio.run(shop.bank.charge_slowly(order))

    assert (
        caught(shop.crash, shop.task(charge), (7,), invariant=once, faults=["overtaken"])[0] == "1:overtaken"
    )


def test_it_can_be_called_where_a_loop_runs(shop, once):
    async def charge(order: int):
        if order not in shop.bank.charges:
            await shop.bank.charge_slowly(order)

    async def test():
        return shop.crash(shop.task(charge), (7,), invariant=once)

    assert asyncio.run(test()).singles == 6


def test_a_block_can_be_an_effect(shop, tmp_path):
    from jobline.testing import effect

    def write(order: int):
        with effect("write the file", error=OSError):
            (tmp_path / "orders").open("a").close()
            shop.bank.charge(order)  # part of the block

    schedule, story = caught(
        shop.crash, shop.task(write), (7,), invariant=lambda run: run.world.charges == [7]
    )
    assert schedule == "1:crash_after"
    assert "1  write the file  done" in story


def test_functions_and_methods_can_be_named_as_effects(shop):
    counter = Counter()

    def count(order: int):
        touch()
        COUNTER.count()
        counter.count()

    report = shop.crash(
        shop.task(count),
        (7,),
        invariant=lambda run: True,
        effects=[touch, Counter.count],
        pairs=0,
    )
    assert report.effects == ("touch", "Counter.count", "Counter.count")
    one = shop.crash(shop.tasks["count"], (7,), invariant=lambda run: True, effects=[counter.count])
    assert one.effects == ("Counter.count",)
    by_name = shop.crash(
        shop.tasks["count"],
        (7,),
        invariant=lambda run: True,
        effects=["string.capwords", f"{__name__}.touch"],
    )
    assert by_name.effects == (f"{__name__}.touch",)
    with pytest.raises(ValueError, match="mark it with @effect"):
        shop.crash(shop.tasks["count"], (7,), invariant=bool, effects=[lambda: None])


class Counter:
    def count(self):
        return 1


COUNTER = Counter()


# ------------------------------------------------------------------------------------------------------------ its words


def test_a_schedule_is_played_the_same_every_time(shop, once):
    def charge(order: int):
        shop.bank.charge(order)
        shop.bank.mail(order)

    task = shop.task(charge)
    text = "1:lost 3:timeout 5:crash_before"
    stories = {caught(shop.crash, task, (7,), invariant=once, schedule=text)[1] for _ in range(3)}
    assert len(stories) == 1
    assert f'charge, schedule "{text}"' in stories.pop()


def test_a_schedule_that_is_none_is_refused(shop, once):
    for text in ("1", "0:lost", "1:burnt", "1:lost,2:lost"):
        with pytest.raises(ValueError, match="schedule: "):
            shop.crash(shop.task(plain), invariant=once, schedule=text)


def test_a_schedule_for_effects_that_are_no_more_is_no_pass(shop, once):
    def charge(order: int):
        shop.bank.charge(order, key=current_job().id)

    with pytest.raises(NotRepeatable, match="there is only 1 effect in it"):
        shop.crash(shop.task(charge), (7,), invariant=once, schedule="4:lost")


def test_a_task_without_effects_is_no_pass(shop):
    with pytest.raises(ValueError, match="plain: no effect of it was seen"):
        shop.crash(shop.task(plain), invariant=lambda run: True)


def test_a_task_that_fails_before_its_first_effect_is_told_so(shop):
    def fail():
        raise LookupError("no such order")

    with pytest.raises(ValueError, match="raised LookupError: no such order"):
        shop.crash(shop.task(fail), invariant=lambda run: True)


def test_what_is_no_task_is_refused(shop, once):
    with pytest.raises(TypeError, match="declare it with @task"):
        shop.crash(plain, invariant=once)
    with pytest.raises(TypeError, match="declare it with @task"):
        crash_every_point(shop.task(plain), invariant=once)


def test_a_lambda_that_says_nothing_does_not_hold(shop):
    _, story = caught(shop.crash, shop.task(plain), invariant=lambda run: None, effects=[touch])
    assert "it returned None" in story


def test_jobs_that_never_end_do_not_hold(shop):
    def again():
        touch()
        shop.tasks["again"].submit((), delay=timedelta(days=100))

    _, story = caught(shop.crash, shop.task(again), invariant=lambda run: True, effects=[touch])
    assert "not over within 400 days" in story


def test_the_world_is_made_and_tidied_up_for_each_schedule(shop):
    events = []

    def world():
        events.append("made")
        yield len(events)
        events.append("tidied")

    seen = []
    report = crash_every_point(
        shop.task(plain),
        invariant=lambda run: seen.append(run.world) or True,
        setup=world,
        effects=[touch],
        registry=shop.tasks,
        pairs=0,
    )
    assert events == ["made", "tidied"] * report.schedules
    assert seen == [1 + 2 * number for number in range(report.schedules)]


def test_what_is_meant_for_the_test_run_is_not_taken_for_the_tasks_failure(shop, once):
    def charge(order: int):
        shop.bank.charge(order)
        pytest.fail("from inside")

    with pytest.raises(pytest.fail.Exception, match="from inside"):
        shop.crash(shop.task(charge), (7,), invariant=once)
    assert threading.active_count() < 50
    assert issubclass(NotQuiet, AssertionError)
