import pytest

from examples.demo.work.texts import BrokenText, count


def test_words_are_counted_without_regard_to_case(tmp_path):
    (tmp_path / "t.txt").write_text("The tide, the TIDE!\nIt's 3 o’clock: été\n")

    found = count(tmp_path / "t.txt")

    assert (found.lines, found.words, found.distinct) == (2, 7, 5)
    assert found.top == [("the", 2), ("tide", 2), ("it's", 1), ("o’clock", 1), ("été", 1)]
    assert found.bytes == (tmp_path / "t.txt").stat().st_size


def test_an_empty_text_has_no_words(samples):
    found = count(samples / "texts" / "empty.txt")

    assert (found.lines, found.words, found.top) == (0, 0, [])


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"ab\0c", "holds a zero byte"), (b"one\ntw\xe9", "byte 0xe9 in line 2 is not UTF-8")],
)
def test_what_is_no_text_is_refused(tmp_path, content, says):
    (tmp_path / "t.txt").write_bytes(content)

    with pytest.raises(BrokenText, match=says):
        count(tmp_path / "t.txt")
