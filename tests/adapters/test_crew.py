"""Many hands: order, exceptions, and no deadlock however deep the calls."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.adapters.crew import ThreadCrew

SECONDS = 30


@pytest.fixture
def crew():
    crew = ThreadCrew(hands=4)
    yield crew
    if crew._pool:
        crew._pool.shutdown()


def test_answers_come_in_the_items_order_with_exceptions_in_place(crew):
    answers = crew.each(lambda number: 10 // number, [5, 0, 2, 0, 1])
    assert [a if isinstance(a, int) else type(a) for a in answers] == [
        2,
        ZeroDivisionError,
        5,
        ZeroDivisionError,
        10,
    ]


def test_nothing_to_do_is_nothing_done(crew):
    assert crew.each(len, []) == []
    assert crew._pool is None


def test_one_item_is_done_here_without_a_thread(crew):
    assert crew.each(lambda _: threading.get_ident(), iter("a")) == [threading.get_ident()]
    assert crew._pool is None


def test_items_are_done_side_by_side(crew):
    together = threading.Barrier(5)  # four hands and the caller
    assert sorted(crew.each(lambda _: together.wait(SECONDS), range(5))) == [0, 1, 2, 3, 4]


def test_the_hands_are_kept(crew):
    together = threading.Barrier(5)

    def who(_):
        together.wait(SECONDS)
        return threading.get_ident()

    assert set(crew.each(who, range(5))) == set(crew.each(who, range(5)))


def test_calls_inside_calls_get_on_when_all_hands_are_busy(crew):
    def deep(level):
        return 1 if level == 0 else sum(crew.each(deep, [level - 1] * 6))

    assert crew.each(deep, [3] * 8) == [6**3] * 8


def test_a_call_gets_on_when_all_hands_wait_for_it(crew):
    started, done = threading.Barrier(6), threading.Event()

    def helped_from_outside():
        # as a task on its own thread does, which submits jobs while every hand waits for a task
        started.wait(SECONDS)
        answers = crew.each(lambda number: number + 1, range(10))
        done.set()
        return answers

    def wait(_):
        started.wait(SECONDS)
        return done.wait(SECONDS)

    with ThreadPoolExecutor(1) as outside:
        future = outside.submit(helped_from_outside)
        assert crew.each(wait, range(5)) == [True] * 5
        assert future.result(SECONDS) == list(range(1, 11))


def test_items_see_the_callers_context_and_keep_theirs_to_themselves(crew):
    tenant = contextvars.ContextVar("tenant", default="nobody")

    def look(name):
        seen = tenant.get()
        tenant.set(name)
        return seen

    tenant.set("acme")
    assert crew.each(look, "abcdef") == ["acme"] * 6
    assert crew.each(look, "x") == ["acme"]
    assert tenant.get() == "acme"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_rises_and_nothing_more_is_begun(crew, error):
    begun = []

    def verb(number):
        begun.append(number)
        if number == 3:
            raise error
        return number

    with pytest.raises(error):
        crew.each(verb, range(10_000))
    assert len(begun) < 10_000


def test_it_rises_from_one_item_too(crew):
    with pytest.raises(SystemExit):
        crew.each(lambda _: (_ for _ in ()).throw(SystemExit), [1])


def test_an_interrupt_while_waiting_for_others_rises(crew):
    gate, helping = threading.Event(), threading.Event()
    caller = threading.get_ident()

    def verb(_):
        if threading.get_ident() == caller:
            assert helping.wait(SECONDS)
            raise KeyboardInterrupt
        helping.set()
        return gate.wait(SECONDS)

    with pytest.raises(KeyboardInterrupt):
        crew.each(verb, range(3))
    gate.set()


def test_a_fatal_error_on_a_hand_rises_in_the_caller(crew):
    caller = threading.get_ident()
    begun = threading.Event()

    def verb(_):
        if threading.get_ident() == caller:
            return begun.wait(SECONDS)
        begun.set()
        raise SystemExit(7)

    with pytest.raises(SystemExit):
        crew.each(verb, range(2))


def test_without_new_threads_the_caller_does_it_all(crew):
    crew.each(str, range(5))
    crew._pool.shutdown()  # as the end of the interpreter does
    assert crew.each(str, range(5)) == list("01234")
