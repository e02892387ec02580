"""`jobline up`, whole: the real command, the real app, and what a person may do to it."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from jobline.cli.welcome import welcome
from jobline.local.ports import listen
from tests.local.processes import alive, listening_addresses_of, loopback
from tests.support.planted import PLANTED, sung, written
from tests.support.waiting import until

pytestmark = pytest.mark.slow

COMMAND = [
    sys.executable,
    "-P",
    "-m",
    "jobline.cli.main",
    "up",
]  # -P: as the script that people type, which does not look into the folder first


class Up:
    """One run of the command."""

    def __init__(self, folder, *words):
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **PLANTED},
        )
        self.said, self.warned = [], []
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.said)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.warned)),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def end(self, how=signal.SIGINT):
        """Ask it to end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.ended()

    def ended(self):
        status = self.process.wait(30)
        for reader in self._readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status


@pytest.fixture
def up(tmp_path):
    runs = []

    def up(*words):
        runs.append(Up(tmp_path, *words))
        return runs[-1]

    yield up
    for run in runs:
        run.end(signal.SIGTERM)


def facts_of(run):
    return json.loads(until(lambda: run.said and run.said[0], within=60))


def client_of(facts):
    authorization = {"Authorization": f"Bearer {facts['api_key']}"}
    return httpx.Client(base_url=facts["api_url"], headers=authorization, timeout=30, trust_env=False)


def test_what_it_prints_works_as_it_stands(up, tmp_path):
    run = up("--port", "0", "--emulator-port", "0")
    until(lambda: any("Ctrl-C stops everything" in line for line in run.said), within=60)
    facts = json.loads((tmp_path / "build/local/stack.json").read_text(encoding="utf-8"))

    submitted = shell(line_after(run.said, "The same over HTTP"), tmp_path)
    job_id = json.loads(submitted)["id"]
    watched = json.loads(shell(line_after(run.said, "Watch it"), tmp_path))
    status = [*COMMAND[:-1], "status", "--json", job_id]
    told = until(
        lambda: (job := json.loads(shell(shlex.join(status), tmp_path)))["state"] == "SUCCEEDED" and job
    )

    assert job_id in [job["id"] for job in watched["jobs"]]
    assert told["result"]["sum"] == 457
    assert httpx.get(facts["docs_url"], trust_env=False).status_code == 200
    assert not [line for line in run.said if "\x1b" in line]  # no colour where nobody sees it
    # its own key is told on purpose, in what it prints and in a file for this user alone; no log has it, nor anything of the environment
    assert written(tmp_path, facts["api_key"].rpartition("_")[2]) == ["build/local/stack.json"]
    assert written(tmp_path) == sung("\n".join([*run.said, *run.warned])) == []
    assert run.end() == 0
    assert run.said[-1] == "stopped"
    assert not run.warned


def test_told_as_json_it_runs_tasks_of_the_current_folder_on_the_loopback_address_and_is_gone_at_the_end(
    up, tmp_path
):
    # given a folder with tasks, and with things that are called like ours
    (tmp_path / "my_tasks.py").write_text(
        "from chalicelib import task\n\n@task\ndef greet(name: str) -> str:\n    return f'Hello, {name}'\n",
        encoding="utf-8",
    )
    (tmp_path / "app.py").write_text("raise SystemExit('somebody else')", encoding="utf-8")
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / "chalicelib" / "__init__.py").write_text(
        "raise SystemExit('somebody else')", encoding="utf-8"
    )

    run = up("--port", "0", "--emulator-port", "0", "--json", "--tasks", "my_tasks")
    facts = facts_of(run)

    ports = [httpx.URL(facts[name]).port for name in ("api_url", "emulator_url")]
    listening = {address for pid in facts["pids"].values() for address in listening_addresses_of(pid)}
    assert listening == {loopback(port) for port in ports}
    assert all(map(alive, facts["pids"].values()))
    assert (tmp_path / "build/local/stack.json").stat().st_mode & 0o777 == 0o600

    with client_of(facts) as client:
        answer = client.post(
            "/jobs", json={"task": "greet", "args": {"name": "Ada"}}, headers={"Prefer": "wait=20"}
        )
        assert answer.json()["result"] == "Hello, Ada"

    assert run.end(signal.SIGTERM) == 0
    assert len(run.said) == 1
    assert not any(map(alive, facts["pids"].values()))
    assert not (tmp_path / "build/local/stack.json").exists()


def test_nothing_is_left_when_it_is_killed(up):
    run = up("--port", "0", "--emulator-port", "0", "--json")
    pids = facts_of(run)["pids"]

    assert all(map(alive, pids.values()))
    run.end(signal.SIGKILL)

    assert until(lambda: not any(map(alive, pids.values())))


def test_nothing_is_left_when_it_is_stopped_while_it_starts(up, tmp_path):
    run = up("--port", "0", "--emulator-port", "0")
    until((tmp_path / "build/local/logs/consumer.out").exists, within=60)

    assert run.end() == 0

    assert not processes_that_name(str(tmp_path))


@pytest.mark.parametrize("option", ["--port", "--emulator-port"])
def test_a_busy_port_gets_one_clear_line(up, option):
    ports = {"--port": "0", "--emulator-port": "0"}
    with listen(0, option="-") as taken:
        port = taken.getsockname()[1]
        run = up(*(word for pair in (ports | {option: str(port)}).items() for word in pair))

        assert run.ended() == 2

    [line] = run.warned
    assert f"port {port} " in line
    assert f"{option} " in line


def test_a_task_module_that_is_not_there_is_named(up):
    run = up("--port", "0", "--emulator-port", "0", "--tasks", "no_such_tasks")

    assert run.ended() == 1
    assert "No module named 'no_such_tasks'" in "\n".join(run.warned)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_500_jobs_have_500_outcomes_each_recorded_once_though_the_consumer_is_killed_midway(up):
    """The promise of the whole. The wait is for the killed attempts' leases: 30 s and a little."""
    run = up("--port", "0", "--emulator-port", "0", "--json")
    facts = facts_of(run)
    quick = {"task": "summarise_csv", "args": {"text": "a\n1\n2\n", "column": "a"}}
    slow = {
        "task": "count_down",
        "args": {"steps": 1, "seconds": 10},
        "lane": "high",
    }  # to be hit by the kill
    with client_of(facts) as client:
        accepted = client.post("/jobs/batch", json={"jobs": [quick] * 499}).json()["jobs"]
        ids = [answer["job"]["id"] for answer in accepted]
        until(lambda: states(client)["SUCCEEDED"] > 50, within=60)
        hit = client.post("/jobs", json=slow).json()["id"]
        until(lambda: client.get(f"/jobs/{hit}").json()["state"] == "RUNNING")
        left = states(client)

        os.kill(facts["pids"]["consumer"], signal.SIGKILL)

        until(lambda: [line for line in run.warned if line.startswith("consumer (pid ")])
        until(lambda: states(client)["SUCCEEDED"] == 500, within=120)
        jobs = [client.get(f"/jobs/{job_id}").json() for job_id in [*ids, hit]]

    assert left["SUCCEEDED"] < 490  # midway
    assert len({job["id"] for job in jobs}) == 500
    assert Counter(job["state"] for job in jobs) == {"SUCCEEDED": 500}
    assert all([step["event"] for step in job["history"]].count("succeeded") == 1 for job in jobs)
    assert all(job["result"] for job in jobs)
    assert jobs[-1]["attempts"] == 2  # the one that was killed ran again
    assert "was killed by SIGKILL; started another" in run.warned[0]


def states(client):
    """How many of the newest 500 jobs are in which state, as the API lists them."""
    found, cursor = Counter(), None
    for _ in range(10):
        page = client.get("/jobs", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
        found.update(job["state"] for job in page["jobs"])
        cursor = page["cursor"]
        if cursor is None:
            break
    return found


def test_the_welcome_shows_a_task_that_is_there():
    facts = {
        "api_url": "http://127.0.0.1:1",
        "docs_url": "http://127.0.0.1:1/docs",
        "api_key": "key",
        "emulator_url": "http://127.0.0.1:2",
        "log_dir": "logs",
        "pids": {"consumer": 1, "ticker": 2, "api": 3},
        "environment": {
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "c",
            "JOBLINE_APP": "d",
            "JOBLINE_STAGE": "e",
        },
    }
    out = io.StringIO()

    schema = {"properties": {"name": {"type": "string"}, "times": {"type": "integer"}}, "required": ["name"]}
    welcome(facts, [{"name": "[bold]greet[/bold]", "args": schema}], Console(file=out, soft_wrap=True))

    assert """'{"task": "[bold]greet[/bold]", "args": {"name": "text"}}'""" in out.getvalue()
    assert "jobline submit '[bold]greet[/bold]' name=text --wait" in out.getvalue()


def shell(command, folder):
    """What a person's shell prints for it."""
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True, timeout=30
    ).stdout


def line_after(said, title):
    return said[said.index(title) + 1].strip()


def processes_that_name(text):
    """Ids of processes with this text in their command line or environment's log arguments."""
    return [
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and text in read(process / "cmdline") and alive(int(process.name))
    ]


def read(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
