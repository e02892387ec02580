"""The output folder: emptied before a run, but only if it is certainly ours to empty, and ours alone while we run."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = ".jobline-demo"


class NotOurs(Exception):
    """The folder cannot be used for output; says why, and what to do."""


@contextmanager
def claimed(out: Path, source: Path) -> Iterator[None]:
    """Make `out` an empty folder, and keep other runs out of it while this lasts (both paths absolute, without links).

    Raises `NotOurs` rather than delete or mix up anything that no demo has made.
    """
    if out == source or source in out.parents or out in source.parents:
        raise NotOurs(
            f"the output folder {out} and the input folder {source} must lie apart: the input is only ever read"
        )
    if out.exists() and not out.is_dir():
        raise NotOurs(f"{out} is a file; name a folder with --out")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise NotOurs(f"{out} is not empty and was not made by this demo; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    with (out / MARK).open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotOurs(
                f"another demo is running with the output folder {out}; name another with --out"
            ) from None
        mark.write("Made by the Jobline demo; the next run with this output folder empties it.\n")
        mark.flush()
        _empty(out)
        yield


def _empty(out: Path) -> None:
    for entry in out.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != MARK:
            entry.unlink()
