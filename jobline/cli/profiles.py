"""Profiles: the addresses and keys of stages, in a TOML file of the user's that nobody else may read.

used = "dev"

[profiles.dev]
url = "https://....amazonaws.com/api"
key = "jl_..."
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from jobline.cli.exits import USAGE, Failure
from jobline.cli.private import write_private

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A stage's API and a key for it."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Profiles:
    """All of them; `used` is taken where nothing else says which."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    used: str | None = None


def file() -> Path:
    """Where they are."""
    return Path(click.get_app_dir("jobline")) / "profiles.toml"


def read() -> Profiles:
    """What the file says; nothing if there is none. Raises Failure for a file that others may read, or that is no such file."""
    path = file()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Profiles()
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {error}", status=USAGE) from error
    if path.stat().st_mode & 0o077:
        raise Failure(
            f"{path} has keys in it, and others may read it", status=USAGE, then=f"chmod 600 {path}"
        )
    try:
        found = tomllib.loads(text)
        each = {name: Profile(url=one["url"], key=one["key"]) for name, one in found["profiles"].items()}
        return Profiles(profiles=each, used=found.get("used"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Failure(
            f"{path} is not a file of profiles: {error}", status=USAGE, then="Mend or remove it."
        ) from error


def write(profiles: Profiles) -> None:
    """Put them into the file."""
    lines = [] if profiles.used is None else [f"used = {_quoted(profiles.used)}", ""]
    lines.append("[profiles]")
    for name, one in sorted(profiles.profiles.items()):
        lines += ["", f"[profiles.{name}]", f"url = {_quoted(one.url)}", f"key = {_quoted(one.key)}"]
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, "\n".join(lines) + "\n")


def _quoted(text: str) -> str:
    """A TOML string. Names, addresses and keys are printable, so JSON's form is TOML's."""
    return json.dumps(text, ensure_ascii=False)
