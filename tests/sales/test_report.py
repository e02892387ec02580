"""What people get to see: the chart, the table, the letter."""

from xml.etree import ElementTree as ET

import pytest

from examples.sales.chart import BOTTOM, HEIGHT, TOP, svg
from examples.sales.report import letter, table, text
from examples.sales.sums import Sums

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def found() -> Sums:
    sums = Sums(broken=1, quoted=["'x': 1 cells"])
    for month, region, cents in (
        ("2025-01", "no<rth", 1000),
        ("2025-01", "east", 3000),
        ("2025-02", "east", 2000),
    ):
        sums.add(month, region, "chair", 1, cents)
    return sums


def bars(sums: Sums) -> dict[str | None, tuple[float, float]]:
    """Top and height of each layer of the chart, by what it says."""
    root = ET.fromstring(svg(sums))
    found: dict[str | None, tuple[float, float]] = {}
    for bar in root.iter(f"{SVG}rect"):
        words = bar.find(f"{SVG}title")
        if words is not None:
            found[words.text] = (float(bar.get("y", "")), float(bar.get("height", "")))
    return found


def test_the_layers_of_a_bar_are_as_high_as_what_they_stand_for_and_lie_on_each_other(found):
    drawn, room = bars(found), HEIGHT - TOP - BOTTOM
    heights = {words: height for words, (_, height) in drawn.items()}
    assert heights["east, 2025-01: 30.00"] == pytest.approx(room * 3 / 4, abs=0.2)
    assert heights["no<rth, 2025-01: 10.00"] == pytest.approx(room / 4, abs=0.2)
    assert heights["east, 2025-02: 20.00"] == pytest.approx(room / 2, abs=0.2)
    top, height = drawn["no<rth, 2025-01: 10.00"]
    assert top == TOP
    assert top + height == pytest.approx(drawn["east, 2025-01: 30.00"][0], abs=0.2)


def test_a_chart_of_nothing_is_a_chart():
    assert bars(Sums()) == {}


def test_the_table_has_the_sums_of_both_its_sides(found):
    assert table(found) == [
        ["month", "east", "no<rth", "all"],
        ["2025-01", "30.00", "10.00", "40.00"],
        ["2025-02", "20.00", "0.00", "20.00"],
        ["all", "50.00", "10.00", "60.00"],
    ]
    assert "3 sales in 2 months came to 60.00." in text(found)
    assert "1 rows could not be read, the first of them:\n'x': 1 cells" in text(found)


def test_the_letter_has_the_report_twice_and_the_chart(found, tmp_path):
    drawn = tmp_path / "chart.svg"
    drawn.write_text(svg(found))

    mail = letter("a@b.example", found, drawn, "<1@sales.example>")

    parts = {part.get_content_type(): part for part in mail.walk()}
    assert mail["Subject"] == "Sales: 60.00 in 2 months"
    assert parts["text/plain"].get_content() == text(found)
    assert "no&lt;rth" in parts["text/html"].get_content()
    assert "no<rth" not in parts["text/html"].get_content()
    assert parts["image/svg+xml"]["Content-ID"] == "<chart@sales>"
    assert parts["image/svg+xml"].get_payload(decode=True) == drawn.read_bytes()
