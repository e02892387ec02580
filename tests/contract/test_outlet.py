"""The world outside hears what it asked for, and nothing else."""

import pytest

from chalicelib.adapters.aws.outlet import SnsOutlet
from chalicelib.domain.errors import ServiceRefused
from chalicelib.pipeline.ports import Bulletin

PAID = Bulletin(event_id="17 \u2713", topic="order.paid", tenant="acme", body='{"n":"\u00e4 \U0001f9b6"}')


def said(bulletin):
    return bulletin.body, {
        "topic": bulletin.topic,
        "tenant": bulletin.tenant,
        "event_id": bulletin.event_id,
    }


def test_who_listens_to_all_hears_the_event_with_its_attributes(backend, outlet):
    heard = backend.listen()
    outlet.publish(PAID)
    assert heard() == [said(PAID)]


def test_who_listens_to_one_topic_or_tenant_hears_no_other(backend, outlet):
    sent = Bulletin(event_id="18", topic="order.sent", tenant="other", body="2")
    by_topic, by_tenant = backend.listen(topic="order.paid"), backend.listen(tenant="other")
    outlet.publish(PAID)
    outlet.publish(sent)
    assert by_topic() == [said(PAID)]
    assert by_tenant() == [said(sent)]


def test_a_topic_that_is_not_there_is_no_passing_trouble(aws):
    outlet = SnsOutlet(aws.clients, "no-such-topic", aws.queue)
    with pytest.raises(ServiceRefused, match="Publish"):
        outlet.publish(PAID)
