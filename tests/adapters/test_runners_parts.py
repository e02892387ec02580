"""The small parts of the runners: the wire, the log relay, the signal's window, the waiting."""

import json
import logging
import math
import os
import signal
import socket
import sys
import threading
from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace

import pytest

from chalicelib.adapters.runners import inside, relay, template
from chalicelib.adapters.runners.inside import SOFT, ChildLine
from chalicelib.adapters.runners.pending import Pending
from chalicelib.adapters.runners.relay import Relay
from chalicelib.adapters.runners.window import SignalWindow
from chalicelib.adapters.runners.wire import MAX_FRAME, Wire
from chalicelib.domain.errors import InvalidInput, SoftTimeLimitExceeded
from chalicelib.pipeline.outcome import Returned


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def wires(ends):
    return Wire(ends[0]), Wire(ends[1])


@pytest.fixture
def window():
    """A window that listens, as in a child; this process is put back afterwards."""
    before = signal.getsignal(SOFT)
    window = SignalWindow()
    window.listen(SOFT)
    yield window
    signal.signal(SOFT, before)


def test_frames_arrive_whole_and_in_order(wires):
    ours, theirs = wires
    assert ours.send(b"")
    assert ours.send(b"a" * 1000)
    assert ours.tell("kind", {"ü": [1, None]})
    assert (theirs.receive(), theirs.receive(), theirs.hear()) == (
        b"",
        b"a" * 1000,
        ("kind", {"ü": [1, None]}),
    )


def test_a_frame_larger_than_the_sockets_buffer_passes(wires):
    ours, theirs = wires
    sender = threading.Thread(target=ours.send, args=(b"x" * MAX_FRAME,))
    sender.start()
    assert theirs.receive() == b"x" * MAX_FRAME
    sender.join()


@pytest.mark.parametrize("cut", [b"", b"\0\0", b"\0\0\0\5abc", b"\xff\xff\xff\xff..."])
def test_a_frame_that_is_cut_short_or_absurdly_long_is_the_end(ends, cut):
    ours, theirs = ends
    ours.sendall(cut)
    ours.shutdown(socket.SHUT_WR)
    assert Wire(theirs).receive() is None


def test_an_end_that_is_gone_is_an_answer_and_not_an_error(wires):
    ours, theirs = wires
    theirs.hang_up()
    theirs.hang_up()
    theirs.close()
    assert ours.send(b"x" * 10**6) is False
    assert ours.hear() is None
    theirs.hang_up()


def test_what_is_there_can_be_taken_without_waiting_for_more(wires):
    ours, theirs = wires
    ours.send(b"there")
    theirs.wait_no_more()
    assert (theirs.receive(), theirs.receive()) == (b"there", None)


def test_a_message_is_strict_json(wires):
    ours, theirs = wires
    ours.send(b'["kind", NaN]')
    with pytest.raises(InvalidInput):
        theirs.hear()


def test_the_line_of_a_child_asks_its_parent(wires):
    childs, parents = wires
    line = ChildLine(childs, SignalWindow())
    line.report(1 / 3, "a \ud800 b")
    line.beat()
    assert (parents.hear(), parents.hear()) == (("progress", [1 / 3, "a ? b"]), ("beat", None))
    parents.tell("cancelled", True)
    assert line.cancelled() is True
    parents.tell("cancelled", False)
    assert line.cancelled() is False
    parents.close()
    assert line.cancelled() is True, "nobody is there who wants the result"


def test_the_line_of_a_childs_fork_says_nothing(wires):
    childs, parents = wires
    line = ChildLine(childs, SignalWindow())
    line._process = os.getpid() + 1
    assert line.tell("progress") is False
    assert line.cancelled() is False
    parents.wait_no_more()
    assert parents.hear() is None


def test_the_signal_is_raised_while_the_function_runs_and_only_then(window):
    with pytest.raises(SoftTimeLimitExceeded), window:
        signal.raise_signal(SOFT)
    signal.raise_signal(SOFT)
    with SignalWindow():
        pass


def test_a_signal_that_came_early_is_raised_when_the_function_begins(window):
    signal.raise_signal(SOFT)
    with pytest.raises(SoftTimeLimitExceeded), window:
        raise AssertionError("too far")


def test_a_signal_is_held_back_while_the_child_speaks(window):
    said = []

    def speak():
        with window.held():
            with window.held():
                signal.raise_signal(SOFT)
                said.append("a whole")
            said.append("sentence")
        said.append("too much")

    with pytest.raises(SoftTimeLimitExceeded), window:
        speak()
    assert said == ["a whole", "sentence"]


def test_threads_of_the_task_hold_nothing_back(window):
    held, go = threading.Event(), threading.Event()

    def speak():
        with window.held():
            held.set()
            go.wait(30)

    speaker = threading.Thread(target=speak)
    speaker.start()
    held.wait(30)
    with pytest.raises(SoftTimeLimitExceeded), window:
        signal.raise_signal(SOFT)
    go.set()
    speaker.join()


def logger_over(tell):
    """A logger as a child has it, unknown to this process."""
    logger = logging.Logger("acme.task")  # noqa: LOG001
    logger.addHandler(Relay(tell, nullcontext))
    return logger


@pytest.fixture
def relayed():
    """A logger whose lines go through a relay; what it told."""
    told = []
    return logger_over(lambda kind, value: not told.append((kind, value))), told


def test_a_record_survives_its_way_to_the_parent(relayed, caplog):
    logger, told = relayed
    logger.error(
        "%s is \ud800",
        "it",
        extra={"job_id": "J", "n": 5, "inf": math.inf, "set": {1}, "none": None, "s": "\ud800"},
    )
    [(kind, wire)] = told
    relay.replay(wire)
    [record] = caplog.records
    assert (kind, record.getMessage(), record.levelname, record.name) == (
        "log",
        "it is ?",
        "ERROR",
        "acme.task",
    )
    assert (record.job_id, record.n, record.inf, record.set, record.none, record.s) == (
        "J",
        5,
        "inf",
        "{1}",
        None,
        "?",
    )


def test_a_traceback_goes_along_as_text(relayed, caplog):
    logger, told = relayed
    try:
        int("broken")
    except ValueError:
        logger.exception("caught")
    relay.replay(told[0][1])
    [record] = caplog.records
    assert "ValueError: invalid literal" in record.error
    assert "ValueError: invalid literal" in logging.Formatter().format(record)


def test_a_line_below_the_parents_level_is_dropped(relayed, caplog):
    logger, told = relayed
    logger.debug("detail")
    caplog.set_level(logging.INFO, logger="acme.task")
    relay.replay(told[0][1])
    assert caplog.records == []


def test_a_line_that_cannot_be_relayed_is_printed(capsys):
    logger_over(lambda *_: False).warning("nobody there")
    assert capsys.readouterr().err == "nobody there\n"


def test_a_log_line_never_breaks_the_task(capsys):
    def broken(kind, value):
        raise OSError("no")

    logger_over(broken).warning("hello")
    assert "OSError: no" in capsys.readouterr().err


def test_the_levels_that_are_set_are_known_by_name():
    logger = logging.getLogger("acme.quiet")
    logger.setLevel(logging.ERROR)
    try:
        found = relay.levels()
    finally:
        logger.setLevel(logging.NOTSET)
    assert found["acme.quiet"] == logging.ERROR
    assert found[""] == logging.root.level
    assert "acme" not in found


def test_an_execution_keeps_its_first_end():
    pending = Pending()
    assert not pending.finished(timedelta(seconds=-1))
    pending.ended(Returned(json="1"))
    pending.ended(Returned(json="2"))
    assert pending.finished(timedelta(0))
    assert pending.outcome() == Returned(json="1")


def test_the_template_tells_orders_from_silence_and_from_the_end(ends):
    ours, theirs = ends
    theirs.setblocking(False)
    seen = [template._ordered(theirs)]
    ours.send(template.SOFTEN)
    seen.append(template._ordered(theirs))
    ours.send(template.SOFTEN + template.KILL)
    seen.append(template._ordered(theirs))
    ours.close()
    seen.append(template._ordered(theirs))
    theirs.close()
    seen.append(template._ordered(theirs))
    assert seen == [None, b"s", b"sk", b"", b""]
    assert [template._to_kill(orders) for orders in seen] == [False, False, True, True, True]


def test_a_fork_that_fails_is_told_on_the_leash(ends, monkeypatch):
    def no(*_):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", no)
    control, other = socket.socketpair()
    talk, child = socket.socketpair()
    with control, other, talk, child:
        ours, theirs = ends
        theirs.setblocking(False)
        keeper = template.Template(control, ())
        keeper._fork(talk, theirs)
        assert ours.recv(100) == b"![Errno 11] Resource temporarily unavailable"
        keeper._deaths.close()
        keeper._death_bell.close()


def test_a_child_stopped_before_it_is_born_is_not_born(ends, monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("born"))
    control, other = socket.socketpair()
    with control, other:
        ours, theirs = ends
        theirs.setblocking(False)
        ours.send(template.KILL)
        keeper = template.Template(control, ())
        keeper._fork(other, theirs)
        assert ours.recv(100) == b"-9"
        keeper._deaths.close()
        keeper._death_bell.close()


@pytest.fixture
def live(window, registry, monkeypatch):
    """Let a child live its life in this process, whose logging is put back afterwards; what it said to its parent."""
    monkeypatch.setattr(inside, "REGISTRY", registry)
    monkeypatch.setattr(inside, "SignalWindow", lambda: window)
    handlers, level = logging.root.handlers[:], logging.root.level
    facts = {"id": "J", "tenant": "acme", "attempt": 1, "max_attempts": 2, "epoch": 3}

    def life(task: str, args: bytes, modules=()):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            parent = Wire(ours)
            parent.tell(
                "call",
                {
                    "task": task,
                    "facts": {**facts, "task": task, "deadline": "2030-01-02T03:04:05+00:00"},
                    "members": [],
                    "levels": {"": logging.WARNING},
                },
            )
            parent.send(args)
            inside.main(theirs, modules)
            parent.wait_no_more()
            said = []
            while (frame := parent.receive()) is not None:
                said.append(json.loads(frame))
            return said

    yield life
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_a_child_says_what_its_task_says_and_returns(live):
    assert live("child_say", b'{"messages": ["one"]}') == [
        ["progress", [0.0, "one"]],
        ["beat", None],
        ["returned", None],
        1,
    ]


def test_a_child_says_what_its_task_raises(live):
    [[kind, outcome]] = live("child_fail", b'{"message": "broken"}')
    assert (kind, outcome["raised"][:2], outcome["again"]) == ("raised", ["ValueError", "broken"], True)


def test_a_child_says_why_it_cannot_begin(live):
    [[_, unknown]] = live("child_unknown", b"{}")
    assert (unknown["raised"][0], unknown["rejected"]) == ("UnknownTask", True)
    [[_, missing]] = live("child_say", b"{}", modules=("no_such_module",))
    assert (missing["raised"][0], missing["rejected"]) == ("ModuleNotFoundError", False)


def test_a_child_says_that_its_task_raised_what_nobody_can_name(live):
    [[_, outcome]] = live("child_mute", b"{}")
    assert outcome["raised"][0] == "Mute"


def test_a_child_whose_attempt_is_over_does_nothing(ends, monkeypatch):
    ours, theirs = ends
    ours.close()
    ran = []
    monkeypatch.setattr(inside, "_run", lambda *call: ran.append(call))
    before = signal.getsignal(SOFT)
    inside.main(theirs, ())
    signal.signal(SOFT, before)
    assert ran == []


def test_a_generator_that_a_fork_copies_is_seeded_anew(monkeypatch):
    seeded = []
    monkeypatch.setitem(sys.modules, "numpy.random", SimpleNamespace(seed=lambda: seeded.append(True)))
    inside._new_luck()
    assert seeded == [True]
