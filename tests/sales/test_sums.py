import random

import pytest

from examples.sales import sample
from examples.sales.pieces import cut, lines
from examples.sales.sums import QUOTED, Sums, add_up, merged, money

ROWS = [
    "2025-01-31,north,chair,2,10.05",
    '2025-02-01,north,"stool, 3 legs",1,0.99',
    "2025-02-28,east,chair,3,1.00",
]


def test_rows_are_added_up_by_month_region_and_product_to_the_cent():
    found = add_up(ROWS)
    assert found.cents == {"2025-01": {"north": 2010}, "2025-02": {"north": 99, "east": 300}}
    assert found.units == {"chair": 5, "stool, 3 legs": 1}
    assert (found.rows, found.total, found.regions) == (3, 2409, ["east", "north"])


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2025-02-30,north,chair,1,10.00", "day is out of range"),
        ("2025-03-01,,chair,1,10.00", "no region"),
        ("2025-03-01,west,lamp,one,10.00", "'one'"),
        ("2025-03-01,west,lamp,1,n/a", "no price: 'n/a'"),
        ("2025-03-01,west,lamp,1,10", "no price: '10'"),
        ("2025-03-01,west", "2 cells"),
        ('2025-03-01,west,"lamp,1,10.00', "unexpected end of data"),
        ("", "1 cells"),
    ],
)
def test_a_row_that_cannot_be_read_is_counted_and_quoted_and_spoils_nothing(row, why):
    found = add_up([ROWS[0], row, ROWS[1]])
    assert (found.rows, found.broken, found.total) == (2, 1, 2109)
    assert why in found.quoted[0]
    assert row[:20] in found.quoted[0]


def test_only_the_first_broken_rows_are_quoted():
    found = merged([add_up(["x"] * 4), add_up(["y"] * 4)])
    assert (found.broken, len(found.quoted)) == (8, QUOTED)


@pytest.mark.parametrize("most", [1, 2, 7, 50])
def test_however_it_is_cut_and_in_whatever_order_it_is_merged_the_sums_are_the_same(tmp_path, most):
    path = tmp_path / "sales.csv"
    sample.write(path, rows=12_000, seed=3)
    whole = add_up(lines(cut(path, 1)[0]))
    parts = [add_up(lines(piece)) for piece in cut(path, most)]
    random.Random(most).shuffle(parts)

    found = merged(parts)

    assert (found.rows, found.cents, found.units) == (whole.rows, whole.cents, whole.units)
    assert found.broken == whole.broken == 2
    assert list(found.cents) == sorted(found.cents)


def test_the_same_seed_makes_the_same_table(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        sample.write(tmp_path / name, rows=500, seed=seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_money_is_written_to_the_cent():
    assert [money(cents) for cents in (0, 5, 123456789)] == ["0.00", "0.05", "1,234,567.89"]
    assert merged([]) == Sums()
