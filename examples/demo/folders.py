"""The output folder: emptied before a run, but only if it is certainly ours to empty."""

import shutil
from pathlib import Path

MARK = ".jobline-demo"


class NotOurs(Exception):
    """The folder cannot be used for output; says why, and what to do."""


def prepare(out: Path, source: Path) -> None:
    """Make `out` an empty folder (both paths are absolute, without links). Raises `NotOurs` rather than delete or mix up anything that no demo has made."""
    if out == source or source in out.parents or out in source.parents:
        raise NotOurs(
            f"the output folder {out} and the input folder {source} must lie apart: the input is only ever read"
        )
    if out.exists() and not out.is_dir():
        raise NotOurs(f"{out} is a file; name a folder with --out")
    if out.is_dir() and any(out.iterdir()):
        if not (out / MARK).is_file():
            raise NotOurs(f"{out} is not empty and was not made by this demo; name another folder with --out")
        for entry in out.iterdir():  # the folder itself may be somebody's working directory
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text("Made by the Jobline demo; the next run with this output folder empties it.\n")
