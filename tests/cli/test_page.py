"""docs/cli.md: its commands run, in their order, against the real API on twins; its statuses are the code's."""

import re
import shlex

from jobline.cli import exits
from jobline.local.python import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_commands_run(typed, tmp_path, desk):
    (tmp_path / "numbers.jsonl").write_text('{"a": 1}\n{"a": 2}\n', encoding="utf-8")
    typed("submit", "fail", "why=no", "--wait")
    commands = re.findall(r"^jobline (.*)$", re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0], re.MULTILINE)

    ran = 0
    for command in commands:
        words = shlex.split(command, comments=True)
        if words != ["up"]:
            result = typed(*words)
            assert result.exit_code == 0, (command, result.output)
            ran += 1
    assert ran > 20


def test_the_statuses_are_these():
    told = {int(status) for status in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    ours = {
        getattr(exits, name)
        for name in dir(exits)
        if name.isupper() and isinstance(getattr(exits, name), int)
    }

    assert told == ours | {0, 130}
