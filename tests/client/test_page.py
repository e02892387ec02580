"""docs/client.md: its example runs, against the real API on twins."""

import re
from datetime import timedelta
from functools import partial
from pathlib import Path

import jobline.client
from tests.support.wire import URL, Wire

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def test_the_example_runs(desk, monkeypatch, capsys):
    def pause(seconds: float) -> None:
        desk.world.advance(timedelta(seconds=seconds))
        desk.work()

    wired = partial(jobline.client.Client, pause=pause, transport=Wire(desk))
    monkeypatch.setattr(jobline.client, "Client", wired)
    example, money, typed = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {"url": URL, "api_key": desk.caller().token})
    assert "SUCCEEDED" in capsys.readouterr().out
    assert len(desk.store.rows) == 1 + 1 + 3 + 100
    key = desk.caller("admin").token
    exec(compile(money, str(PAGE), "exec"), {"url": URL, "admin_key": key, "Client": wired})
    assert "jobs.submit(bill, date(2026, 1, 2), cents=7)" in typed  # as test_types.py has it, where `bill` is
