"""Which API the commands talk to: the environment's, a profile's, or what `jobline up` in this folder wrote down."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobline.cli import profiles
from jobline.cli.exits import USAGE, Failure
from jobline.cli.private import write_private

STATE_FILE = Path("build/local/stack.json")  # in the folder where `jobline up` was started


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """An API, the key for it, and in words how both were found."""

    url: str
    api_key: str
    found: str


def connect(profile: str | None = None) -> Connection:
    """Find the API. A key goes only where it was meant for: an address from the environment takes no other place's key.

    Raises Failure that says how to name one.
    """
    url, api_key = os.environ.get("JOBLINE_URL"), os.environ.get("JOBLINE_API_KEY")
    if url:
        if profile:
            raise _unclear(
                "JOBLINE_URL and --profile both name an API", "Unset JOBLINE_URL, or leave --profile out."
            )
        if not api_key:
            raise _unclear(
                "JOBLINE_URL is set, JOBLINE_API_KEY is not", "Set both: no other place's key is sent there."
            )
        return Connection(url=url.rstrip("/"), api_key=api_key, found="environment")
    there = _written(profile)
    if there is None:
        then = "Start `jobline up` here, set JOBLINE_URL and JOBLINE_API_KEY, or `jobline profile add NAME --url URL`."
        raise _unclear("no API is known", then)
    if api_key:
        return Connection(url=there.url, api_key=api_key, found=f"{there.found}, key from the environment")
    return there


def _written(profile: str | None) -> Connection | None:
    """The one that is asked for; else what runs in this folder, which its `jobline up` says these commands are for; else the one in use."""
    asked = profile or os.environ.get("JOBLINE_PROFILE")
    if asked:
        return _of_profile(asked)
    state = read_state()
    if state.get("api_url") and state.get("api_key"):
        return Connection(url=state["api_url"], api_key=state["api_key"], found="`jobline up` in this folder")
    used = profiles.read().used
    return _of_profile(used) if used else None


def _of_profile(name: str) -> Connection:
    found = profiles.read().profiles.get(name)
    if found is None:
        raise _unclear(f"there is no profile {name!r}", "`jobline profile list` shows them.")
    return Connection(url=found.url, api_key=found.key, found=f"profile {name}")


def _unclear(message: str, then: str) -> Failure:
    return Failure(message, status=USAGE, then=then)


def write_state(facts: dict[str, Any]) -> None:
    """Write down what runs, readable by this user alone: it holds the key."""
    STATE_FILE.parent.mkdir(parents=True, exist_ok=True)
    write_private(STATE_FILE, json.dumps(facts, indent=2))


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
