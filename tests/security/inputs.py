"""The table of bad inputs as requests: each has what it must be answered with."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.api.desk import Caller, Reply, concrete

TABLE = Path(__file__).with_name("bad_inputs.yaml")
JOB = {"task": "echo", "args": {"value": 1}}


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A request, the statuses that refuse it, and the argument that the answer names; None: whichever."""

    statuses: tuple[int, ...]
    method: str
    path: str
    body: Any = None
    raw: bytes | None = None
    argument: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{self.method} {self.path} {str(self.raw or json.dumps(self.body))[:200]} {dict(self.headers)}"
        )

    def ask(self, caller: Caller) -> Reply:
        return caller.ask(self.method, self.path, self.body, raw=self.raw, headers=self.headers)

    def wrong(self, reply: Reply) -> str | None:
        """What is wrong with the answer."""
        if reply.status not in self.statuses:
            return f"{self}: {reply.status} {reply.text[:200]}"
        named = reply.argument or ""
        if self.argument is not None and not (
            named == self.argument or named.startswith(f"{self.argument}.")
        ):
            return f"{self}: names {named!r}, not {self.argument!r}"
        return None


@cache
def table() -> Mapping[str, Any]:
    """As the file has it."""
    found: Mapping[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return found


def bad_inputs() -> Iterator[Bad]:
    """All of them."""
    found = table()
    for route, one in found["bodies"].items():
        method, path = route.partition("#")[0].split(" ")
        for name, values in one["wrong"].items():
            place, _, argument = name.partition("!")
            for value in values:
                body = {**one["right"], place: value}
                yield Bad(
                    statuses=(422,), method=method, path=concrete(path), body=body, argument=argument or place
                )
    for route, fields in found["queries"].items():
        method, path = route.split(" ")
        for name, values in fields.items():
            for value in values:
                asked = f"{path}?{quote(name, safe='')}={quote(value, safe='')}"
                yield Bad(statuses=(422,), method=method, path=asked, argument=name)
    for number, text in enumerate(found["bytes"]):
        path = ("/jobs", "/jobs/batch", "/schedules", "/workflows", "/webhooks")[number % 5]
        yield Bad(statuses=(400,), method="POST", path=path, raw=text.encode(), argument="body")
    for status, headers in found["headers"].items():
        for name, values in headers.items():
            for value in values:
                text = value.encode().decode("latin-1")  # as the wire would bring it
                yield Bad(statuses=(status,), method="POST", path="/jobs", body=JOB, headers={name: text})
    for path in found["paths"]:
        yield Bad(statuses=(404,), method="GET", path=path)
