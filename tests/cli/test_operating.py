"""`jobline dead`, `schedule`, `lanes`, `topics`, `tenants` and `tasks`, against the real API on twins."""

import json

import pytest

NOBODY = "01KDWPVNG0ZZZZZZZZZZZZZZZZ"


@pytest.fixture
def ask(typed):
    """The JSON that a command prints."""
    return lambda *words: json.loads(typed(*words, "--json").stdout)


@pytest.fixture
def dead(typed, desk):
    """Ids of three dead jobs."""
    ids = [typed("submit", "fail", "why=no").stdout.strip() for _ in range(3)]
    desk.work()
    return ids


class TestDead:
    def test_alone_it_shows_the_groups(self, typed, ask, dead):
        shown = typed("dead")
        [group] = ask("dead", "groups")["groups"]

        assert shown.exit_code == 0
        assert shown.stdout.splitlines()[1].split()[:2] == ["3", "fail"]
        assert group["fingerprint"] in shown.stdout
        assert group["count"] == 3
        assert ask("dead") == ask("dead", "groups")

    def test_the_list_is_filtered_by_the_api(self, typed, dead):
        listed = typed("dead", "list", "--json", "--task", "fail", "--reason", "failed").stdout.splitlines()

        assert {json.loads(line)["id"] for line in listed} == set(dead)
        assert typed("dead", "list", "--task", "add").stdout == ""
        assert "ValueError: no" in typed("dead", "list", "--limit", "1").stdout

    def test_a_redrive_shows_which_and_asks(self, typed, ask, dead):
        dry = typed("dead", "redrive", "--task", "fail", "--dry-run")
        no = typed("dead", "redrive", "--task", "fail", input="n\n")
        assert all(one in dry.stdout for one in dead)
        assert no.exit_code == 1
        assert ask("status", dead[0])["state"] == "DEAD"

        yes = typed("dead", "redrive", "--task", "fail", input="y\n")

        assert "3 jobs redriven, 0 refused" in yes.stdout
        assert ask("status", dead[0])["state"] == "QUEUED"

    def test_for_a_program(self, typed, ask, dead, wire):
        assert len(ask("dead", "redrive", "--dry-run")["redriven"]) == 3
        wire.seen.clear()
        assert typed("dead", "redrive", "--json").exit_code == 2
        assert typed("dead", "redrive", "--set", "why=x", "--yes").exit_code == 2
        assert not wire.seen
        did = ask("dead", "redrive", "--yes", "--limit", "2")
        assert (len(did["redriven"]), did["more"]) == (2, True)

    def test_of_none_there_is_nothing_to_ask(self, typed):
        for words in (("dead",), ("dead", "redrive"), ("dead", "redrive", "--canary")):
            result = typed(*words)
            assert result.exit_code == 0
            assert "no" in result.stderr
            assert "dead jobs" in result.stderr

    def test_a_canary_is_a_release_that_can_be_looked_at_paused_and_stopped(self, typed, ask, dead):
        ahead = typed("dead", "redrive", "--task", "fail", "--canary", "--set", "why=new", "--dry-run")
        assert '{"why": "new"}' in ahead.stdout
        assert ask("dead", "releases")["releases"] == []

        release_id = typed(
            "dead", "redrive", "--task", "fail", "--canary", "--rate", "7", input="y\n"
        ).stdout.splitlines()[-1]

        shown = typed("dead", "releases", "show", release_id)
        assert "7 a minute" in shown.stdout
        assert release_id in typed("dead", "releases").stdout
        assert "paused" in typed("dead", "releases", "pause", release_id, "--why", "looking").stdout
        assert ask("dead", "releases", "resume", release_id)["state"] == "running"
        assert ask("dead", "releases", "stop", release_id)["state"] == "stopped"
        again = typed("dead", "releases", "resume", release_id)
        assert again.exit_code == 1
        assert typed("dead", "releases", "show", NOBODY).exit_code == 3

    def test_a_canary_for_a_program(self, ask, dead):
        assert ask("dead", "redrive", "--canary", "--dry-run")["jobs"] == 3
        assert ask("dead", "redrive", "--canary", "--yes")["state"] == "running"


class TestSchedule:
    @pytest.fixture
    def nightly(self, typed):
        words = ("--id", "nightly", "--cron", "0 3 * * *", "--timezone", "Europe/Berlin")
        return typed("schedule", "create", "add", "a=1", *words)

    def test_one_is_made_listed_and_shown(self, typed, ask, nightly):
        assert (nightly.exit_code, nightly.stdout) == (0, "nightly\n")
        assert "0 3 * * * Europe/Berlin, next " in nightly.stderr
        assert "nightly" in typed("schedule").stdout
        assert [
            json.loads(line)["id"] for line in typed("schedule", "list", "--json").stdout.splitlines()
        ] == ["nightly"]
        assert '{"a": 1}' in typed("schedule", "show", "nightly").stdout
        assert ask("schedule", "show", "nightly")["timezone"] == "Europe/Berlin"

    def test_every_so_often_and_once(self, ask, typed):
        assert ask("schedule", "create", "add", "a=1", "--every", "15m")["every"] == 900
        assert ask("schedule", "create", "add", "a=1", "--at", "2100-01-01T00:00:00Z")["at"].startswith(
            "2100"
        )
        assert "every 15 min" in typed("schedule").stdout

    def test_the_same_twice_is_once_and_another_under_its_id_is_refused(self, typed, nightly):
        words = ("--id", "nightly", "--cron", "0 3 * * *", "--timezone", "Europe/Berlin")
        assert typed("schedule", "create", "add", "a=1", *words).exit_code == 0
        assert typed("schedule", "create", "add", "a=2", *words).exit_code == 1

    def test_its_next_times(self, typed, ask, nightly):
        assert len(ask("schedule", "next", "nightly", "-n", "3")["fires"]) == 3
        assert len(typed("schedule", "next", "nightly").stdout.splitlines()) == 1 + 10

    def test_it_is_paused_resumed_and_fired(self, typed, ask, nightly):
        assert "nightly is paused, next never" in typed("schedule", "pause", "nightly").stdout
        assert "it does not fire" in typed("schedule", "next", "nightly").stderr
        assert ask("schedule", "resume", "nightly")["state"] == "active"
        job_id = typed("schedule", "fire", "nightly").stdout.strip()
        assert ask("status", job_id)["cause"] == "schedule:nightly"

    def test_firing_is_never_repeated(self, typed, wire, nightly):
        wire.troubles = ["lost"]

        assert typed("schedule", "fire", "nightly").exit_code == 4
        assert [path for _, path, _ in wire.seen].count("/schedules/nightly/fire") == 1

    def test_it_is_deleted_when_one_says_so(self, typed, ask, nightly):
        assert typed("schedule", "delete", "nightly", input="n\n").exit_code == 1
        assert typed("schedule", "delete", "nightly", input="y\n").exit_code == 0
        assert typed("schedule", "show", "nightly").exit_code == 3
        assert typed("schedule", "delete", "nightly", "--yes").exit_code == 3

    @pytest.mark.parametrize(
        "words", [(), ("--every", "1m", "--cron", "* * * * *"), ("--every", "0.5s"), ("--at", "noon")]
    )
    def test_what_cannot_be_meant_is_a_usage_error(self, typed, wire, words):
        assert typed("schedule", "create", "add", *words).exit_code == 2
        assert not wire.seen


class TestLanes:
    def test_alone_it_says_how_much_waits(self, typed, ask):
        typed("submit", "add", "a=1")

        rows = [line.split() for line in typed("lanes").stdout.splitlines()]
        assert ["default", "1", "0", "0"] in rows
        assert {one["lane"]: one["waiting"] for one in ask("lanes")["lanes"]}["default"] == 1

    def test_one_is_paused_when_one_says_so_and_resumed(self, typed, ask):
        assert typed("lanes", "pause", "low", input="n\n").exit_code == 1
        assert "low is paused" in typed("lanes", "pause", "low", input="y\n").stdout
        assert "by test" in typed("lanes").stdout
        assert ask("lanes", "resume", "low")["paused"] is None
        assert typed("lanes", "pause", "nope", "--yes").exit_code in {1, 3}

    def test_it_takes_an_administrator(self, typed, desk, monkeypatch):
        monkeypatch.setenv("JOBLINE_API_KEY", desk.caller().token)

        result = typed("lanes", "resume", "low")

        assert result.exit_code == 6
        assert "admin" in result.stderr


class TestTopics:
    def test_an_event_is_published_once_though_it_is_sent_twice(self, typed, wire, ask):
        wire.troubles = ["lost"]

        result = typed("topics", "publish", "order.paid", '{"order": 17}')

        assert result.exit_code == 0
        assert len(result.stdout.split()) == 1
        assert "nobody subscribes" in result.stderr
        assert ask("topics", "publish", "order.paid", "17", "--id", "mine")["id"] == "mine"

    def test_the_list(self, typed, ask):
        assert ask("topics") == {"topics": []}
        assert "no task subscribes" in typed("topics").stderr

    def test_errors(self, typed):
        assert typed("topics", "publish", "order.paid", "{").exit_code == 2
        assert typed("topics", "publish", "a b!").exit_code == 1


class TestTenants:
    def test_limits_are_set_shown_and_taken_away(self, typed, ask):
        limits = ("--rate", "10/s", "--burst", "5", "--concurrency", "3", "--accepted", "1000/1d")
        made = ask("tenants", "limit", "acme", *limits)

        assert made["rate"] == {"limit": 10, "per": 1.0, "burst": 5}
        assert made["accepted"] == {"limit": 1000, "per": 86400.0}
        for words in (("tenants",), ("tenants", "show", "acme")):
            assert "10 in 1 s, 5 at once" in typed(*words).stdout
        assert typed("tenants", "unlimit", "acme", input="n\n").exit_code == 1
        assert ask("tenants", "unlimit", "acme", "--yes") == {"tenant": "acme"}
        assert ask("tenants") == {"tenants": []}

    def test_errors(self, typed):
        assert typed("tenants", "limit", "acme").exit_code == 2
        assert typed("tenants", "limit", "acme", "--burst", "2", "--concurrency", "1").exit_code == 2
        assert typed("tenants", "limit", "acme", "--rate", "fast").exit_code == 2
        assert typed("tenants", "limit", "acme", "--rate", "0/s").exit_code == 1
        assert typed("tenants", "show", "nobody").exit_code == 3


class TestTasks:
    def test_the_list_and_one(self, typed, ask):
        listed = typed("tasks")
        assert [
            line
            for line in listed.stdout.splitlines()
            if line.startswith("add ") and "a [b]" in line and "Add two numbers." in line
        ]
        shown = typed("tasks", "typed")
        assert "jobline submit typed number=... word=..." in shown.stdout
        for told in (
            "integer, 1 to 10",
            "number, or else 0.5",
            "blue | red",
            "list of string or null",
            "Point or null",
        ):
            assert told in shown.stdout
        assert ask("tasks", "add")["name"] == "add"
        assert typed("tasks", "nope").exit_code == 3
