"""Small items: conditional writes of a few plain fields, listed in order, and an index of their appointments."""

from datetime import timedelta

import pytest

from chalicelib.domain.change import Equals, Missing, Present
from chalicelib.pipeline.items import Below, Edit, Kept, Spot, Unkept, from_ms, to_ms
from tests.contract.rows import DAY, NOW, SECOND
from tests.contract.test_rows import THREADS, at_once

SPOT = Spot("slot#größe stripe", "0007 ✓")
FREE = (Missing("owner"),)
OVER = (Below("until", 1000),)


def test_an_item_that_is_not_there_has_no_fields(items):
    assert items.read(SPOT) == {}
    assert items.listed(SPOT.shelf, limit=10) == []


def test_a_write_makes_the_item_and_answers_with_its_fields(items):
    fields = {"owner": "3.abc", "until": 2**62, "names": ("b", "", "a"), "empty": "", "below": -1}
    assert items.write(SPOT, Edit(set=fields)) == Kept(fields=fields)
    assert items.read(SPOT) == fields


def test_a_write_changes_adds_and_removes(items):
    items.write(SPOT, Edit(set={"owner": "a", "turn": 3, "old": "x"}))
    after = {"owner": "b", "turn": 5, "times": 1}
    edit = Edit(set={"owner": "b"}, add={"turn": 2, "times": 1}, remove=("old",))
    assert items.write(SPOT, edit) == Kept(fields=after)
    assert items.read(SPOT) == after


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        (((),), True),
        ((FREE,), False),
        ((FREE, OVER), True),
        ((OVER,), True),
        (((Below("until", 900),),), False),
        (((Below("until", 899),), (Below("none", 1),)), False),
        (((Present("owner"), Equals("owner", "a"), *OVER),), True),
        (((Equals("owner", "b"),), (Equals("until", 900),)), True),
        (((Equals("owner", "a"), Missing("until")),), False),
        (((Present("none"),),), False),
    ],
)
def test_one_of_the_conditions_must_hold(items, where, holds):
    before = {"owner": "a", "until": 900}
    items.write(SPOT, Edit(set=before))
    answer = items.write(SPOT, Edit(where=where, set={"owner": "c"}))
    if holds:
        assert answer == Kept(fields={"owner": "c", "until": 900})
    else:
        assert answer == Unkept(fields=before)
        assert items.read(SPOT) == before
    assert items.delete(SPOT, where) == (holds and items.read(SPOT) == {})


def test_a_condition_on_nothing_is_one_on_an_item_without_fields(items):
    assert items.write(SPOT, Edit(where=((Present("owner"),),), set={"x": 1})) == Unkept(fields={})
    assert items.read(SPOT) == {}
    assert items.write(SPOT, Edit(where=(FREE,), set={"owner": "a"})) == Kept(fields={"owner": "a"})
    assert items.write(SPOT, Edit(where=(FREE,), set={"owner": "b"})) == Unkept(fields={"owner": "a"})


def test_of_many_who_take_a_free_item_one_gets_it(items):
    def take(name):
        return isinstance(items.write(SPOT, Edit(where=(FREE,), set={"owner": name})), Kept)

    assert at_once(take, [(f"w{number}",) for number in range(THREADS)]).count(True) == 1


def test_deleting_what_is_gone_is_no_refusal(items):
    assert items.delete(SPOT)
    assert items.delete(SPOT, ((Equals("owner", "a"),),))
    items.write(SPOT, Edit(set={"owner": "b"}))
    assert not items.delete(SPOT, ((Equals("owner", "a"),),))
    assert items.read(SPOT) == {"owner": "b"}
    assert items.delete(SPOT, ((Equals("owner", "b"),),))
    assert items.read(SPOT) == {}


def test_a_shelf_is_listed_in_the_order_of_its_keys(items):
    keys = ["b", "a", "aa", "Z", "é", "10", "9", "\U0001f600", "\uffee"]
    for number, key in enumerate(keys):
        items.write(Spot("line#x", key), Edit(set={"number": number}))
    items.write(Spot("line#xy", "a"), Edit(set={"number": 99}))
    ordered = sorted(keys, key=str.encode)
    whole = items.listed("line#x", limit=100)
    assert [key for key, _ in whole] == ordered
    assert whole[0][1] == {"number": keys.index(ordered[0])}
    assert [key for key, _ in items.listed("line#x", limit=3)] == ordered[:3]
    assert [key for key, _ in items.listed("line#x", after=ordered[2], limit=100)] == ordered[3:]


def test_a_listing_goes_on_over_many_pages(items, backend):
    backend.small_pages(2)
    for number in range(7):
        items.write(Spot("line#x", str(number)), Edit(set={"n": number}))
    assert [key for key, _ in items.listed("line#x", limit=5)] == ["0", "1", "2", "3", "4"]
    assert len(items.listed("line#x", limit=50)) == 7


def test_what_is_due_is_found_by_its_appointment(items):
    spots = [Spot("schedule#a", str(number)) for number in range(6)]
    for number, spot in enumerate(spots):
        items.write(spot, Edit(set={"n": number}, due=NOW + number * SECOND))
    assert set(items.due(NOW + 2 * SECOND, 100)) == set(spots[:3])
    assert len(items.due(NOW + DAY, 2)) == 2
    # moved, taken away, left as it is, deleted
    items.write(spots[0], Edit(set={"n": 9}, due=NOW + DAY))
    items.write(spots[1], Edit(set={"n": 9}, undue=True))
    items.write(spots[2], Edit(set={"n": 9}))
    items.delete(spots[3])
    assert set(items.due(NOW + timedelta(seconds=4), 100)) == {spots[2], spots[4]}
    assert items.read(spots[1]) == {"n": 9}


def test_items_are_no_rows_and_rows_are_no_items(items, store):
    items.write(SPOT, Edit(set={"n": 1}, due=NOW))
    assert store.due(NOW + DAY, 10) == []
    assert store.dead(None, 10)[0] == []


def test_an_item_may_be_deleted_by_itself_when_its_time_is_over(aws):
    aws.items.write(SPOT, Edit(set={"owner": "a"}, until=NOW))
    [stored] = aws.all_items()
    assert int(stored["ttl"]["N"]) == int(NOW.timestamp()) + 1
    assert aws.items.read(SPOT) == {"owner": "a"}


def test_a_time_is_held_in_milliseconds(items):
    at = NOW + timedelta(milliseconds=7)
    answer = items.write(SPOT, Edit(set={"at": to_ms(at)}))
    assert from_ms(answer.fields["at"]) == at


def test_a_number_is_put_into_a_set_once_however_often_it_comes(items):
    where = ((Present("at"),),)
    assert items.write(SPOT, Edit(where=where, include={"done": frozenset({1})})) == Unkept(fields={})
    items.write(SPOT, Edit(set={"at": 5, "kept": frozenset({9})}))
    items.write(SPOT, Edit(where=where, include={"done": frozenset({70000, 0}), "none": frozenset()}))
    after = {"at": 5, "kept": frozenset({9}), "done": frozenset({0, 1, 70000})}
    for _ in range(2):
        edit = Edit(where=where, include={"done": frozenset({1})})
        assert items.write(SPOT, edit) == Kept(fields=after)
    assert items.read(SPOT) == after


def test_threads_that_put_numbers_into_one_set_lose_none_and_one_sees_it_full(items):
    answers = at_once(
        lambda n: items.write(SPOT, Edit(include={"done": frozenset({n})})), [(n,) for n in range(THREADS)]
    )
    assert items.read(SPOT) == {"done": frozenset(range(THREADS))}
    assert any(len(answer.fields["done"]) == THREADS for answer in answers)
