"""Secrets as they lie about where people deploy from and work: planted in the environment, looked for in all that is printed and written."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

CANARY = "canary-planted-Xk73"

PLANTED: Mapping[str, str] = {
    name: f"{CANARY}-{name.lower()}"
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "DATABASE_URL",
        "GITHUB_TOKEN",
        "JOBLINE_API_KEY",
        "SECRET_KEY",
    )
}


def sung(text: str, canary: str = CANARY) -> list[str]:
    """What was told around each place that has it; none: nothing was."""
    return [line[-300:] for line in text.splitlines() if canary in line]


def written(folder: Path, canary: str = CANARY, *, but: Iterable[str] = ()) -> list[str]:
    """The files below a folder that have it, archives opened, by their names from there."""
    passed = {*but}
    return [
        file.relative_to(folder).as_posix()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and file.relative_to(folder).as_posix() not in passed
        and _has(file, canary.encode())
    ]


def _has(file: Path, canary: bytes) -> bool:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return any(canary in archive.read(name) for name in archive.namelist())
    return canary in file.read_bytes()
