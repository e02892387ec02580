"""What a function finds on Lambda: its unzipped package, and boto3 beside it, from the runtime. Nothing of this machine's environment."""

import compileall
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from zipfile import ZipFile


@dataclass(frozen=True, kw_only=True)
class Room:
    """Two folders for sys.path."""

    task: Path
    """/var/task: the package. Lambda's cannot be written to; interpreters are told not to write."""
    runtime: Path
    """/var/runtime: boto3 and what it needs, compiled, as the runtime's are."""


@contextmanager
def room(package: Path) -> Iterator[Room]:
    """A place to start functions in, for as long as the block lasts."""
    with TemporaryDirectory() as folder:
        made = Room(task=Path(folder) / "task", runtime=Path(folder) / "runtime")
        with ZipFile(package) as archive:
            archive.extractall(made.task)
        compiled(_boto3(), made.runtime)
        yield made


def compiled(libraries: Iterable[Path], into: Path) -> None:
    """A copy of these, compiled as the package is. Whether an installer compiled the originals depends on how it was called."""
    into.mkdir()
    for path in libraries:
        if path.is_file():
            shutil.copy(path, into)
            continue
        shutil.copytree(path, into / path.name, ignore=shutil.ignore_patterns("__pycache__", "data"))
        if (data := path / "data").exists():  # as large as all the rest, and only read
            (into / path.name / "data").symlink_to(data)
    compileall.compile_dir(into, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def _boto3() -> set[Path]:
    """Every package and module of boto3 and all that it needs."""
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
