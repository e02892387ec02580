"""`jobline status`, `result`, `list`, `watch`, `retry` and `cancel`, against the real API on twins."""

import json

import pytest

from tests.cli.hostile import HOSTILE, harmless


@pytest.fixture
def submit(typed):
    return lambda *words: typed("submit", *words).stdout.strip()


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


class TestStatus:
    def test_it_tells_the_state_the_history_and_what_to_do(self, typed, submit, desk):
        job_id = submit("fail", "why=no luck", "--tag", "x")
        waiting = typed("status", job_id)
        desk.work()
        dead = typed("status", job_id)

        assert f"jobline watch {job_id}" in waiting.stdout
        for told in (
            "DEAD",
            "failed",
            "ValueError: no luck",
            "1 of 1",
            "history",
            "traceback",
            f"jobline retry {job_id}",
        ):
            assert told in dead.stdout
        assert dead.exit_code == 0  # it was asked for, and there it is

    def test_json_is_the_apis_document(self, typed, submit, desk):
        job_id = submit("add", "a=1")
        desk.work()

        assert (
            json.loads(typed("status", job_id, "--json").stdout) == desk.caller().get(f"/jobs/{job_id}").body
        )

    def test_what_is_not_there_is_told_with_a_status_of_its_own(self, typed):
        result = typed("status", "01KDWPVNG0ZZZZZZZZZZZZZZZZ")

        assert result.exit_code == 3
        assert "Check the id" in result.stderr
        assert result.stdout == ""

    def test_what_cannot_be_an_id_is_asked_of_nobody(self, typed, wire):
        assert typed("status", "../keys?x=1").exit_code == 3
        assert wire.seen == []

    def test_an_id_stays_one_part_of_the_path(self, typed, wire):
        typed("cancel", "../keys?x=1")
        assert wire.seen[0][1] == "/jobs/..%2Fkeys%3Fx%3D1/cancel"


class TestHostileTexts:
    """Whatever stands in a job: it cannot move the cursor, colour the screen or turn the reading direction."""

    @pytest.fixture
    def job_ids(self, submit, desk):
        found = [submit("fail", f"why={HOSTILE}"), submit("echo", f"value={HOSTILE}")]
        desk.work()
        return found

    def test_in_every_view(self, typed, job_ids):
        views = [("list",), ("list", "--json"), ("dead",), ("dead", "list"), ("dead", "redrive", "--dry-run")]
        for verb, forms in (("status", ((), ("--json",))), ("result", ((),)), ("watch", ((), ("--json",)))):
            views += [(verb, job_id, *form) for job_id in job_ids for form in forms]
        for words in views:
            result = typed(*words)
            assert harmless(result.output), words
            assert result.exit_code in {0, 1}, result.output

    def test_in_an_error_that_repeats_it(self, typed):
        assert harmless(typed("submit", HOSTILE).output)
        assert harmless(typed("status", HOSTILE).output)

    def test_yet_a_program_gets_it_whole(self, typed, job_ids):
        assert json.loads(typed("result", job_ids[1]).stdout) == HOSTILE


class TestResult:
    def test_it_is_json_alone(self, typed, submit, desk):
        job_id = submit("echo", 'value={"x": "ü"}')
        desk.work()

        assert json.loads(typed("result", job_id).stdout) == {"x": "ü"}

    def test_before_its_time_there_is_none_but_one_may_wait(self, typed, submit):
        job_id = submit("add", "a=1")

        early = typed("result", job_id)
        assert (early.exit_code, early.stdout) == (7, "")
        assert "--wait" in early.stderr
        assert typed("result", job_id, "--wait").stdout == "2\n"

    def test_a_dead_job_has_none(self, typed, submit, desk):
        job_id = submit("fail", "why=no")
        desk.work()

        result = typed("result", job_id)

        assert result.exit_code == 1
        assert "ValueError: no" in result.stderr


class TestList:
    def test_a_table_of_the_newest_and_a_word_if_there_are_more(self, typed, submit, desk):
        ids = [submit("add", f"a={n}") for n in range(3)]

        result = typed("list", "--limit", "2")

        assert result.stdout.splitlines()[0].split() == ["id", "task", "state", "created", "took", "what"]
        assert {line.split()[0] for line in result.stdout.splitlines()[1:]} < set(ids)
        assert len(result.stdout.splitlines()) == 3
        assert "--limit 20" in result.stderr

    def test_filters_are_the_apis(self, typed, submit, desk):
        submit("add", "a=1", "--tag", "x")
        submit("fail", "why=no")
        desk.work()

        assert [job["task"] for job in lines(typed("list", "--json", "--state", "dead"))] == ["fail"]
        assert [job["task"] for job in lines(typed("list", "--json", "--tag", "x"))] == ["add"]
        assert [job["task"] for job in lines(typed("list", "--json", "--task", "fail"))] == ["fail"]
        assert len(lines(typed("list", "--json", "--since", "1h"))) == 2
        assert lines(typed("list", "--json", "--until", "1h")) == []
        assert len(lines(typed("list", "--json", "--limit", "1"))) == 1

    def test_of_none_it_says_so_beside_the_output(self, typed):
        result = typed("list")

        assert (result.exit_code, result.stdout) == (0, "")
        assert "no such jobs" in result.stderr

    def test_a_state_that_is_none_is_a_usage_error(self, typed):
        assert typed("list", "--state", "LOST").exit_code == 2


class TestWatch:
    def test_json_is_a_line_for_each_change(self, typed, submit):
        told = lines(typed("watch", submit("add", "a=1"), "--json"))

        assert [job["state"] for job in told] == ["QUEUED", "SUCCEEDED"]

    def test_it_ends_as_the_job_does(self, typed, submit):
        dead = typed("watch", submit("fail", "why=no"))
        late = typed("watch", submit("add", "a=1", "--delay", "1h"), "--timeout", "10s")

        assert (dead.exit_code, late.exit_code) == (1, 7)
        assert "DEAD ValueError: no" in dead.stderr
        assert typed("watch", "01KDWPVNG0ZZZZZZZZZZZZZZZZ").exit_code == 3

    def test_on_a_terminal_there_is_a_bar(self, typed, submit, terminal):
        result = typed("watch", submit("add", "a=1"))

        assert result.exit_code == 0
        assert "add SUCCEEDED" in terminal.getvalue()
        assert "━━━" in terminal.getvalue()


class TestRetry:
    @pytest.fixture
    def dead(self, submit, desk):
        job_id = submit("fail", "why=no")
        desk.work()
        return job_id

    def test_a_dead_job_lives_again_with_other_arguments_if_need_be(self, typed, dead, desk):
        assert "is QUEUED again" in typed("retry", dead).stdout
        desk.work()
        changed = typed("retry", dead, "--set", "why=still not", "--json")
        assert json.loads(changed.stdout)["state"] == "QUEUED"
        desk.work()
        assert json.loads(typed("status", dead, "--json").stdout)["error"]["message"] == "still not"
        assert typed("retry", dead, "--args", '{"why": "never"}').exit_code == 0
        desk.work()
        assert json.loads(typed("status", dead, "--json").stdout)["args"] == {"why": "never"}

    def test_what_lives_is_refused_and_nothing_contradicts_itself(self, typed, submit, dead):
        alive = typed("retry", submit("add", "a=1"))

        assert alive.exit_code == 1
        assert "jobline status" in alive.stderr
        assert typed("retry", dead, "--set", "why=x", "--args", "{}").exit_code == 2
        assert typed("retry").exit_code == 2

    def test_it_is_sent_once(self, typed, wire, dead):
        wire.seen.clear()
        wire.troubles = ["lost"]

        result = typed("retry", dead)

        assert result.exit_code == 4
        assert "unknown" in result.stderr
        assert len(wire.seen) == 1


class TestCancel:
    def test_by_ids(self, typed, submit, desk):
        ids = [submit("add", f"a={n}") for n in range(2)]
        result = typed("cancel", *ids)

        assert result.exit_code == 0
        assert result.stdout.count("is cancelled: CANCELLED") == 2
        assert lines(typed("cancel", ids[0], "--json"))[0]["receipt"]["outcome"] == "cancelled"

    def test_what_had_ended_is_told(self, typed, submit, desk):
        job_id = submit("add", "a=1")
        desk.work()

        assert "had ended before: SUCCEEDED" in typed("cancel", job_id).stdout
        assert typed("cancel", "01KDWPVNG0ZZZZZZZZZZZZZZZZ").exit_code == 3

    def test_by_filter_it_shows_which_and_asks(self, typed, submit):
        ids = {submit("add", f"a={n}", "--tag", "x") for n in range(3)}
        submit("add", "a=9")

        no = typed("cancel", "--tag", "x", input="n\n")
        dry = typed("cancel", "--tag", "x", "--dry-run")
        assert no.exit_code == 1
        assert all(one in no.output and one in dry.output for one in ids)
        assert len(lines(typed("list", "--json", "--state", "CANCELLED"))) == 0
        assert "https://api.test" in no.output  # one sees where

        yes = typed("cancel", "--tag", "x", input="y\n")
        assert yes.exit_code == 0
        assert "3 cancelled" in yes.stdout
        assert {job["id"] for job in lines(typed("list", "--json", "--state", "CANCELLED"))} == ids

    def test_more_than_a_request_takes_are_cancelled_up_to_the_limit(self, typed, submit, monkeypatch):
        monkeypatch.setattr("jobline.cli.cancelling.AT_ONCE", 2)
        for n in range(5):
            submit("add", f"a={n}")

        did = json.loads(typed("cancel", "--task", "add", "--yes", "--json", "--limit", "3").stdout)

        assert len(did["cancelled"]) == 3
        assert did["more"]
        assert len(json.loads(typed("cancel", "--task", "add", "--dry-run", "--json").stdout)["found"]) == 2

    def test_a_program_is_not_asked(self, typed, wire):
        assert typed("cancel", "--task", "add", "--json").exit_code == 2
        assert typed("cancel").exit_code == 2
        assert typed("cancel", "x", "--task", "add").exit_code == 2
        assert not wire.seen

    def test_of_none_there_is_nothing_to_ask(self, typed):
        result = typed("cancel", "--task", "add")

        assert result.exit_code == 0
        assert "no such jobs" in result.stderr

    def test_a_question_shows_some_and_says_that_there_are_more(self, typed, submit, monkeypatch):
        monkeypatch.setattr("jobline.cli.cancelling.SHOWN", 2)
        for n in range(5):
            submit("add", f"a={n}")

        result = typed("cancel", "--task", "add", input="n\n")

        assert len(result.stdout.splitlines()) == 1 + 2
        assert "and more" in result.stderr
        assert "Cancel 5 jobs?" in result.stderr
