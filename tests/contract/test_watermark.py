"""The sweep's watermarks: compare and set."""

from tests.contract.rows import MS, NOW, SECOND
from tests.contract.test_rows import at_once


def test_there_is_none_at_first(store):
    assert store.watermark("fast") is None


def test_the_first_move_asks_that_there_is_none(store):
    assert store.move_watermark("fast", None, NOW)
    assert store.watermark("fast") == NOW
    assert not store.move_watermark("fast", None, NOW + SECOND)
    assert store.watermark("fast") == NOW


def test_it_moves_only_from_where_it_was_seen(store):
    store.move_watermark("fast", None, NOW)
    assert not store.move_watermark("fast", NOW + MS, NOW + SECOND)
    assert not store.move_watermark("fast", NOW - MS, NOW + SECOND)
    assert store.move_watermark("fast", NOW, NOW + SECOND)
    assert store.watermark("fast") == NOW + SECOND


def test_it_cannot_be_moved_where_it_is_not(store):
    assert not store.move_watermark("fast", NOW, NOW + SECOND)
    assert store.watermark("fast") is None


def test_each_pass_has_its_own(store):
    store.move_watermark("fast", None, NOW)
    assert store.watermark("slow") is None
    assert store.move_watermark("slow", None, NOW - SECOND)
    assert (store.watermark("fast"), store.watermark("slow")) == (NOW, NOW - SECOND)


def test_an_own_move_whose_reply_was_lost_is_a_move(store):
    assert store.move_watermark("fast", None, NOW)
    assert store.move_watermark("fast", None, NOW)
    assert store.move_watermark("fast", NOW, NOW + SECOND)
    assert store.move_watermark("fast", NOW, NOW + SECOND)
    assert store.watermark("fast") == NOW + SECOND


def test_of_eight_who_move_it_at_once_one_moves_it(store):
    store.move_watermark("fast", None, NOW)
    answers = at_once(store.move_watermark, [("fast", NOW, NOW + number * SECOND) for number in range(1, 9)])
    assert answers.count(True) == 1
    assert store.watermark("fast") == NOW + (answers.index(True) + 1) * SECOND
