"""Adapters that are made at their first call."""

import threading

from chalicelib.adapters.late import late


def test_nothing_is_made_before_the_first_call():
    made = []
    one = late(lambda: made.append("made") or "some text")

    assert not made
    assert one.upper() == "SOME TEXT"
    assert one.title() == "Some Text"
    assert made == ["made"]


def test_it_is_made_once_however_many_threads_come_first():
    made, both = [], threading.Barrier(2)

    def make():
        made.append(threading.get_ident())
        return "x"

    one = late(make)

    def call():
        both.wait(timeout=60)
        one.upper()

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1


def test_once_made_nobody_waits_for_anybody():
    one = late(lambda: "x")
    assert one.upper() == "X"

    with one._lock:  # as long as somebody holds it
        assert one.title() == "X"
