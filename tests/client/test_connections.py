"""How the client meets the network: what it says of itself, where it goes through, how it ends, and what a fork or many threads do to it."""

import os
import threading
import tomllib
from pathlib import Path

import httpx
import pytest

from jobline.client import ApiError, AsyncClient, Client, ClientError
from jobline.client.http import AGENT, options
from tests.support.wire import URL, Answer

ROOT = Path(__file__).parents[2]


class Taps(httpx.BaseTransport):
    """Answers everything, and remembers what was asked."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []
        self.closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return httpx.Response(200, json={"id": "1", "task": "add", "state": "QUEUED"})

    def close(self) -> None:
        self.closed = True


def test_it_says_who_it_is_and_lets_the_caller_say_otherwise():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"jobline-client/{version}" == AGENT
    taps = Taps()
    with Client(URL, key="k", transport=taps) as plain:
        plain.job("1")
    with Client(URL, key="k", transport=taps, headers={"User-Agent": "shop/2"}) as named:
        named.job("1")
    assert [one.headers["user-agent"] for one in taps.seen] == [AGENT, "shop/2"]
    assert [one.headers["authorization"] for one in taps.seen] == ["Bearer k", "Bearer k"]


def test_proxies_of_the_environment_are_for_the_world_and_never_for_this_machine():
    assert options("https://api.test", "k", {})["trust_env"] is True
    assert options("http://127.0.0.1:8000", "k", {})["trust_env"] is False
    assert options("https://api.test", "k", {"trust_env": False})["trust_env"] is False


def test_what_httpx_takes_is_passed_on():
    limits = httpx.Limits(max_connections=3)
    given = options("https://api.test", "k", {"timeout": 5, "limits": limits, "proxy": "http://p:1"})
    assert (given["timeout"], given["limits"], given["proxy"]) == (5, limits, "http://p:1")


def test_a_closed_client_says_so_and_closing_again_does_nothing(client):
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.job("1")


def test_closing_closes_the_connections():
    taps = Taps()
    Client(URL, key="k", transport=taps).close()
    assert taps.closed


def test_a_forked_process_opens_connections_of_its_own_and_leaves_its_parents_alone(monkeypatch):
    made: list[Taps] = []

    def make(**_: object) -> httpx.Client:
        made.append(Taps())
        return real(base_url=URL, transport=made[-1])

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", make)
    client = Client(URL, key="k")
    client.job("1")
    client.job("1")
    # when: what it is in the child
    monkeypatch.setattr(os, "getpid", lambda: -1)
    client.job("1")
    client.job("1")
    client.close()
    # then
    assert [len(one.seen) for one in made] == [2, 2]
    assert [one.closed for one in made] == [False, True]


def test_a_forked_process_that_closes_what_it_inherited_closes_nothing_of_its_parents(monkeypatch):
    taps = Taps()
    client = Client(URL, key="k", transport=taps)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    client.close()
    assert not taps.closed
    with pytest.raises(RuntimeError, match="closed"):
        client.job("1")


def test_threads_share_one_client():
    taps, client_errors = Taps(), []
    client = Client(URL, key="k", transport=taps)

    def ask() -> None:
        try:
            for _ in range(20):
                client.job("1")
        except Exception as error:  # noqa: BLE001 - whatever it was, the test must see it
            client_errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert client_errors == []
    assert len(taps.seen) == 160


def test_a_redirect_is_not_followed_and_named(client, wire):
    wire.troubles = [Answer(302, headers={"Location": "https://sign-in.test"})]
    with pytest.raises(ApiError, match=r"302 a redirect to https://sign-in\.test"):
        client.job("1")
    assert len(wire.seen) == 1


def test_an_answer_that_is_somebody_elses_is_no_job(client, wire):
    wire.troubles = [Answer(200, json={"hello": "world"})]
    with pytest.raises(ClientError, match="no job of Jobline's"):
        client.job("1")


def test_an_answer_that_cannot_be_read_is_asked_for_again(client, wire):
    wire.troubles = [httpx.DecodingError("not gzip")]
    assert client.submit("add", a=1).job.state == "QUEUED"
    assert len(wire.seen) == 2


def test_a_service_that_says_when_it_is_back_is_waited_for_and_no_longer_than_half_a_minute(
    client, wire, pauses
):
    wire.troubles = [Answer(503, headers={"Retry-After": "7"}, json={"title": "later"})]
    client.submit("add", a=1)
    assert pauses[0] >= 7
    wire.troubles = [Answer(503, headers={"Retry-After": "3600"}, json={"title": "later"})]
    with pytest.raises(ApiError):
        client.submit("add", a=1)


def test_the_twins_have_the_same_verbs_with_the_same_arguments():
    import inspect

    def verbs(of: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(member).parameters)
            for name, member in inspect.getmembers(of, inspect.isfunction)
            if not name.startswith("_")
        }

    assert verbs(Client) == verbs(AsyncClient)
