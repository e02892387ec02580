"""Batches of which SQS takes a part, or nothing: who is told, who is sent again."""

from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from chalicelib.adapters.aws.queue import TRIES, SqsQueue
from chalicelib.adapters.memory import HeldWorld, Inline, MemoryQueue
from chalicelib.adapters.memory.queue import Unkindness
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.messages import decode
from tests.contract.rows import new_id


class ScriptedSqs:
    """SQS as a script has it: `failures(call, entry)` is None for an entry that is taken, else whether the sender is at fault.

    A script may raise: then nothing of that call was taken.
    """

    def __init__(self, failures):
        self.failures = failures
        self.asked = []
        self.calls = []
        self.taken = []

    def get_queue_url(self, **asked):
        self.asked.append(asked["QueueName"])
        return {"QueueUrl": f"https://sqs/{asked['QueueName']}"}

    def send_message_batch(self, **batch):
        entries = batch["Entries"]
        self.calls.append((batch["QueueUrl"], entries))
        assert 1 <= len(entries) <= 10
        assert len({entry["Id"] for entry in entries}) == len(entries)
        failed = []
        for entry in entries:
            fault = self.failures(len(self.calls), entry)
            if fault is None:
                self.taken.append(decode(entry["MessageBody"], "default").job_id)
            else:
                failed.append({"Id": entry["Id"], "SenderFault": fault, "Code": "X", "Message": "no"})
        done = [{"Id": entry["Id"]} for entry in entries if entry["Id"] not in {f["Id"] for f in failed}]
        return {"Successful": done, **({"Failed": failed} if failed else {})}


def queue_of(sqs) -> SqsQueue:
    lanes = {"high": "q-high", "default": "q-default"}
    return SqsQueue(SimpleNamespace(sqs=sqs), lanes, Inline())


def wakeups(count, **facts) -> list[Wakeup]:
    return [
        Wakeup(**{"tenant": "t", "job_id": new_id(), "epoch": number, **facts}) for number in range(count)
    ]


def epoch_of(entry) -> int:
    return decode(entry["MessageBody"], "default").epoch


def test_a_full_send_is_in_tens_and_lane_by_lane():
    sqs = ScriptedSqs(lambda call, entry: None)
    many = wakeups(25) + wakeups(3, lane="high")
    assert queue_of(sqs).send(many) == []
    calls = [(url.rpartition("/")[2], len(entries)) for url, entries in sqs.calls]
    assert calls == [("q-default", 10), ("q-default", 10), ("q-default", 5), ("q-high", 3)]
    assert sorted(sqs.taken) == sorted(one.job_id for one in many)


def test_an_entry_that_failed_by_sqss_fault_is_sent_again_alone():
    sqs = ScriptedSqs(lambda call, entry: False if call == 1 and epoch_of(entry) in {2, 5} else None)
    many = wakeups(10)
    assert queue_of(sqs).send(many) == []
    assert [len(entries) for _, entries in sqs.calls] == [10, 2]
    assert sorted(sqs.taken) == sorted(one.job_id for one in many)


def test_an_entry_that_keeps_failing_is_told_after_a_few_tries():
    sqs = ScriptedSqs(lambda call, entry: False if epoch_of(entry) == 3 else None)
    many = wakeups(10)
    assert list(queue_of(sqs).send(many)) == [many[3]]
    assert len(sqs.calls) == TRIES
    assert sqs.taken.count(many[0].job_id) == 1


def test_an_entry_that_sqs_refuses_is_told_and_not_sent_again():
    sqs = ScriptedSqs(lambda call, entry: True if epoch_of(entry) == 7 else None)
    many = wakeups(10)
    assert list(queue_of(sqs).send(many)) == [many[7]]
    assert len(sqs.calls) == 1


def test_a_batch_that_does_not_arrive_is_told_and_harms_no_other():
    def script(call, entry):
        if call == 2:
            raise ConnectTimeoutError(endpoint_url="here")

    sqs = ScriptedSqs(script)
    many = wakeups(25)
    assert list(queue_of(sqs).send(many)) == many[10:20]
    assert len(sqs.taken) == 15


def test_what_was_taken_before_the_connection_broke_is_not_told_as_unsent():
    # Given a first call that takes nine of ten, and a second that does not arrive
    def script(call, entry):
        if call == 2:
            raise ConnectTimeoutError(endpoint_url="here")
        return False if epoch_of(entry) == 4 else None

    many = wakeups(10)
    assert list(queue_of(ScriptedSqs(script)).send(many)) == [many[4]]


def test_a_missing_right_is_told_as_unsent_too():
    def script(call, entry):
        raise ClientError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {}}, "SendMessageBatch")

    many = wakeups(3)
    assert list(queue_of(ScriptedSqs(script)).send(many)) == many


def test_a_bug_of_ours_rises():
    def script(call, entry):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        queue_of(ScriptedSqs(script)).send(wakeups(1))


def test_the_queues_url_is_asked_for_once():
    sqs = ScriptedSqs(lambda call, entry: None)
    queue = queue_of(sqs)
    queue.send(wakeups(30))
    queue.send(wakeups(1))
    assert sqs.asked == ["q-default"]


def test_an_entry_carries_its_trace_and_its_delay_in_whole_seconds():
    # Asked of the call itself: both emulators lose the header of an entry of a batch, which SQS keeps
    # (SendMessageBatchRequestEntry.MessageSystemAttributes).
    sqs = ScriptedSqs(lambda call, entry: None)
    queue_of(sqs).send(wakeups(1, trace="Root=1-2-3", delay=timedelta(seconds=1.2)))
    [(_, [entry])] = sqs.calls
    header = {"DataType": "String", "StringValue": "Root=1-2-3"}
    assert entry["MessageSystemAttributes"] == {"AWSTraceHeader": header}
    assert entry["DelaySeconds"] == 2


def test_the_twin_refuses_a_share_of_entries_and_tells_which():
    queue = MemoryQueue(HeldWorld(), unkindness=Unkindness(refuses=0.3, chance=Random(7)))
    many = wakeups(100)
    unsent = list(queue.send(many))
    sent = [decode(message.body, "default").job_id for message in queue.messages]
    assert 0 < len(unsent) < 100
    assert [one.job_id for one in many if one not in unsent] == sent


def test_the_twin_doubles_and_shuffles():
    queue = MemoryQueue(HeldWorld(), unkindness=Unkindness(doubles=1.0, shuffles=True, chance=Random(7)))
    queue.send(wakeups(5))
    epochs = [decode(message.body, "default").epoch for message in queue.receive("default")]
    assert sorted(epochs) == sorted([*range(5), *range(5)])
    assert epochs != sorted(epochs)


def test_the_twin_moves_what_came_back_too_often_to_the_dead_letters():
    world = HeldWorld()
    queue = MemoryQueue(world, visibility=timedelta(seconds=1), max_receives=2)
    queue.send(wakeups(1))
    for _ in range(2):
        assert len(queue.receive("default")) == 1
        world.advance(timedelta(seconds=1))
    assert queue.receive("default") == []
    assert len(queue.receive("dead-letters")) == 1


def test_the_twin_forgets_nothing_that_a_stale_receipt_deletes():
    world = HeldWorld()
    queue = MemoryQueue(world, visibility=timedelta(seconds=1))
    queue.send(wakeups(1))
    [first] = queue.receive("default")
    stale = first.receipt
    world.advance(timedelta(seconds=1))
    queue.receive("default")
    assert not queue.delete(stale)
    assert len(queue.messages) == 1


def test_the_twin_leaves_a_message_visible_whose_receipt_is_over():
    world = HeldWorld()
    queue = MemoryQueue(world, visibility=timedelta(seconds=1))
    queue.send(wakeups(1))
    [message] = queue.receive("default")
    world.advance(timedelta(seconds=1))
    queue.extend("default", message.receipt, timedelta(seconds=60))
    assert len(queue.receive("default")) == 1
