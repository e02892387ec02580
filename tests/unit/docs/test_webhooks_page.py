"""docs/webhooks.md: its way to check a signature works, and its figures are those of the code."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.pipeline.built_in import WEBHOOK
from chalicelib.pipeline.deliver import LONGEST_CALL, LONGEST_WISH
from chalicelib.pipeline.signing import make_secret, signatures
from chalicelib.pipeline.topics import ENDINGS
from chalicelib.pipeline.webhooks import MOST, MOST_OVERLAP, OVERLAP
from tests.cost.test_features import UNITS

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text()
OLD, NEW, OTHER = (make_secret(word) for word in (b"old", b"new", b"other"))
BODY = '{"type":"job.succeeded","data":"ü"}'


@pytest.fixture
def verify():
    names = {"__name__": "webhooks_page"}
    exec(compile(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], "webhooks.md", "exec"), names)
    return names["verify"]


def headers(at, *secrets):
    seconds = int(at.timestamp())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(seconds),
        "webhook-signature": signatures(secrets, message_id="msg_1", timestamp=seconds, body=BODY),
    }


def test_the_example_takes_what_is_signed_with_the_old_or_the_new_secret(verify):
    # It says that it takes a message by raising nothing, as the next test's are refused.
    sent = headers(datetime.now(UTC), NEW, OLD)
    assert verify(OLD, sent, BODY.encode()) is None
    assert verify(NEW, sent, BODY.encode()) is None


def test_the_example_refuses_all_else(verify):
    now = datetime.now(UTC)
    for secret, sent, body in (
        (OTHER, headers(now, NEW, OLD), BODY),
        (NEW, headers(now, NEW), BODY + " "),
        (NEW, {**headers(now, NEW), "webhook-id": "msg_2"}, BODY),
        (NEW, headers(now - timedelta(minutes=6), NEW), BODY),
    ):
        with pytest.raises(ValueError):
            verify(secret, sent, body.encode())


def test_the_figures_are_those_of_the_code():
    options = WEBHOOK.options
    waits = [options.backoff.ceiling(attempt) for attempt in range(1, options.max_attempts)]
    assert f"up to {options.max_attempts} attempts" in PAGE
    most = sum(waits, timedelta(0)) / timedelta(hours=1)
    assert (round(most / 2), round(most)) == (16, 33)
    assert "about 16 hours (33 at most)" in PAGE
    assert (options.backoff.base, options.backoff.cap) == (timedelta(seconds=30), timedelta(hours=6))
    assert (timedelta(seconds=5), timedelta(hours=6)) == (LONGEST_CALL, LONGEST_WISH)
    assert (timedelta(days=1), timedelta(days=7)) == (OVERLAP, MOST_OVERLAP)
    assert f"at most {MOST} endpoints" in PAGE
    assert options.lane == "low"
    assert all(f"`{ending}`" in PAGE for ending in ENDINGS)


def test_the_cost_is_what_is_counted():
    said = int(re.search(r"^\| an end that an endpoint is told \| (\d+)", PAGE, re.MULTILINE)[1])
    assert UNITS["an end that an endpoint is told"] - UNITS["a plain job"] == said
