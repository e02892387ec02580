"""The pump on a queue in memory: what it deletes, what it leaves, what it waits out."""

import threading

import pytest

from jobline.local import invoke, patience, pump
from jobline.local.invoke import Function, Stuck
from jobline.local.partial import Reading
from jobline.local.pump import Pump
from tests.local.fake_sqs import ARN, FakeSqs
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(patience, "FIRST", 0.001)
    monkeypatch.setattr(pump, "pause_before", lambda _: 0.001)


def pumping(sqs, handler, *, timeout=10.0, **how):
    return Pump(sqs, "lane", Function("consume", handler, timeout=timeout), **how)


def one_turn(sqs, handler, **how):
    return pumping(sqs, handler, **how).turn(threading.Event())


def refusing(*bodies):
    """A handler that gives back the messages with these bodies."""

    def handler(event, context):
        return {
            "batchItemFailures": [
                {"itemIdentifier": record["messageId"]}
                for record in event["Records"]
                if record["body"] in bodies
            ]
        }

    return handler


def breaking(*_, **__):
    raise RuntimeError("broken")


def test_what_the_function_finished_is_deleted_and_what_it_gave_back_is_not():
    sqs = FakeSqs("good", "bad", "good")

    assert one_turn(sqs, refusing("bad"))

    assert sqs.left == ["m1"]


def test_a_function_that_answers_nothing_finished_all():
    sqs = FakeSqs("good", "good")

    one_turn(sqs, lambda event, context: None)

    assert sqs.left == []


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(breaking, id="an exception"),
        pytest.param(
            lambda event, context: {"batchItemFailures": [{"itemIdentifier": "other"}]}, id="an unknown id"
        ),
        pytest.param(
            lambda event, context: {"batchItemFailures": [{"itemIdentifier": ""}]}, id="an empty id"
        ),
        pytest.param(lambda event, context: object(), id="an answer that is no JSON"),
        pytest.param(refusing("good"), id="all given back"),
    ],
)
def test_a_batch_that_failed_as_a_whole_keeps_every_message(handler):
    sqs = FakeSqs("good", "good")

    assert not one_turn(sqs, handler)

    assert sqs.left == ["m0", "m1"]
    assert "delete" not in sqs.calls


def test_in_the_other_reading_an_unknown_id_counts_for_nothing():
    sqs = FakeSqs("good", "good")
    unknown = {"batchItemFailures": [{"itemIdentifier": "other"}]}

    one_turn(sqs, lambda event, context: unknown, reading=Reading.IGNORED)

    assert sqs.left == []


def test_what_failed_comes_again_when_its_visibility_timeout_is_over_and_not_before():
    sqs = FakeSqs("bad", visibility=180)
    counts = []

    def handler(event, context):
        counts.append(event["Records"][0]["attributes"]["ApproximateReceiveCount"])
        raise RuntimeError("broken")

    one_turn(sqs, handler)
    sqs.now = 179
    one_turn(sqs, handler)
    sqs.now = 180
    one_turn(sqs, handler)

    assert counts == ["1", "2"]


def test_a_batch_holds_at_most_ten():
    sqs = FakeSqs(*["good"] * 23)
    sizes = []

    for _ in range(4):
        one_turn(sqs, lambda event, context: sizes.append(len(event["Records"])))

    assert sizes == [10, 10, 3]
    assert sqs.left == []


def test_entries_that_the_queue_did_not_delete_are_tried_again_alone():
    sqs = FakeSqs("good", "good", "good")
    sqs.fail_deletes = [{"0": False, "2": False}, {"2": False}]

    one_turn(sqs, refusing())

    assert sqs.left == []
    assert sqs.calls.count("delete") == 3


def test_an_entry_that_is_our_own_mistake_is_not_tried_again():
    sqs = FakeSqs("good", "good")
    sqs.fail_deletes = [{"0": True}]

    one_turn(sqs, refusing())

    assert sqs.left == ["m0"]
    assert sqs.calls.count("delete") == 1


def test_deleting_is_given_up_in_the_end():
    sqs = FakeSqs("good")
    sqs.fail_deletes = [{"0": False}] * 100

    one_turn(sqs, refusing())

    assert sqs.left == ["m0"]
    assert sqs.calls.count("delete") == pump.DELETE_TRIES


def test_trouble_while_deleting_is_waited_out():
    sqs = FakeSqs("good")

    def handler(event, context):
        sqs.refuse_connections = 2

    one_turn(sqs, handler)

    assert sqs.left == []


def test_a_queue_that_is_away_for_a_while_does_not_end_the_pump():
    sqs = FakeSqs("good", "good")
    sqs.refuse_connections = 7
    stop = threading.Event()
    thread = threading.Thread(target=pumping(sqs, refusing()).run, args=(stop,))

    thread.start()
    until(lambda: not sqs.left)
    stop.set()
    thread.join(10)

    assert not thread.is_alive()


def test_a_turn_that_breaks_on_what_nobody_foresaw_does_not_end_the_pump(monkeypatch):
    sqs, stop = FakeSqs("good"), threading.Event()
    answers = [RuntimeError("can't start new thread")] * pump.BREAKS
    receive = sqs.receive_message

    def breaking_receive(**request):
        if answers:
            raise answers.pop()
        stop.set()
        return receive(**request)

    monkeypatch.setattr(sqs, "receive_message", breaking_receive)
    monkeypatch.setattr(pump, "pause_before", lambda _: 0.0)

    pumping(sqs, refusing()).run(stop)

    assert sqs.left == []


def test_a_pump_that_breaks_again_and_again_ends_with_what_broke_it(monkeypatch):
    sqs = FakeSqs("good")
    monkeypatch.setattr(sqs, "receive_message", breaking)
    monkeypatch.setattr(pump, "pause_before", lambda _: 0.0)

    with pytest.raises(RuntimeError, match="broken"):
        pumping(sqs, refusing()).run(threading.Event())


def test_a_stop_lets_the_batch_in_hand_be_finished():
    sqs = FakeSqs("good")
    began, go_on, stop = threading.Event(), threading.Event(), threading.Event()

    def handler(event, context):
        began.set()
        assert go_on.wait(10)

    thread = threading.Thread(target=pumping(sqs, handler).run, args=(stop,))
    thread.start()
    assert began.wait(10)
    stop.set()
    assert sqs.left == ["m0"]
    go_on.set()
    thread.join(10)

    assert not thread.is_alive()
    assert sqs.left == []


def test_an_invocation_that_outlives_its_time_failed_and_others_go_on():
    sqs = FakeSqs("slow", "good")
    go_on = threading.Event()

    def handler(event, context):
        if event["Records"][0]["body"] == "slow":
            go_on.wait(10)

    function = Function("consume", handler, timeout=0.05)
    slow = Pump(sqs, "lane", function, batch_size=1)

    assert not slow.turn(threading.Event())
    assert function.overdue == 1
    assert slow.turn(threading.Event())

    assert sqs.left == ["m0"]
    go_on.set()
    until(lambda: function.overdue == 0)


def test_too_many_that_outlive_their_time_end_the_pump(monkeypatch):
    monkeypatch.setattr(invoke, "ABANDONED_AT_MOST", 2)
    sqs = FakeSqs(*["slow"] * 5)
    go_on = threading.Event()
    stuck = Pump(sqs, "lane", Function("consume", lambda *_: go_on.wait(10), timeout=0.01), batch_size=1)

    with pytest.raises(Stuck, match="consume: 2 invocations"):
        stuck.run(threading.Event())

    go_on.set()


def test_the_function_sees_what_lambda_would_show_it():
    sqs = FakeSqs("good")
    seen = []

    one_turn(sqs, lambda event, context: seen.append((event, context)), timeout=30.0)

    [(event, context)] = seen
    [record] = event["Records"]
    assert record["messageId"] == "m0"
    assert record["receiptHandle"] == "m0#1"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == ARN
    assert record["awsRegion"] == "us-east-1"
    assert 29_000 < context.get_remaining_time_in_millis() <= 30_000
    assert context.function_name == "consume"
    assert context.aws_request_id
