"""What Chalice's zip lacks: compiled code, and the same bytes for the same sources.

Lambda's /var/task cannot be written to, so Python compiles every module again at every cold start: about a tenth of a second of CPU for
this project. The compiled files go along. They are `unchecked-hash` ones: valid whatever time stamps Lambda gives to the sources,
and useless in a working tree, where sources change. So they are made here and nowhere else.

Chalice writes time stamps and an order of its own; a finished zip is sorted, dated 1980, readable by all, so that a deploy of
what has not changed changes no function. (The same interpreter and zlib, that is.)
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

FINISHED = b"finished for " + sys.implementation.cache_tag.encode()
"""The zip's comment. Chalice keeps zips and takes them again; a finished one is left as it is."""

STUBS = (".pyi", "/py.typed")
"""For type checkers, which do not run on Lambda."""

EPOCH = (1980, 1, 1, 0, 0, 0)
VAR_TASK = "/var/task"


def finish(path: Path) -> None:
    """Rewrite the zip in its place. Once or many times is the same. Raises CalledProcessError for a source that does not compile."""
    with ZipFile(path) as raw:
        if raw.comment == FINISHED:
            return
        with TemporaryDirectory() as folder:
            wanted = [name for name in raw.namelist() if ships(name)]
            raw.extractall(folder, wanted)
            compile_all(Path(folder))
            draft = path.with_suffix(".part")
            write(Path(folder), draft)
    draft.replace(path)


def ships(name: str) -> bool:
    """Whether an entry of Chalice's zip is needed on Lambda. Compiled files that came along may be of any age, so they are not."""
    return not name.endswith(("/", ".pyc", *STUBS))


def compile_all(folder: Path) -> None:
    """Compile every source below. In an interpreter of its own: what a .pyc is like byte by byte depends on what else was done."""
    subprocess.run(
        [
            *(sys.executable, "-I", "-m", "compileall", "-q", "-f"),
            *("--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", VAR_TASK, str(folder)),
        ],
        check=True,
        timeout=120,
    )


def write(folder: Path, target: Path) -> None:
    """Zip the folder, always to the same bytes."""
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 3  # Unix: the next line means something
            entry.external_attr = 0o100644 << 16  # Lambda's user is not the owner
            archive.writestr(entry, file.read_bytes())
        archive.comment = FINISHED
