"""What an upgrade would do to a project's parts: decided from three hashes each, of what was given, of what is there, of what is new."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jobline.new.parts import POLICIES, hashed


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Paths in the project."""

    write: dict[str, str] = field(default_factory=dict)
    """With their new texts."""
    remove: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    """Changed by the author and by us: both cannot be had."""


def plan(there: Path, given: Mapping[str, str], new: Mapping[str, str]) -> Plan:
    """`given`: the hashes of what the project was given; `new`: what this version has. Policies are left out: they are made again after it."""
    made = Plan()
    for path in sorted(given.keys() | new.keys()):
        if path.startswith(POLICIES):
            continue
        now, before = _here(there, path), given.get(path)
        wanted = None if path not in new else hashed(path, new[path])
        if now == wanted or (
            wanted == before and now is not None
        ):  # there already, or the author's business alone
            continue
        if now not in {before, None}:
            made.changed.append(path)
        if path in new:
            made.write[path] = new[path]
        else:
            made.remove.append(path)
    return made


def _here(there: Path, path: str) -> str | None:
    try:
        return hashed(path, (there / path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
