"""Each message says whose it is, in the word by which SQS tells a tenant that floods a lane from the others."""

from datetime import timedelta

from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.messages import decode


def test_a_message_names_its_tenant_as_its_group_and_nothing_is_held_back_for_that(aws):
    # given messages of two tenants, one of them to be delayed
    aws.drain()
    sent = [
        Wakeup(tenant=tenant, job_id="01KDWPVNG0FMNSVKE1CC0RQBKJ", epoch=epoch, lane="default")
        for epoch, tenant in enumerate(("ann", "ann", "b.o-b_2"))
    ]

    assert not aws.queue.send(
        [*sent, Wakeup(tenant="ann", job_id=sent[0].job_id, epoch=9, delay=timedelta(minutes=1))]
    )

    # then all that are due can be received at once, in flight together, whatever their group
    found = aws.clients.sqs.receive_message(
        QueueUrl=aws.queue.url("default"),
        MaxNumberOfMessages=10,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["All"],
    )["Messages"]
    groups = {
        decode(message["Body"], "default").epoch: message["Attributes"]["MessageGroupId"] for message in found
    }
    assert groups == {0: "ann", 1: "ann", 2: "b.o-b_2"}
