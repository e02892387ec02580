"""Health: 200 when the table and the queues answer, 503 with what is wrong when not, and cheap for whoever asks."""

from chalicelib.domain.errors import ServiceRefused, Unavailable
from chalicelib.entrypoints.api.health import REMEMBER
from tests.api.desk import Desk


def _fails(error: Exception):
    def call(*_args):
        raise error

    return call


def test_all_is_well(desk: Desk):
    reply = desk.nobody().get("/health")
    assert (reply.status, reply.body) == (200, {"status": "ok", "checks": {"table": "ok", "queues": "ok"}})


def test_what_does_not_answer_is_named_and_no_more_is_told(desk: Desk, monkeypatch):
    monkeypatch.setattr(desk.queue, "depths", _fails(Unavailable("arn:aws:sqs:secret")))
    reply = desk.nobody().get("/health")
    assert (reply.status, reply.slug, reply.headers["Retry-After"]) == (503, "unavailable", "1")
    assert reply.body["checks"] == {"table": "ok", "queues": "failed"}
    assert reply.body["detail"] == "queues did not answer"
    assert "secret" not in reply.text


def test_a_missing_right_is_no_health_either(desk: Desk, monkeypatch):
    monkeypatch.setattr(desk.store, "watermark", _fails(ServiceRefused("AccessDenied")))
    monkeypatch.setattr(desk.queue, "depths", _fails(OSError("no route")))
    reply = desk.nobody().get("/health")
    assert (reply.status, reply.body["detail"]) == (503, "table and queues did not answer")


def test_asking_often_asks_the_services_seldom(desk: Desk, monkeypatch):
    # given a count of the questions
    asked = []
    depths = desk.queue.depths

    def counted():
        asked.append(desk.world.now())
        return depths()

    monkeypatch.setattr(desk.queue, "depths", counted)

    # when it is asked ten times at once, and once more after a while
    for _ in range(10):
        assert desk.nobody().get("/health").status == 200
    assert len(asked) == 1
    desk.world.advance(REMEMBER)
    assert desk.nobody().get("/health").status == 200

    # then the services were asked twice
    assert len(asked) == 2


def test_a_stage_that_recovers_says_so(desk: Desk, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(desk.store, "watermark", _fails(Unavailable("GetItem")))
        assert desk.nobody().get("/health").status == 503
    desk.world.advance(REMEMBER)
    assert desk.nobody().get("/health").status == 200
