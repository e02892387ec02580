"""The emulator: starts, answers, listens on the loopback address alone, ends."""

import subprocess
import sys

import boto3
import pytest

from jobline.local.emulator import Emulator, EmulatorFailed
from jobline.local.ports import PortBusy, listen
from tests.local.processes import alive, children_of, listening_addresses_of, loopback
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def test_an_emulator_answers_and_forgets_on_reset(sqs, emulator):
    sqs.create_queue(QueueName="one")
    assert len(sqs.list_queues()["QueueUrls"]) == 1

    emulator.reset()

    assert not sqs.list_queues().get("QueueUrls")


def test_it_listens_on_one_loopback_port_and_nowhere_else(emulator):
    pid = emulator.child.pid

    assert listening_addresses_of(pid) == [loopback(emulator.port)]
    assert children_of(pid) == []


def test_it_is_gone_after_stop_and_knows_nothing_when_it_starts_again(tmp_path):
    with Emulator(log_dir=tmp_path) as emulator:
        pid = emulator.child.pid
        boto3.client("sqs", **emulator.client_options).create_queue(QueueName="one")
    assert not alive(pid)
    emulator.stop()  # once more does no harm

    with emulator:
        assert emulator.child.pid != pid
        assert not boto3.client("sqs", **emulator.client_options).list_queues().get("QueueUrls")


def test_the_callers_own_settings_for_the_cloud_do_not_reach_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BIND_HOST", "0.0.0.0")
    monkeypatch.setenv("SFTP_ENABLED", "1")
    monkeypatch.setenv("PERSIST_STATE", "1")
    monkeypatch.setenv("AUTH", "true")
    monkeypatch.setenv("SERVICES", "lambda")

    with Emulator(log_dir=tmp_path) as emulator:
        assert listening_addresses_of(emulator.child.pid) == [loopback(emulator.port)]
        boto3.client("sqs", **emulator.client_options).list_queues()


def test_a_busy_port_is_named_with_the_option_that_chooses_another(tmp_path):
    with listen(0, option="-") as taken:
        port = taken.getsockname()[1]
        emulator = Emulator(log_dir=tmp_path, port=port, option="--emulator-port")

        with pytest.raises(PortBusy, match=rf"port {port} .*--emulator-port"):
            emulator.start()
    emulator.stop()


def test_one_that_dies_at_its_start_is_reported_with_what_it_said_last(tmp_path, monkeypatch):
    (tmp_path / "ministack").mkdir()
    (tmp_path / "ministack" / "__init__.py").touch()
    (tmp_path / "ministack" / "__main__.py").write_text(
        'raise SystemExit("no memory left today")\n', encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(EmulatorFailed, match=r"ended with status 1.*\n.*no memory left today"):
        Emulator(log_dir=tmp_path).start()


def test_one_that_never_answers_is_given_up_and_ended(tmp_path, monkeypatch):
    (tmp_path / "ministack").mkdir()
    (tmp_path / "ministack" / "__init__.py").touch()
    (tmp_path / "ministack" / "__main__.py").write_text(
        "import os, threading\nprint('pid', os.getpid(), flush=True)\nthreading.Event().wait()\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(EmulatorFailed, match=r"did not answer within 1 s.*\npid \d+") as failed:
        Emulator(log_dir=tmp_path, start_within=1).start()

    assert not alive(int(str(failed.value).rsplit(maxsplit=1)[-1]))


def test_it_ends_when_its_parent_is_killed(tmp_path):
    program = """
import sys, threading
from pathlib import Path
from jobline.local.emulator import Emulator
emulator = Emulator(log_dir=Path(sys.argv[1])).start()
print(emulator.child.pid, flush=True)
threading.Event().wait()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        try:
            pid = int(parent.stdout.readline())
            assert alive(pid)
        finally:
            parent.kill()
        until(lambda: not alive(pid))
