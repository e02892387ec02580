"""docs/testing.md: its examples run, and what it says they print is what they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jobline.testing import Fault

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text()

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # whole pytest runs, on a machine that may be busy


def examples():
    """The Python of the page by its file's name."""
    blocks = re.findall(r"```python\n# ([^\n]+)\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == PAGE.count("```python") == 6
    return dict(blocks)


def outputs():
    """What the page says is printed."""
    return [tidy(block) for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)]


def tidy(text):
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def pytest_in(folder, *words):
    env = {
        **os.environ,
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "COLUMNS": "120",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rP",
        "-p",
        "no:cacheprovider",
        "-p",
        "jobline.pytest_plugin",
    ]
    return subprocess.run(
        [*command, *words], check=False, cwd=folder, env=env, capture_output=True, text=True, timeout=250
    )


def test_the_double_charge_is_caught_in_the_words_of_the_page(tmp_path):
    found = examples()
    for name in ("shop.py", "test_shop.py"):
        (tmp_path / name).write_text(found[name])
    ran = pytest_in(tmp_path)
    assert ran.returncode == 1, ran.stdout
    caught, pasted, _ = outputs()
    assert caught in tidy(ran.stdout)
    assert pasted in tidy(ran.stdout)


@pytest.mark.long
def test_the_mended_task_and_all_other_examples_pass(tmp_path):
    found = examples()
    found["shop.py"] = found.pop("shop.py, mended")
    # given the page's files, and the test that it says to paste
    for name, text in found.items():
        (tmp_path / name).write_text(text)
    pasted = outputs()[1].partition("\n\n")[2]
    (tmp_path / "test_shop.py").write_text(f"{found['test_shop.py']}\n\n{pasted}\n")
    # when all is run, then it passes, and says what the page says
    ran = pytest_in(tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert "5 passed" in ran.stdout
    assert outputs()[2] in tidy(ran.stdout)


def test_the_page_names_every_fault():
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted(Fault)
