"""KMS as it answers and does not answer, the cipher that ships, and what a start says without it."""

import sys

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from moto import mock_aws

from chalicelib import wiring
from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.key_service import Kms
from chalicelib.adapters.cipher import AesGcm
from chalicelib.adapters.memory import HeldWorld, MemoryItems
from chalicelib.domain.errors import KeyUnavailable, PayloadMissing
from chalicelib.pipeline.sealer import Field, Whose
from chalicelib.pipeline.sealing.envelope import Envelope
from chalicelib.pipeline.sealing.ring import SULK, Ring
from chalicelib.settings import BadSetting, Settings

KEY = b"k" * 32
WHOSE = Whose(tenant="ann", id="job", field=Field.ARGS)
ARN = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"


class Raw:
    def __init__(self, body):
        self.body = body

    def stream(self, *_, **__):
        yield self.body


def answering(status, code):
    body = f'{{"__type":"{code}","message":"no"}}'.encode()
    return lambda request, **_: AWSResponse(
        request.url, status, {"content-length": str(len(body))}, Raw(body)
    )


def failing(error):
    def handler(request, **_):
        raise error(endpoint_url=request.url)

    return handler


TROUBLES = {
    "throttled": answering(400, "ThrottlingException"),
    "denied": answering(400, "AccessDeniedException"),
    "switched off": answering(400, "DisabledException"),
    "being deleted": answering(400, "KMSInvalidStateException"),
    "gone": answering(400, "NotFoundException"),
    "another context": answering(400, "InvalidCiphertextException"),
    "broken": answering(500, "KMSInternalException"),
    "slow": failing(ReadTimeoutError),
    "out of reach": failing(ConnectTimeoutError),
}


@pytest.fixture
def cloud(monkeypatch):
    """A sealer on KMS; `trouble` says how KMS answers from now on."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():

        class Cloud:
            clients, items, world = Clients(), MemoryItems(), HeldWorld()
            key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]

            def process(self):
                ring = Ring(self.items, Kms(self.clients), self.world, stage="s", seals=self.key)
                return Envelope(ring, AesGcm())

            def trouble(self, name):
                self.clients.kms.meta.events.register_first("before-send.kms", TROUBLES[name], unique_id="t")

            def well(self):
                self.clients.kms.meta.events.unregister("before-send.kms", unique_id="t")
                self.world.advance(SULK)

        yield Cloud()


@pytest.mark.parametrize("name", TROUBLES)
def test_whatever_kms_says_no_for_nothing_is_sealed_or_opened_and_later_it_is(cloud, name):
    # given a key that was never made
    cloud.trouble(name)
    with pytest.raises(KeyUnavailable, match="GenerateDataKey"):
        cloud.process().seal(b"text", WHOSE)
    cloud.well()
    sealed = cloud.process().seal(b"text", WHOSE)
    # and one that was
    cloud.trouble(name)
    with pytest.raises(KeyUnavailable, match="Decrypt"):
        cloud.process().open(sealed, WHOSE)
    cloud.well()
    assert cloud.process().open(sealed, WHOSE) == b"text"


def test_a_data_key_opens_in_its_own_stage_and_under_its_own_name_alone(cloud):
    kms = Kms(cloud.clients)
    key, wrapped = kms.make(cloud.key, {"stage": "s", "key": "1"})
    assert len(key) == 32
    assert kms.unwrap(cloud.key, wrapped, {"stage": "s", "key": "1"}) == key
    for other in ({"stage": "t", "key": "1"}, {"stage": "s", "key": "2"}):
        with pytest.raises(KeyUnavailable):
            kms.unwrap(cloud.key, wrapped, other)


def test_the_cipher_is_aes_256_gcm_as_others_have_it():
    sealed = AesGcm().seal(KEY, b"text", b"bound")
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"bound") == b"text"
    assert AesGcm().open(KEY, sealed, b"bound") == b"text"
    assert AesGcm().open(KEY, sealed, b"other") is None
    assert AesGcm().open(b"o" * 32, sealed, b"bound") is None
    assert [AesGcm().open(KEY, sealed[:end], b"bound") for end in range(len(sealed))] == [None] * len(sealed)


def test_no_nonce_comes_twice():
    sealed = {AesGcm().seal(KEY, b"text", b"")[:12] for _ in range(10_000)}
    assert len(sealed) == 10_000


def test_what_is_sealed_takes_37_bytes_more(cloud):
    sealed = cloud.process().seal(b"x" * 100, WHOSE)
    assert len(sealed) == 100 + 1 + 8 + 12 + 16


def test_a_changed_payload_is_missing_and_not_read(cloud):
    sealer = cloud.process()
    with pytest.raises(PayloadMissing, match="args of job"):
        sealer.open(sealer.seal(b"text", WHOSE)[:-1] + b"x", WHOSE)


def settings(**given):
    return Settings.from_env({"JOBLINE_TASKS": "chalicelib.tasks", **given})


@pytest.mark.parametrize(
    "text", ["alias/mine", "x", ARN.replace(":key/", ":alias/"), f"{ARN},{ARN}x", ARN + "\n:"]
)
def test_a_key_is_named_by_its_arn_and_one_seals(text):
    with pytest.raises(BadSetting, match="JOBLINE_SEAL_KEY"):
        settings(JOBLINE_SEAL_KEY=text)


def test_keys_that_open_may_be_several():
    found = settings(JOBLINE_SEAL_KEY=ARN, JOBLINE_OPEN_KEYS=f"{ARN}1, {ARN}2")
    assert (found.seal_key, found.open_keys) == (ARN, (f"{ARN}1", f"{ARN}2"))
    assert (settings().seal_key, settings().open_keys) == (None, ())
    with pytest.raises(BadSetting, match="JOBLINE_OPEN_KEYS"):
        settings(JOBLINE_OPEN_KEYS="alias/x")


@pytest.mark.parametrize("variable", ["JOBLINE_SEAL_KEY", "JOBLINE_OPEN_KEYS"])
def test_a_stage_that_seals_does_not_start_without_the_library(monkeypatch, variable):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.delitem(sys.modules, "chalicelib.adapters.cipher", raising=False)
    with pytest.raises(BadSetting, match=r"`cryptography` is not in the package.*requirements\.txt"):
        wiring.build(settings(**{variable: ARN}))


def test_a_stage_that_names_no_key_loads_nothing_for_it(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    before = set(sys.modules)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    built = wiring.build(settings())
    assert not built.sealer.on
    assert not {name for name in set(sys.modules) - before if "sealing" in name or "cipher" in name}


def test_a_stage_that_seals_is_wired_to_kms(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert wiring.build(settings(JOBLINE_SEAL_KEY=ARN)).sealer.on
    assert not wiring.build(settings(JOBLINE_OPEN_KEYS=ARN)).sealer.on
