"""A receiver takes what Jobline signed, and nothing else."""

import json
import random

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib.pipeline.signing import make_secret, signatures
from jobline.client.webhooks import WrongSignature, verify

NOW = 1_767_268_800
SECRET, OTHER = make_secret(b"one"), make_secret(b"two")
BODY = json.dumps({"type": "job.succeeded", "data": {"id": "1", "result": "ü"}}, ensure_ascii=False)


def signed(*secrets, body=BODY, sent=NOW):
    made = signatures(secrets, message_id="msg_1", timestamp=sent, body=body)
    return {"Webhook-Id": "msg_1", "webhook-timestamp": str(sent), "WEBHOOK-SIGNATURE": made}


@pytest.mark.parametrize("body", [BODY, BODY.encode()])
def test_what_jobline_signed_is_taken_and_read(body):
    assert verify(SECRET, signed(SECRET), body, now=NOW) == json.loads(BODY)


def test_while_secrets_change_the_old_one_and_the_new_one_hold():
    headers = signed(OTHER, SECRET)
    assert verify(SECRET, headers, BODY, now=NOW) == verify(OTHER, headers, BODY, now=NOW)


def test_what_others_of_the_standard_sign_is_taken_too():
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(NOW, UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW),
        "webhook-signature": Webhook(SECRET).sign("msg_1", at, BODY),
    }
    assert verify(SECRET, headers, BODY, now=NOW)["type"] == "job.succeeded"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"WEBHOOK-SIGNATURE": signed(OTHER)["WEBHOOK-SIGNATURE"]}, "not signed with this secret"),
        ({"WEBHOOK-SIGNATURE": "v1,"}, "not signed"),
        ({"WEBHOOK-SIGNATURE": "v1,ü"}, "not signed"),
        ({"WEBHOOK-SIGNATURE": signed(SECRET)["WEBHOOK-SIGNATURE"].replace("v1,", "v2,")}, "not signed"),
        ({"Webhook-Id": "msg_2"}, "not signed"),
        ({"Webhook-Id": ""}, "webhook-id: there is no such header"),
        ({"webhook-timestamp": str(NOW + 1)}, "not signed"),
        ({"webhook-timestamp": "now"}, "no number"),
        ({"webhook-timestamp": "-1"}, "no number"),
        ({"webhook-timestamp": "²"}, "no number"),
    ],
)
def test_what_is_anothers_or_changed_is_refused(change, why):
    with pytest.raises(WrongSignature, match=why):
        verify(SECRET, {**signed(SECRET), **change}, BODY, now=NOW)


def test_a_body_of_which_any_byte_is_another_is_refused():
    luck = random.Random(7)
    raw = bytearray(BODY.encode())
    for _ in range(50):
        at = luck.randrange(len(raw))
        changed = bytes(raw[:at]) + bytes([raw[at] ^ (1 << luck.randrange(8))]) + bytes(raw[at + 1 :])
        with pytest.raises(WrongSignature):
            verify(SECRET, signed(SECRET), changed, now=NOW)


@pytest.mark.parametrize(
    ("now", "taken"), [(NOW + 300, True), (NOW + 301, False), (NOW - 300, True), (NOW - 301, False)]
)
def test_what_is_old_or_from_the_future_is_refused(now, taken):
    if taken:
        verify(SECRET, signed(SECRET), BODY, now=now)
        return
    with pytest.raises(WrongSignature, match="too old"):
        verify(SECRET, signed(SECRET), BODY, now=now)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!"])
def test_a_secret_that_is_none_lets_nothing_through_not_even_what_is_signed_with_nothing(secret):
    with pytest.raises(ValueError, match=r"^secret: "):
        verify(secret, signed("whsec_"), BODY, now=NOW)
