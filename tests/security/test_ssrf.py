"""The API makes nobody ask an inner address: every URL of the table at the door, and names that change their answer behind it."""

from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.adapters.courier import HttpsCourier
from chalicelib.domain.errors import DeliveryFailed, InvalidInput
from chalicelib.pipeline.ports import Parcel
from tests.api.desk import Desk
from tests.security.ground import quiet
from tests.security.tally import tell
from tests.unit.pipeline.urls import BAD, NOT_PUBLIC

PUBLIC = "93.184.216.34"
INNER = [one for one in NOT_PUBLIC if ":" in one or (one.count(".") == 3 and "hooks" not in one)]


def test_no_url_of_the_table_becomes_an_endpoint_by_any_door():
    """Registered, or changed later: each is refused by its argument, and neither kept nor repeated."""
    urls = [url for url in BAD if _is_text(url)]
    found, errors = [], 0
    with quiet():
        desk = Desk()
        wiring.use(desk.parts)
        ann = desk.caller("operate")
        made = ann.post("/webhooks", {"url": "https://hooks.example.org/x"}).body["id"]
        for url in urls:
            for reply in (
                ann.post("/webhooks", {"url": url}),
                ann.ask("PATCH", f"/webhooks/{made}", {"url": url}),
            ):
                right = reply.status == 422 and reply.argument == "url"
                found += [] if right else [f"{url!r}: {reply.status} {reply.text}"]
                errors += reply.status >= 500
        kept = [one["url"] for one in ann.get("/webhooks").body["webhooks"]]
    tell(cases=2 * len(urls), server_errors=errors)
    assert not found, "\n".join(found)
    assert len(urls) >= 150
    assert kept == ["https://hooks.example.org/x"]


def _is_text(url: str) -> bool:
    """Half of a surrogate pair is none: such a body is refused before anybody asks what it says."""
    return not any("\ud800" <= one <= "\udfff" for one in url)


@pytest.mark.parametrize("inner", INNER)
def test_a_name_that_leads_inside_sooner_or_later_is_not_asked(inner):
    """Public when it is registered, inner when it is used; or both at once. No connection is begun."""
    parcel = Parcel(url="https://hooks.example.org/x", body="{}", headers={})
    answers = iter([[PUBLIC], [inner], [PUBLIC, inner], [inner, PUBLIC]])
    courier = HttpsCourier(resolver=lambda host, port: next(answers), port=1)
    courier.check(parcel.url)
    for _ in range(3):
        with pytest.raises((InvalidInput, DeliveryFailed), match="not public"):
            courier.deliver(parcel, timedelta(seconds=1))
    tell(cases=3)
