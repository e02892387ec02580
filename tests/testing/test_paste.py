"""The test that is printed on a failure can be pasted as it is, fails for the same reason, and passes once the task is mended."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BROKEN = '''
import pytest

from chalicelib import current_job, task
from jobline.testing import effect


class Bank:
    def __init__(self):
        self.charges = {}

    @effect
    def charge(self, key, order):
        self.charges[key] = order


bank = Bank()


def world():
    global bank
    bank = Bank()
    return bank


@task
def charge(order: int):
    bank.charge(len(bank.charges), order)


class TestCharging:
    @pytest.mark.parametrize("order", [7, 8])
    def test_é_charge_survives(self, order, crash_every_point):
        once = lambda run: list(run.world.charges.values()) == [order]
        """é"""; crash_every_point(
            charge, {"order": order}, setup=world,
            invariant=(once),  # é, (
        )


def test_nothing(crash_every_point):
    pass
'''


def run(path, *words):
    """What pytest says of it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    command += ["-p", "jobline.pytest_plugin", str(path), *words]
    return subprocess.run(
        command, check=False, cwd=path.parent, env=env, capture_output=True, text=True, timeout=250
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_pasted_test_fails_as_it_was_said_until_the_task_is_mended(tmp_path):
    # given a test that fails
    path = tmp_path / "test_shop.py"
    path.write_text(BROKEN)
    first = run(path, "-k", "survives and 7")
    assert first.returncode == 1, first.stdout
    pasted = re.search(r"A test to paste:\n\n(.*?)\n\n*(?:=|-)", first.stdout, re.DOTALL)[1]
    assert 'schedule="1:crash_after"' in pasted
    # when the test that it prints is pasted below it
    path.write_text(BROKEN.replace("\n\ndef test_nothing", f"\n{pasted}\n\n\ndef test_nothing"))
    second = run(path, "-k", "crash_after")
    # then it fails with the same schedule, for every parameter, and prints no other
    assert second.returncode == 1, second.stdout
    assert "2 failed" in second.stdout
    assert second.stdout.count('schedule "1:crash_after"') >= 2
    assert "A test to paste" not in second.stdout
    # and when the task is mended it passes
    mended = path.read_text().replace("len(bank.charges)", "current_job().id")
    path.write_text(mended)
    third = run(path)
    assert third.returncode == 0, third.stdout
    assert "5 passed" in third.stdout


def test_where_there_is_no_test_to_copy_the_schedule_is_named(shop, once, capsys):
    def charge(order: int):
        shop.bank.charge(order)

    def helper():
        shop.crash(shop.task(charge), (7,), invariant=once)

    # given a call that is no part of a test's own source
    with pytest.raises(AssertionError):
        helper()
    assert 'Repeat it with schedule="1:crash_after" in the call.' in capsys.readouterr().out
    # and one that has no source at all
    with pytest.raises(AssertionError):
        exec("shop.crash(shop.tasks['charge'], (7,), invariant=once)", {"shop": shop, "once": once})
    assert 'Repeat it with schedule="1:crash_after" in the call.' in capsys.readouterr().out


def test_a_call_on_one_line_and_one_with_a_comment_at_its_end_can_be_copied(shop, once, capsys):
    def charge(order: int):
        shop.bank.charge(order)

    task = shop.task(charge)
    with pytest.raises(AssertionError):
        shop.crash(task, (7,), invariant=once)
    assert 'shop.crash(task, (7,), invariant=once, schedule="1:crash_after")' in capsys.readouterr().out
