"""The courier on real sockets and real TLS: it asks the address that was checked, by the name that was given, and not for long."""

import socket
import threading
import time
from datetime import timedelta

import pytest

from chalicelib.adapters.courier import HEAD_BYTES, HttpsCourier
from chalicelib.adapters.memory.courier import MemoryCourier
from chalicelib.domain.errors import DeliveryFailed, InvalidInput, Unavailable
from chalicelib.pipeline.ports import Parcel, Receipt
from tests.adapters.tls import NAME, OK, Authority, serving
from tests.unit.pipeline.urls import BAD, GOOD

LONG = timedelta(seconds=60)
SHORT = timedelta(seconds=1)
PARCEL = Parcel(url=f"https://{NAME}/hook?a=1", headers={"webhook-id": "msg_1"}, body='{"ü":1}')


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def identity(authority):
    return authority.server(NAME)


def courier(authority, server, *, resolver=lambda host, port: ["127.0.0.1"], allowed=lambda _: True):
    """The real one, told what only a test tells it: that this machine may be asked, on this port, by this CA."""
    return HttpsCourier(resolver=resolver, allowed=allowed, context=authority.client, port=server.port)


def answers(text):
    return lambda line: line.sendall(text)


def test_a_message_arrives_as_it_was_handed_over(authority, identity):
    with serving(identity) as server:
        assert courier(authority, server).deliver(PARCEL, LONG) == Receipt(status=200)
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    assert first == "POST /hook?a=1 HTTP/1.1"
    assert sorted(lines) == ["Connection: close", "Content-Length: 8", f"Host: {NAME}", "webhook-id: msg_1"]
    assert body == PARCEL.body
    assert server.names == [NAME]


def test_status_and_retry_after_are_all_that_is_read(authority, identity):
    script = answers(b"HTTP/1.1 503 Busy\r\nRETRY-AFTER:  120 \r\nSet-Cookie: x\r\n\r\nno\r\n\r\n")
    with serving(identity, script) as server:
        assert courier(authority, server).deliver(PARCEL, LONG) == Receipt(status=503, retry_after="120")


def test_a_redirect_is_an_answer_and_not_followed(authority, identity):
    script = answers(b"HTTP/1.1 307 Elsewhere\r\nLocation: https://169.254.169.254/\r\n\r\n")
    with serving(identity, script) as server:
        assert courier(authority, server).deliver(PARCEL, LONG).status == 307
    assert server.connections == 1


def test_interim_answers_are_passed_over(authority, identity):
    script = answers(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK)
    with serving(identity, script) as server:
        assert courier(authority, server).deliver(PARCEL, LONG).status == 200


# ------------------------------------------------------------------------------------------------------- who it talks to


def test_a_name_that_changes_its_answer_gains_nothing(authority, identity):
    # given a name that is public when it is registered, and leads inside afterwards
    found = iter([["93.184.216.34"], ["127.0.0.1"]])
    with serving(identity) as server:
        real = HttpsCourier(
            resolver=lambda host, port: next(found), context=authority.client, port=server.port
        )
        real.check(PARCEL.url)
        # when something is sent, then the address is looked at again
        with pytest.raises(InvalidInput, match="not public"):
            real.deliver(PARCEL, LONG)
    assert server.connections == 0


def test_the_name_is_asked_once_and_the_connection_goes_to_what_was_checked(authority, identity):
    asked, checked = [], []

    def resolver(host, port):
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    def allowed(address):
        checked.append(address)
        return True

    with serving(identity) as server:
        courier(authority, server, resolver=resolver, allowed=allowed).deliver(PARCEL, LONG)
    assert asked == [(NAME, 443)]
    assert checked == ["127.0.0.1"]
    assert server.connections == 1


@pytest.mark.parametrize(
    "found",
    [
        ["10.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["::1"],
        ["93.184.216.34", "::ffff:10.0.0.1"],
        ["fd00:ec2::254"],
    ],
)
def test_one_address_that_is_not_public_makes_the_name_suspect(found):
    real = HttpsCourier(resolver=lambda host, port: found)
    with pytest.raises(InvalidInput, match="not public"):
        real.check(PARCEL.url)
    with pytest.raises(InvalidInput, match="not public"):
        real.deliver(PARCEL, LONG)


def test_the_first_address_that_takes_a_connection_is_taken(authority, identity):
    with serving(identity) as server:
        real = courier(authority, server, resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"])
        assert real.deliver(PARCEL, LONG).status == 200


@pytest.mark.parametrize("whose", ["another name's", "another authority's"])
def test_a_certificate_of_another_name_or_authority_is_none(authority, tmp_path, whose):
    shown = authority.server("other.example.org") if "name" in whose else Authority(tmp_path).server(NAME)
    with serving(shown) as server, pytest.raises(DeliveryFailed, match="certificate"):
        courier(authority, server).deliver(PARCEL, LONG)
    assert server.requests == []


def test_plain_http_is_no_answer_to_tls(authority):
    with serving(None) as server, pytest.raises(DeliveryFailed, match="no answer"):
        courier(authority, server).deliver(PARCEL, timedelta(seconds=0.5))


# ------------------------------------------------------------------------------------------------------------- how long


def slowly(line):
    for byte in OK * 100:
        line.sendall(bytes([byte]))
        time.sleep(
            0.1
        )  # the other side is slow on a real line: the limit that is shown here is one of real time


def endlessly(line):
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        line.sendall(b"X-Header: value\r\n" * 1000)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda line: None, "closed before"),
        (answers(b"HTTP/1.1 200 OK\r\n"), "closed before"),
        (answers(b"SSH-2.0-OpenSSH\r\n\r\n"), "no HTTP"),
        (answers(b"HTTP/2 200\r\n\r\n"), "no HTTP"),
        (answers(b"HTTP/1.1 abc\r\n\r\n"), "no HTTP"),
        (answers("HTTP/1.1 ٢٠٠ OK\r\n\r\n".encode()), "no HTTP"),
        (answers(b"\r\n\r\n"), "no HTTP"),
        (endlessly, f"longer than {HEAD_BYTES:,} bytes"),
    ],
    ids=[
        "closes",
        "half a head",
        "SSH",
        "HTTP/2",
        "letters",
        "digits",
        "empty",
        "endless head",
    ],
)
def test_what_is_no_answer_ends_the_delivery(authority, identity, script, said):
    with serving(identity, script) as server, pytest.raises(DeliveryFailed, match=said):
        courier(authority, server).deliver(PARCEL, LONG)


@pytest.mark.parametrize("script", [slowly, lambda line: line.recv(1)], ids=["drips", "silent"])
def test_what_does_not_come_is_waited_for_as_long_as_it_may_take(authority, identity, script):
    with serving(identity, script) as server:
        began = time.monotonic()
        with pytest.raises(DeliveryFailed, match="no answer within"):
            courier(authority, server).deliver(PARCEL, SHORT)
        assert time.monotonic() - began < LONG.total_seconds()  # drops would go on for six minutes


def test_an_endless_body_is_not_read(authority, identity):
    def script(line):
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.sendall(b"x" * 65536)

    with serving(identity, script) as server:
        assert courier(authority, server).deliver(PARCEL, LONG).status == 200


STUCK = 60  # seconds


@pytest.fixture
def stuck():
    """A resolver that answers when the test is over."""
    over = threading.Event()
    yield lambda host, port: over.wait(STUCK) and []
    over.set()


def test_a_resolver_that_does_not_answer_is_not_waited_for(stuck):
    began = time.monotonic()
    with pytest.raises(DeliveryFailed, match=r"no answer within 0\.2 s"):
        HttpsCourier(resolver=stuck).deliver(PARCEL, timedelta(seconds=0.2))
    assert time.monotonic() - began < STUCK * 0.9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.adapters.courier.CHECK_WITHIN", timedelta(seconds=0.2))
        with pytest.raises(Unavailable):
            HttpsCourier(resolver=stuck).check(PARCEL.url)


def test_no_time_left_is_no_attempt():
    with pytest.raises(DeliveryFailed, match="no answer within"):
        HttpsCourier(resolver=lambda host, port: ["93.184.216.34"]).deliver(PARCEL, timedelta(seconds=-1))


def test_nobody_there_is_said(authority, identity):
    with serving(identity) as server:
        pass
    with pytest.raises(DeliveryFailed, match="ConnectionRefusedError"):
        courier(authority, server).deliver(PARCEL, LONG)


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_that_nobody_knows_is_refused_when_it_is_registered_and_failed_when_something_is_sent(error):
    def unknown(host, port):
        raise error

    real = HttpsCourier(resolver=unknown)
    with pytest.raises(InvalidInput, match="cannot be found"):
        real.check(PARCEL.url)
    with pytest.raises(DeliveryFailed, match="cannot be found"):
        real.deliver(PARCEL, LONG)
    with pytest.raises(InvalidInput, match="no address"):
        HttpsCourier(resolver=lambda host, port: []).check(PARCEL.url)


# ------------------------------------------------------------------------------------------- the real one and its twin


@pytest.fixture(params=["real", "twin"])
def either(request):
    return (
        MemoryCourier()
        if request.param == "twin"
        else HttpsCourier(resolver=lambda host, port: ["93.184.216.34"])
    )


@pytest.mark.parametrize("url", BAD)
def test_neither_takes_a_url_that_leads_nowhere_public(either, url):
    for ask in (
        lambda: either.check(url),
        lambda: either.deliver(Parcel(url=url, headers={}, body=""), LONG),
    ):
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert refused.value.argument == "url"


@pytest.mark.parametrize("url", GOOD)
def test_both_take_a_public_one(either, url):
    either.check(url)


# ------------------------------------------------------------------------------------------------------------- loopback


def test_this_machine_is_asked_only_by_a_courier_that_was_told_so():
    with serving(None) as server:
        parcel = Parcel(url=f"http://127.0.0.1:{server.port}/hook", headers={}, body="{}")
        with pytest.raises(InvalidInput):
            HttpsCourier().deliver(parcel, LONG)
        assert server.connections == 0
        local = HttpsCourier(loopback=True)
        local.check(parcel.url)
        assert local.deliver(parcel, LONG).status == 200
    assert f"Host: 127.0.0.1:{server.port}" in server.requests[0].decode()


def test_a_parcel_tells_nothing_of_itself():
    assert repr(PARCEL) == "Parcel()"
