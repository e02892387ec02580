"""The wheel of the Jobline that runs here, to go with a project: built from a clone, or put together again from what was installed.

So a project can be set up on any machine with nothing but itself and the package index, and always with the version it was made for.

    python -m jobline.new.wheel build/dist
"""

import base64
import csv
import hashlib
import io
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jobline import __version__
from jobline.home import BESIDE, cloned

NAME = f"jobline-{__version__}-py3-none-any.whl"
INFO = f"jobline-{__version__}.dist-info"
KEPT = frozenset({"METADATA", "WHEEL", "entry_points.txt", "top_level.txt"})
INPUTS = (
    "pyproject.toml",
    "setup.py",
    "docs/client.md",
    "app.py",
    "jobline",
    "chalicelib",
    "infra",
    "bench",
    ".chalice",
    "requirements.in",
    "requirements.txt",
    "requirements-dev.txt",
)
"""All that the wheel is built from: a copy of it is built, so nothing that lies about in the clone gets in, and nothing is left there."""

EPOCH = (2020, 1, 1, 0, 0, 0)
"""The time of every file in a wheel that is put together again: the same wheel each time."""


class NoWheel(Exception):
    """It cannot be had; says why."""


def put(folder: Path) -> Path:
    """Write it into that folder. Raises NoWheel."""
    folder.mkdir(parents=True, exist_ok=True)
    return _built(folder) if cloned() else _again(folder / NAME, distribution("jobline"))


def _built(folder: Path) -> Path:
    with TemporaryDirectory() as copy:
        for name in INPUTS:
            source, target = BESIDE / name, Path(copy, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, target)
        how = ("--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet")
        run = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", *how, "--wheel-dir", str(folder.resolve()), "."],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode:
        raise NoWheel(f"pip could not build it:\n{run.stderr.strip()[-2000:]}")
    return folder / NAME


def _again(target: Path, installed: Distribution) -> Path:
    """From the files that pip wrote down when it installed it. Raises NoWheel where some are gone."""
    files = {str(path): Path(str(path.locate())) for path in installed.files or [] if _belongs(str(path))}
    missing = [name for name, path in files.items() if not path.is_file()]
    if missing or f"{INFO}/METADATA" not in files:
        raise NoWheel(f"what pip installed is not whole: {', '.join(missing[:3]) or INFO} is not there")
    write(target, {name: path.read_bytes() for name, path in files.items()})
    return target


def _belongs(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    if folder == INFO:
        return file in KEPT
    return name.startswith("jobline/") and "__pycache__" not in name


def write(target: Path, files: Mapping[str, bytes]) -> None:
    """A wheel of these files: a zip with a list of them."""
    record, name = io.StringIO(), f"{INFO}/RECORD"
    rows = csv.writer(record, lineterminator="\n")
    with ZipFile(target, "w") as archive:
        for path, data in sorted(files.items()):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.writerow((path, f"sha256={digest}", len(data)))
            _add(archive, path, data)
        rows.writerow((name, "", ""))
        _add(archive, name, record.getvalue().encode())


def _add(archive: ZipFile, name: str, data: bytes) -> None:
    entry = ZipInfo(name, EPOCH)
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
    archive.writestr(entry, data)


if __name__ == "__main__":
    print(put(Path(sys.argv[1] if len(sys.argv) > 1 else "build/dist")))
