"""What a function finds on Lambda: its unzipped package, and boto3 beside it, from the runtime. Nothing of this machine's environment."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile


@dataclass(frozen=True, kw_only=True)
class Room:
    """Two folders for sys.path."""

    task: Path
    """/var/task: the package. Lambda's cannot be written to; interpreters are told not to write."""
    runtime: Path
    """/var/runtime: boto3 and what it needs, compiled already, as the runtime's are."""


@contextmanager
def room(package: Path) -> Iterator[Room]:
    """A place to start functions in, for as long as the block lasts."""
    with TemporaryDirectory() as folder:
        made = Room(task=Path(folder) / "task", runtime=Path(folder) / "runtime")
        with ZipFile(package) as archive:
            archive.extractall(made.task)
        made.runtime.mkdir()
        for path in _boto3():
            (made.runtime / path.name).symlink_to(path)
        yield made


def _boto3() -> set[Path]:
    """Every package and module of boto3 and all that it needs; installers have compiled them."""
    found: dict[str, Distribution] = {}
    wanted = ["boto3"]
    while wanted:
        one = distribution(wanted.pop())
        if one.name not in found:
            found[one.name] = one
            wanted += [
                re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in one.requires or [] if ";" not in need
            ]
    return {
        Path(str(one.locate_file(file.parts[0])))
        for one in found.values()
        for file in one.files or []
        if not file.parts[0].startswith((".", "__")) and ".dist-info" not in file.parts[0]
    }
