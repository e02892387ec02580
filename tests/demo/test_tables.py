import json

import pytest

from examples.demo.work.columns import MOST_DISTINCT, ColumnReader
from examples.demo.work.tables import TELL_EVERY, BrokenTable, summarise, to_json


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "6"], ("integer", 1.0, 6.0, 3.0)),
        (["1", "2.5", "-1e2"], ("number", -100.0, 2.5, -32.1667)),
        (["2.5", "", "4"], ("number", 2.5, 4.0, 3.25)),
        (["2026-01-02", "2025-12-31T10:00:00Z"], ("date", "2025-12-31T10:00:00Z", "2026-01-02", None)),
        (["yes", "No", "TRUE"], ("boolean", None, None, None)),
        (["1", "two"], ("text", None, None, None)),
        (["2026-01-02", "7"], ("text", None, None, None)),
        (["", ""], ("empty", None, None, None)),
        (["9" * 400], ("text", None, None, None)),
        (["1e999"], ("text", None, None, None)),
        (["NaN", "inf"], ("text", None, None, None)),
    ],
)
def test_a_column_is_what_all_its_cells_are(cells, expected):
    reader = ColumnReader(name="c")
    for cell in cells:
        reader.take(cell)
    found = reader.summary()

    assert (found.type, found.low, found.high, found.mean) == expected
    assert found.filled == sum(cell != "" for cell in cells)
    json.dumps(found.low, allow_nan=False)


def test_different_values_are_counted_up_to_a_bound_that_is_admitted():
    reader = ColumnReader(name="c")
    for number in range(MOST_DISTINCT + 5):
        reader.take(str(number))

    assert (reader.summary().distinct, reader.summary().distinct_is_floor) == (MOST_DISTINCT, True)


def test_a_table_is_summarised_row_for_row(tmp_path):
    (tmp_path / "t.csv").write_text('day,amount,"who, where"\n2026-01-01,2.50,"A, B"\n\n2026-01-03,3.50,C\n')

    found = summarise(tmp_path / "t.csv")

    assert (found.rows, found.delimiter, found.encoding) == (2, ",", "utf-8")
    assert [(column.name, column.type, column.mean) for column in found.columns] == [
        ("day", "date", None),
        ("amount", "number", 3.0),
        ("who, where", "text", None),
    ]


@pytest.mark.parametrize(
    ("name", "rows", "encoding", "delimiter"),
    [
        ("sales_02.csv", 74, "utf-8", ","),
        ("bureau_01.csv", 91, "utf-8-sig", ";"),
        ("spreadsheet_export.csv", 120, "utf-16", ","),
        ("only_a_header.csv", 0, "utf-8", ","),
    ],
)
def test_the_dialects_of_office_programs_are_read(samples, name, rows, encoding, delimiter):
    found = summarise(samples / "tables" / name)

    assert (found.rows, found.encoding, found.delimiter) == (rows, encoding, delimiter)
    if rows:
        amount = next(column for column in found.columns if column.name == "amount")
        assert amount.type == "number"
        assert amount.filled == rows


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "t.csv is empty: there is not even a header"),
        (b"a,b\n1,2\n3\n", "t.csv: row 3 has 1 cells, the header has 2"),
        (b"a,b\n1,2\n\xe9,4\n", "t.csv: byte 0xe9 in line 3 is not UTF-8"),
        (b"\xff\xfea", "t.csv starts like utf-16, but is not"),
        (b'a,b\n"1"x,2\n', "t.csv is not CSV"),
    ],
)
def test_a_broken_table_is_refused_with_the_place_and_the_reason(tmp_path, content, says):
    (tmp_path / "t.csv").write_bytes(content)

    with pytest.raises(BrokenTable) as refused:
        summarise(tmp_path / "t.csv")

    assert str(refused.value).startswith(says)


@pytest.mark.parametrize("name", ["broken_empty.csv", "broken_encoding.csv", "broken_ragged_rows.csv"])
def test_the_broken_samples_are_refused(samples, name):
    with pytest.raises(BrokenTable, match=name):
        summarise(samples / "tables" / name)


def test_a_long_table_tells_how_far_it_is(tmp_path):
    (tmp_path / "t.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(2 * TELL_EVERY + 1)))
    told: list[tuple[float, str]] = []

    summarise(tmp_path / "t.csv", lambda share, words: told.append((share, words)))

    assert [words for _, words in told] == ["5,000 rows", "10,000 rows"]
    assert all(0 < share <= 1 for share, _ in told)


def test_a_summary_as_a_file_is_json_with_every_letter_as_it_is_written(tmp_path):
    (tmp_path / "t.csv").write_text("città\nGdańsk\n")

    text = to_json(summarise(tmp_path / "t.csv")).decode()

    assert json.loads(text)["columns"][0]["name"] == "città"
    assert "città" in text
