"""The wheels that the lock vouches for, fetched anew: what the libraries in a package are compared with.

Chalice's first download keeps to the hashes in requirements.txt. Its second one, for a platform other than this machine's, names bare
versions and so does not. Hence this: pip, made to check hashes, for exactly the platform that Lambda has.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from chalice.deploy.packager import DependencyBuilder

from infra.packaging.bundle import Target

PATIENCE = 300.0


class NotLocked(Exception):
    """The lock cannot be satisfied for this platform; says what pip said."""


def glibc(target: Target) -> tuple[int, int]:
    """The C library that the runtime has, by Chalice's own table."""
    version: tuple[int, int] = DependencyBuilder._RUNTIME_GLIBC[target.abi]  # noqa: SLF001 - the one table of it at hand
    return version


@contextmanager
def fetched(lock: Path, target: Target) -> Iterator[list[Path]]:
    """Every wheel of the lock for this target, for as long as the block lasts. Raises NotLocked."""
    _, newest = glibc(target)
    platforms = [f"manylinux_2_{minor}_{target.machine}" for minor in range(17, newest + 1)]
    with TemporaryDirectory() as folder:
        run = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
                *("--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(lock)),
                *("--implementation", "cp", "--python-version", target.version),
                *(word for abi in (target.abi, "abi3", "none") for word in ("--abi", abi)),
                *(
                    word
                    for tag in (*platforms, f"manylinux2014_{target.machine}")
                    for word in ("--platform", tag)
                ),
                *("--dest", folder),
            ],
            text=True,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        if run.returncode:
            raise NotLocked(run.stderr.strip())
        yield sorted(Path(folder).glob("*.whl"))
