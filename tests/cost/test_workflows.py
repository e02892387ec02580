"""What workflows cost as they grow is a promise: units a child, one delivery to the join, and no steeper than the number of children."""

import json
from dataclasses import replace

import pytest

from bench.plot import svg
from bench.workflows import Run, main, on_twins, wrong


@pytest.fixture(scope="module")
def runs():
    return [on_twins(children) for children in (200, 1_000)]


def test_a_child_costs_four_units_and_a_little(runs):
    for one in runs:
        assert 4 < one.units_a_child < 4.06


def test_the_join_is_one_delivery_after_the_last_child(runs):
    assert [one.join_deliveries for one in runs] == [1, 1]


def test_nothing_is_refused_where_nothing_goes_wrong(runs):
    assert [one.refused for one in runs] == [0, 0]


def test_what_is_called_for_each_child_and_for_each_page(runs):
    calls, children = runs[1].calls, runs[1].children
    pages = children // 100
    assert calls["create"] == children + 1
    assert calls["write a row"] == 2 * children + 5
    assert calls["write a page"] == children + pages
    assert calls["write a book"] == pages + 1
    assert calls["read a page"] == pages, "the gather reads each page once"
    assert calls["read an object"] == 1


def test_no_goal_is_missed_and_a_missed_one_is_told(runs):
    small, large = runs
    assert wrong(runs) == []
    dear = replace(large, write_units=6.0 * large.children)
    assert any("more than 5" in one for one in wrong([small, dear]))
    assert any("grow" in one for one in wrong([small, replace(large, write_units=4.3 * large.children)]))
    assert any("joined after 3" in one for one in wrong([small, replace(large, join_deliveries=3)]))


def test_the_command_draws_and_says_it_in_json(tmp_path, capsys):
    chart = tmp_path / "chart.svg"
    assert main(["--children", "30", "110", "--chart", str(chart), "--json"]) in {0, 1}
    found = json.loads(capsys.readouterr().out)
    assert [one["children"] for one in found] == [30, 110]
    assert chart.read_text().startswith("<svg")


def test_the_tables_can_be_shown(tmp_path, capsys):
    main(["--children", "20", "--chart", str(tmp_path / "chart.svg")])
    said = capsys.readouterr().out
    assert all(word in said for word in ("units a child", "1 delivery", "write a page"))


def test_a_chart_has_a_line_through_its_points():
    found = svg("title", "across", {"a < b": [(0, 0), (5, 10), (10, 20)]})
    assert "a &lt; b" in found
    assert found.count("<circle") == 3


def test_a_run_knows_its_share():
    run = Run(
        where="x",
        children=10,
        write_units=41,
        calls={},
        refused=0,
        join_deliveries=1,
        fan_out_seconds=0,
        seconds=0,
    )
    assert run.units_a_child == 4.1
