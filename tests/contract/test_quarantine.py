"""Where messages go that are no wake-ups."""

from dataclasses import replace

from chalicelib.pipeline.ports import Oddity
from tests.contract.rows import NOW

ODDITY = Oddity(message_id="0b1c-m", lane="low", body="\x00 not JSON ü🦶", why="message: not JSON", at=NOW)


def kept(backend) -> dict[str, Oddity]:
    """What lies in the quarantine, by message id."""
    if backend.name == "memory":
        return dict(backend.quarantine.kept)
    found = [item for item in backend.all_items() if item["pk"]["S"] == f"quarantine#{NOW:%Y%m%d}"]
    return {
        item["sk"]["S"]: Oddity(
            message_id=item["sk"]["S"],
            lane=item["lane"]["S"],
            body=item["body"]["S"],
            why=item["why"]["S"],
            at=NOW if item["at"]["N"] == str(int(NOW.timestamp() * 1000)) else NOW.replace(year=1),
        )
        for item in found
    }


def test_a_strange_message_is_kept_as_it_came(backend, quarantine):
    quarantine.keep(ODDITY)
    assert kept(backend) == {"0b1c-m": ODDITY}


def test_the_same_message_again_takes_its_own_place(backend, quarantine):
    quarantine.keep(ODDITY)
    quarantine.keep(replace(ODDITY, why="still not JSON"))
    assert kept(backend) == {"0b1c-m": replace(ODDITY, why="still not JSON")}


def test_messages_of_one_day_lie_side_by_side(backend, quarantine):
    quarantine.keep(ODDITY)
    quarantine.keep(replace(ODDITY, message_id="m2"))
    assert set(kept(backend)) == {"0b1c-m", "m2"}


def test_an_empty_body_is_kept_too(backend, quarantine):
    quarantine.keep(replace(ODDITY, body="", why=""))
    assert kept(backend)["0b1c-m"].body == ""
