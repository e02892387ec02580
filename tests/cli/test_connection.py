"""To whom the commands speak, and with whose key."""

import json

import pytest

from jobline.cli import connection
from jobline.cli.connection import STATE_FILE, connect, forget_state, read_state, write_state
from jobline.cli.exits import Failure


def add(jobline, name="dev", url="https://dev.test/api", key="jl_dev"):
    return jobline("profile", "add", name, "--url", url, "--key-stdin", input=f"{key}\n")


def test_with_no_api_known_the_ways_to_name_one_are_told(jobline):
    result = jobline("submit", "greet")

    assert result.exit_code == 2
    for way in ("jobline up", "JOBLINE_URL", "jobline profile add"):
        assert way in result.stderr


def test_what_up_wrote_down_is_found_in_the_same_folder_and_beats_the_profile_in_use(jobline):
    add(jobline)
    write_state({"api_url": "http://127.0.0.1:8000", "api_key": "written"})

    assert (connect().url, connect().api_key) == ("http://127.0.0.1:8000", "written")
    assert connect("dev").url == "https://dev.test/api"
    assert "comes first" in jobline("profile", "use", "dev").stderr


def test_the_environment_wins(jobline, monkeypatch):
    add(jobline)
    monkeypatch.setenv("JOBLINE_URL", "https://env.test/")
    monkeypatch.setenv("JOBLINE_API_KEY", "env")

    assert (connect().url, connect().api_key) == ("https://env.test", "env")


def test_an_address_from_the_environment_gets_no_other_places_key(jobline, monkeypatch):
    add(jobline)
    monkeypatch.setenv("JOBLINE_URL", "https://elsewhere.test")

    with pytest.raises(Failure, match="JOBLINE_API_KEY is not"):
        connect()


def test_two_addresses_are_one_too_many(jobline, monkeypatch):
    add(jobline)
    monkeypatch.setenv("JOBLINE_URL", "https://env.test")
    monkeypatch.setenv("JOBLINE_API_KEY", "env")

    with pytest.raises(Failure, match="both name an API"):
        connect("dev")


def test_a_key_from_the_environment_is_for_the_profiles_address_too(jobline, monkeypatch):
    add(jobline)
    monkeypatch.setenv("JOBLINE_API_KEY", "another")

    assert (connect("dev").url, connect("dev").api_key) == ("https://dev.test/api", "another")


def test_a_profile_may_be_named_in_the_environment_and_has_to_be_there(jobline, monkeypatch):
    add(jobline, "one")
    add(jobline, "two", url="https://two.test")
    assert connect().url == "https://dev.test/api"  # the first is in use
    monkeypatch.setenv("JOBLINE_PROFILE", "two")
    assert connect().url == "https://two.test"

    result = jobline("status", "x", "--profile", "three")

    assert result.exit_code == 2
    assert "no profile 'three'" in result.stderr


def test_what_is_written_down_is_for_this_user_alone_also_over_an_older_file(jobline):
    STATE_FILE.parent.mkdir(parents=True)
    STATE_FILE.write_text("{}", encoding="utf-8")
    STATE_FILE.chmod(0o644)

    write_state({"api_key": "secret"})

    assert STATE_FILE.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in STATE_FILE.parent.iterdir()] == [STATE_FILE.name]


def test_only_the_stack_that_wrote_it_down_removes_it(jobline):
    write_state({"api_key": "newer"})

    forget_state("older")
    assert read_state() == {"api_key": "newer"}

    forget_state("newer")
    assert read_state() == {}
    assert not STATE_FILE.exists()


def test_nonsense_written_down_is_nothing(jobline):
    STATE_FILE.parent.mkdir(parents=True)
    for nonsense in ("{", "[]", ""):
        STATE_FILE.write_text(nonsense, encoding="utf-8")
        assert read_state() == {}


def test_an_address_that_would_carry_the_key_in_the_clear_is_refused(jobline, monkeypatch):
    monkeypatch.setenv("JOBLINE_URL", "http://api.test")
    monkeypatch.setenv("JOBLINE_API_KEY", "key")

    result = jobline("status", "x")

    assert result.exit_code == 2
    assert "in the clear" in result.stderr


class TestProfiles:
    def test_one_is_kept_for_this_user_alone_and_its_key_is_never_told(self, jobline):
        made = add(jobline)

        file = connection.profiles.file()
        assert made.exit_code == 0, made.output
        assert file.stat().st_mode & 0o777 == 0o600
        listed = jobline("profile", "list")
        assert "https://dev.test/api" in listed.output
        assert "in use" in listed.output
        assert "jl_dev" not in made.output + listed.output + jobline("profile", "--json").output

    def test_the_key_is_asked_for_unseen(self, jobline):
        made = jobline("profile", "add", "dev", "--url", "https://dev.test", input="jl_asked\n")

        assert connect("dev").api_key == "jl_asked"
        assert "jl_asked" not in made.output

    def test_json_says_which_is_taken(self, jobline):
        add(jobline)
        add(jobline, "prod", url="https://prod.test")

        told = json.loads(jobline("profile", "list", "--json").stdout)

        assert told == {
            "profiles": [
                {"name": "dev", "url": "https://dev.test/api", "used": True},
                {"name": "prod", "url": "https://prod.test", "used": False},
            ],
            "speaks_to": {"url": "https://dev.test/api", "found": "profile dev"},
        }

    def test_each_change_says_what_it_made_of_it_to_programs_too_and_never_the_key(self, jobline):
        url = "https://dev.test"
        added = jobline("profile", "add", "dev", "--url", url, "--key-stdin", "--json", input="jl_secret\n")
        used = jobline("profile", "use", "dev", "--json")
        removed = jobline("profile", "remove", "dev", "--json")

        told = [json.loads(one.stdout) for one in (added, used, removed)]
        shown = {"name": "dev", "url": url, "used": True}
        assert told == [shown, shown, {**shown, "removed": True}]
        assert "jl_secret" not in added.output + used.output + removed.output

    def test_another_may_be_used_and_one_forgotten(self, jobline):
        add(jobline)
        add(jobline, "prod", url="https://prod.test")

        assert jobline("profile", "use", "prod").exit_code == 0
        assert connect().url == "https://prod.test"
        assert jobline("profile", "remove", "prod").exit_code == 0
        with pytest.raises(Failure, match="no API is known"):
            connect()
        assert jobline("profile", "use", "prod").exit_code == 3

    @pytest.mark.parametrize(
        ("name", "url", "key"),
        [
            ("a b", "https://dev.test", "k"),
            ("dev", "ftp://dev.test", "k"),
            ("dev", "http://dev.test", "k"),
            ("dev", "https://dev.test", ""),
            ("dev", "https://dev.test", "\x1b[31m"),
        ],
    )
    def test_what_can_be_none_is_a_usage_error_and_nothing_is_kept(self, jobline, name, url, key):
        assert add(jobline, name, url, key).exit_code == 2
        assert not connection.profiles.file().exists()

    def test_a_file_that_others_may_read_is_not_taken(self, jobline):
        add(jobline)
        connection.profiles.file().chmod(0o644)

        result = jobline("status", "x")

        assert result.exit_code == 2
        assert "chmod 600" in result.stderr

    @pytest.mark.parametrize("nonsense", ["[", "used = 1", "[profiles.dev]\nurl = 'x'", "profiles = 3"])
    def test_a_file_that_is_none_is_told(self, jobline, nonsense):
        add(jobline)
        connection.profiles.file().write_text(nonsense, encoding="utf-8")

        result = jobline("status", "x")

        assert result.exit_code == 2
        assert "profiles.toml" in result.stderr
        assert "Traceback" not in result.output
