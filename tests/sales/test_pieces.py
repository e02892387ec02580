import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.sales.pieces import HEADER, WrongTable, cut, lines


@pytest.fixture
def table(tmp_path):
    def written(*rows: str, end: str = "\n"):
        path = tmp_path / "table.csv"
        path.write_bytes(end.join([HEADER, *rows]).encode())
        return path

    return written


@given(
    rows=st.lists(st.text(alphabet="aß,€ ", max_size=40), max_size=30),
    most=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
)
def test_the_pieces_together_are_all_rows_and_none_twice(tmp_path_factory, rows, most, end, last):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_bytes((end.join([HEADER, *rows]) + (end if last else "")).encode())

    found = cut(path, most)

    assert len(found) <= most
    assert all(one.start < one.end for one in found)
    read = [line for one in found for line in lines(one)]
    expected = (end.join(rows) + (end if last and rows else "")).encode().decode().splitlines()
    assert read == expected


def test_pieces_are_of_about_the_same_size(table):
    sizes = [one.end - one.start for one in cut(table(*["x" * 50] * 1000), 8)]
    assert len(sizes) == 8
    assert max(sizes) - min(sizes) <= 2 * 51


def test_a_row_that_is_longer_than_a_piece_stays_whole(table):
    found = cut(table("a" * 1000, "b", "c"), 10)
    assert [line for one in found for line in lines(one)] == ["a" * 1000, "b", "c"]
    assert len(found) == 2


def test_a_table_without_rows_has_no_pieces(table):
    assert cut(table(), 8) == []


def test_what_does_not_begin_with_the_header_is_refused(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(WrongTable, match=r"other\.csv does not begin with date,region"):
        cut(other, 2)


def test_a_table_that_changed_since_it_was_cut_is_refused(table):
    path = table("a", "b")
    [piece] = cut(path, 1)
    path.write_text(path.read_text() + "c")
    with pytest.raises(WrongTable, match="bytes when it was cut"):
        list(lines(piece))
