"""docs/flask.md: its application runs, over the real API on twins."""

import re
from pathlib import Path

from tests.client.conftest import desk
from tests.support.wire import URL, Wire

__all__ = ["desk"]

PAGE = Path(__file__).parents[2] / "docs" / "flask.md"


def test_the_example_runs(desk):
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(compile(example, str(PAGE), "exec"), names)
    names["jobline"]._options = {"transport": Wire(desk)}
    app = names["create_app"](JOBLINE_URL=URL, JOBLINE_API_KEY=desk.caller().token)
    visitor = app.test_client()

    job = visitor.post("/sums", json={"a": 2, "b": 3}).json["job"]
    desk.work()

    assert visitor.get(f"/sums/{job}").json == {"state": "SUCCEEDED", "result": 5}
    app.extensions["jobline"].close()
