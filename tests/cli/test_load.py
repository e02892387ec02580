"""`jobline load` and `jobline cost`."""

import json
import re

import pytest

from jobline.cli.load import percentile

FAST = ("--rate", "1000", "--yes")


def test_every_job_is_accounted_for(typed, desk):
    result = typed("load", "add", "a=1", "--jobs", "12", *FAST)

    assert result.exit_code == 0, result.output
    assert re.fullmatch(
        r"accepted=12 refused=0 succeeded=12 failed=0 unfinished=0 lost=0 p50=\d+\.\d{3}s p95=\d+\.\d{3}s\n",
        result.stdout,
    )
    assert len(desk.store.rows) == 12


def test_as_json_and_all_under_one_tag(typed):
    told = json.loads(
        typed("load", "add", "a=1", "--jobs", "5", "--concurrency", "1", *FAST, "--json").stdout
    )

    assert (told["accepted"], told["succeeded"], told["lost"], told["lost_ids"]) == (5, 5, 0, [])
    assert len(typed("list", "--tag", told["tag"], "--json").stdout.splitlines()) == 5


def test_a_job_that_was_accepted_and_is_not_there_is_lost_and_named(typed, desk, monkeypatch):
    work = desk.work

    def lose_one():
        for key in [*desk.store.rows][:1]:
            del desk.store.rows[key]
        monkeypatch.setattr(desk, "work", work)
        work()

    monkeypatch.setattr(desk, "work", lose_one)

    result = typed("load", "add", "a=1", "--jobs", "4", "--timeout", "10s", *FAST)

    assert result.exit_code == 1
    assert "accepted=4" in result.stdout
    assert "succeeded=3" in result.stdout
    assert "unfinished=0 lost=1" in result.stdout
    assert "lost: " in result.stderr


def test_what_fails_or_does_not_end_is_not_lost(typed):
    failed = typed("load", "fail", "why=no", "--jobs", "3", *FAST)
    assert (failed.exit_code, "failed=3 unfinished=0 lost=0" in failed.stdout) == (1, True)


def test_what_never_runs_is_unfinished(typed, desk, monkeypatch):
    monkeypatch.setattr(desk, "work", lambda: None)

    result = typed("load", "add", "a=1", "--jobs", "3", "--timeout", "5s", *FAST)

    assert result.exit_code == 1
    assert "succeeded=0 failed=0 unfinished=3 lost=0 p50=- p95=-" in result.stdout


def test_a_task_that_is_not_there_is_told_once_and_nothing_is_made(typed, desk):
    result = typed("load", "nope", "--jobs", "50", *FAST)

    assert result.exit_code == 1
    assert result.stderr.count("nope") == 1
    assert not desk.store.rows


@pytest.mark.parametrize(
    "words", [("--jobs", "100001"), ("--rate", "1001"), ("--concurrency", "65"), ("--jobs", "0")]
)
def test_it_is_bounded(typed, words, wire):
    assert typed("load", "add", "a=1", "--yes", *words).exit_code == 2
    assert not wire.seen


def test_elsewhere_than_on_this_machine_it_asks(typed, wire):
    result = typed("load", "add", "a=1", input="n\n")

    assert result.exit_code == 1
    assert "https://api.test" in result.output
    assert not wire.seen


def test_percentiles_are_values_that_were_there():
    assert [percentile([4.0, 1.0, 3.0, 2.0], n) for n in (50, 95, 1)] == [2.0, 4.0, 1.0]
    assert percentile([], 50) is None


def test_the_cost_is_that_of_the_dated_price_file(jobline):
    from bench.prices import Prices

    told = json.loads(jobline("cost", "--jobs", "2000000", "--json").stdout)
    people = jobline("cost", "--jobs", "2000000")

    assert told["as_of"] == Prices.load().as_of
    rows = {line["what"]: line["dollars"] for line in told["lines"]}
    assert rows["table: the job"] == pytest.approx(2 * 3.0 * Prices.load().write_units)
    assert told["dollars"] == pytest.approx(sum(rows.values()))
    assert f"{told['dollars']:.4f}" in people.stdout
    assert told["as_of"] in people.stderr
    assert jobline("cost", "--jobs", "-1").exit_code == 2


def test_on_a_terminal_two_bars_say_how_far_it_is(typed, terminal):
    result = typed("load", "add", "a=1", "--jobs", "3", *FAST)

    assert result.exit_code == 0
    assert all(word in terminal.getvalue() for word in ("submitted", "ended", "━━━"))
