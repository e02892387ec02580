"""Which API the commands talk to: JOBLINE_URL and JOBLINE_API_KEY, or what `jobline up` in this folder wrote down."""

import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import httpx

STATE_FILE = Path("build/local/stack.json")  # in the folder where `jobline up` was started
TIMEOUT = 30.0  # seconds; the API answers within 29


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """An API and the key for it."""

    url: str
    api_key: str

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One request. Raises ClickException when nobody answers, and for every answer that is an error."""
        # A proxy is for the world outside. On the loopback address it could not even find the API.
        local = urlsplit(self.url).hostname in {"127.0.0.1", "localhost", "::1"}
        headers = {"Authorization": f"Bearer {self.api_key}"}
        try:
            with httpx.Client(
                base_url=self.url, headers=headers, timeout=TIMEOUT, trust_env=not local
            ) as client:
                answer = client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise click.ClickException(
                f"nobody answers at {self.url} ({error}); is `jobline up` running?"
            ) from error
        if answer.is_error:
            raise click.ClickException(_problem(answer))
        return answer


def connect() -> Connection:
    """Find the API. Raises ClickException that says how to name one."""
    state = read_state()
    url = os.environ.get("JOBLINE_URL") or state.get("api_url")
    api_key = os.environ.get("JOBLINE_API_KEY") or state.get("api_key")
    if not url or not api_key:
        raise click.ClickException(
            "no API known: start `jobline up` here, or set JOBLINE_URL and JOBLINE_API_KEY"
        )
    return Connection(url=url.rstrip("/"), api_key=api_key)


def write_state(facts: dict[str, Any]) -> None:
    """Write down what runs, readable by this user alone: it holds the key."""
    STATE_FILE.parent.mkdir(parents=True, exist_ok=True)
    new = STATE_FILE.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=2)
    new.replace(STATE_FILE)  # a reader sees the old facts or the new ones


def forget_state(api_key: str) -> None:
    """Remove what was written down, if it is still about the stack with this key."""
    if read_state().get("api_key") == api_key:
        STATE_FILE.unlink(missing_ok=True)


def read_state() -> dict[str, Any]:
    """What was written down last; empty if nothing was, or nothing that makes sense."""
    with suppress(OSError, ValueError):
        state = json.loads(STATE_FILE.read_text(encoding="utf-8"))
        if isinstance(state, dict):
            return state
    return {}


def _problem(answer: httpx.Response) -> str:
    """An error answer in a line: what the API says of it, as far as it says anything."""
    with suppress(ValueError):
        problem = answer.json()
        if isinstance(problem, dict) and (told := problem.get("detail") or problem.get("title")):
            return f"{answer.status_code}: {told}"
    return f"{answer.status_code}: {answer.text[:500]}"
