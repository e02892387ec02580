"""`jobline submit`, against the real API on twins."""

import json
import re

import httpx
import pytest

from tests.support.wire import Answer

ID = re.compile(r"[0-9A-Z]{26}\n")


def job(desk, result):
    """The job whose id was printed."""
    return desk.row(result.stdout.strip())


def args_of(typed, result):
    return json.loads(typed("status", result.stdout.strip(), "--json").stdout)["args"]


def test_the_id_alone_is_on_standard_output_and_the_arguments_arrive(typed):
    result = typed("submit", "echo", 'value={"a": [1, true]}')

    assert result.exit_code == 0, result.output
    assert ID.fullmatch(result.stdout)
    assert args_of(typed, result) == {"value": {"a": [1, True]}}


@pytest.mark.parametrize(
    ("typed_value", "value"),
    [
        ("Ada", "Ada"),
        ("3", 3),
        ("true", True),
        ('"3"', "3"),
        ("[1, 2]", [1, 2]),
        ("NaN", "NaN"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_a_value_is_json_where_it_is_and_otherwise_a_text(typed, typed_value, value):
    assert args_of(typed, typed("submit", "echo", f"value={typed_value}")) == {"value": value}


def test_arguments_as_json_from_a_file_and_by_name_are_put_together(typed, tmp_path):
    (tmp_path / "args.json").write_text('{"a": 1, "b": 1}', encoding="utf-8")

    for given in ('{"a": 1, "b": 1}', "@args.json"):
        assert args_of(typed, typed("submit", "add", "--args", given, "b=2")) == {"a": 1, "b": 2}
    assert args_of(typed, typed("submit", "add", "--args", "@-", input='{"a": 5}')) == {"a": 5}


def test_every_option_reaches_the_job(typed, desk):
    words = (
        "--delay",
        "2h",
        "--expires",
        "1d",
        "--lane",
        "low",
        "--max-attempts",
        "7",
        "--tag",
        "x",
        "--tag",
        "y",
        "--event",
        "dead",
    )
    document = json.loads(typed("submit", "add", "a=1", *words, "--json").stdout)

    assert (document["lane"], document["max_attempts"], document["tags"]) == ("low", 7, ["x", "y"])
    assert document["events"] == ["dead"]
    assert document["due_at"] is not None
    assert document["expires_at"] is not None


def test_a_time_is_given_with_its_zone(typed, desk):
    at = (desk.world.now().replace(microsecond=0)).isoformat()

    assert json.loads(typed("submit", "add", "a=1", "--at", at, "--json").stdout)["state"]
    assert typed("submit", "add", "a=1", "--at", "2026-01-01T10:00:00").exit_code == 2


def test_the_same_key_is_the_same_job_and_another_request_is_refused(typed):
    first = typed("submit", "add", "a=1", "--key", "k")

    assert typed("submit", "add", "a=1", "--key", "k").stdout == first.stdout
    other = typed("submit", "add", "a=2", "--key", "k")
    assert other.exit_code == 1
    assert "Take another --key" in other.stderr


def test_no_answer_makes_no_second_job(typed, wire, desk):
    wire.troubles = ["lost"]

    assert typed("submit", "add", "a=1").exit_code == 0
    assert len(desk.store.rows) == 1


def test_waiting_prints_what_it_returned(typed):
    result = typed("submit", "add", "a=1", "b=2", "--wait")

    assert result.exit_code == 0
    assert result.stdout == "3\n"
    assert ID.fullmatch(result.stderr)


def test_waiting_for_a_job_that_dies_says_why_and_what_to_do(typed):
    result = typed("submit", "fail", "why=no luck", "--wait")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "ValueError: no luck" in result.stderr
    assert "jobline retry" in result.stderr


def test_waiting_as_json_gives_the_ended_job_also_a_dead_one(typed):
    assert json.loads(typed("submit", "add", "a=1", "--wait", "--json").stdout)["result"] == 2
    dead = typed("submit", "fail", "why=no", "--wait", "--json")
    assert (json.loads(dead.stdout)["state"], dead.exit_code) == ("DEAD", 1)


def test_waiting_ends_with_a_status_of_its_own(typed):
    result = typed("submit", "add", "a=1", "--delay", "1h", "--wait", "--timeout", "5s")

    assert result.exit_code == 7
    assert "It goes on" in result.stderr


def test_following_tells_each_change_and_then_the_result(typed):
    result = typed("submit", "add", "a=1", "--watch")

    assert result.exit_code == 0
    assert result.stdout == "2\n"
    assert result.stderr.splitlines()[1:] == ["QUEUED", "SUCCEEDED"]


@pytest.mark.parametrize(
    "words",
    [
        ("value",),
        ("=x",),
        ("--args", "{"),
        ("--args", "[1]"),
        ("--args", '{"a": NaN}'),
        ("--args", "@nowhere.json"),
        ("--delay", "soon"),
        ("--delay", "1", "--at", "2100-01-01T00:00:00Z"),
        ("--wait", "--watch"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_and_nothing_is_sent(typed, wire, words):
    result = typed("submit", "echo", *words)

    assert result.exit_code == 2
    assert not wire.seen


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("submit", "nope"), 1, "`jobline tasks` lists the tasks"),
        (("submit", "add", "a=x"), 1, "args.a"),
        (("submit", "add"), 1, "`jobline tasks NAME`"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do_next(typed, words, status, told):
    result = typed(*words)

    assert result.exit_code == status
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_throttled_nobody_and_not_allowed_have_statuses_of_their_own(typed, wire, desk, monkeypatch):
    problem = {
        "type": "urn:jobline:problem:throttled",
        "title": "No more",
        "detail": "no more today",
        "retry_after": 4000,
    }
    wire.troubles = [Answer(429, json=problem, headers={"Retry-After": "4000"})]
    throttled = typed("submit", "add", "a=1")
    assert (throttled.exit_code, "Try again in 67 min" in throttled.stderr) == (5, True)

    wire.troubles = [httpx.ConnectError("refused")] * 6
    nobody = typed("submit", "add", "a=1")
    assert nobody.exit_code == 4
    assert "https://api.test" in nobody.stderr
    assert "jobline up" in nobody.stderr

    monkeypatch.setenv("JOBLINE_API_KEY", desk.caller("read").token)
    denied = typed("submit", "add", "a=1")
    assert (denied.exit_code, "jobline keys create" in denied.stderr) == (6, True)
    monkeypatch.setenv("JOBLINE_API_KEY", "jl_nobody")
    assert typed("submit", "add", "a=1").exit_code == 6


class TestAFile:
    @pytest.fixture
    def lines(self, tmp_path):
        def write(*lines):
            (tmp_path / "jobs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
            return "jobs.jsonl"

        return write

    def test_each_line_is_a_job_over_what_is_said_for_all(self, typed, desk, lines):
        result = typed(
            "submit", "add", "b=10", "--tag", "bulk", "--from", lines('{"a": 1}', "", '{"a": 2, "b": 3}')
        )

        assert result.exit_code == 0, result.output
        ids = result.stdout.split()
        args = [json.loads(typed("status", one, "--json").stdout)["args"] for one in ids]
        assert args == [{"a": 1, "b": 10}, {"a": 2, "b": 3}]
        assert "2 jobs accepted, 0 refused" in result.stderr

    def test_from_standard_input_and_as_json(self, typed):
        result = typed("submit", "add", "--from", "-", "--json", input='{"a": 1}\n{"a": 2}\n')

        told = [json.loads(line) for line in result.stdout.splitlines()]
        assert [one["line"] for one in told] == [1, 2]
        assert all(one["id"] and one["state"] == "QUEUED" for one in told)

    def test_a_mistake_in_the_last_line_submits_nothing(self, typed, wire, lines):
        for mistake in ("{", "[1]", '"x"'):
            result = typed("submit", "add", "--from", lines('{"a": 1}', mistake))

            assert result.exit_code == 2
            assert "line 2 is not" in result.stderr
        assert not wire.seen

    def test_a_refused_line_is_named_and_the_others_are_accepted(self, typed, desk, lines):
        result = typed("submit", "add", "--from", lines('{"a": 1}', "", '{"a": "x"}', '{"a": 2}'))

        assert result.exit_code == 1
        assert "line 3: 422" in result.stderr
        assert len(result.stdout.split()) == len(desk.store.rows) == 2

    def test_with_a_key_the_same_file_again_makes_no_job_twice(self, typed, desk, lines):
        file = lines(*(json.dumps({"a": n}) for n in range(20)))

        first = typed("submit", "add", "--from", file, "--key", "tonight")
        again = typed("submit", "add", "--from", file, "--key", "tonight")

        assert first.stdout == again.stdout
        assert len(desk.store.rows) == 20

    def test_when_nobody_answers_any_more_the_last_line_that_was_is_named(
        self, typed, wire, lines, monkeypatch
    ):
        file = lines(*(json.dumps({"a": n}) for n in range(501)))
        wire.troubles = [None, *[httpx.ConnectError("refused")] * 6]

        result = typed("submit", "add", "--from", file, "--key", "k")

        assert result.exit_code == 4
        assert "after line 500 nobody answered: 500 of 501 accepted" in result.stderr

    def test_many_cannot_be_waited_for(self, typed, lines):
        assert typed("submit", "add", "--from", lines('{"a": 1}'), "--wait").exit_code == 2

    def test_on_a_terminal_a_bar_says_how_far_it_is(self, typed, lines, terminal):
        result = typed("submit", "add", "--from", lines('{"a": 1}', '{"a": 2}'))

        assert result.exit_code == 0
        assert "submitting" in terminal.getvalue()
        assert "━━━" in terminal.getvalue()
        assert "\x1b" not in result.stdout
