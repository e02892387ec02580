"""The HTTP API as a process: the real Chalice app on a loopback port.

    python -m jobline.local.api [--port 8000 | --fd NUMBER]

`--fd`: the number of an inherited socket that listens already, so that the API can be started again on the same port.
"""

import argparse
import logging
import os
import socket
import sys
import threading
from pathlib import Path

from jobline.local import leash
from jobline.local.gateway import gateway
from jobline.local.logs import log_to
from jobline.local.ports import LOOPBACK, PortBusy, listen
from jobline.local.signals import stop_on_signals
from jobline.local.stage import load_app

FINISH = 0.5  # seconds for answers that are on their way when the server ends


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m jobline.local.api", description="Serve the API on one machine."
    )
    options.add_argument(
        "--log", type=Path, metavar="FILE", help="append log lines to this file (else: standard error)"
    )
    options.add_argument(
        "--app", default="app", metavar="MODULE", help="the module with the app (default: app)"
    )
    options.add_argument("--port", type=int, default=8000, metavar="PORT", help="0: any free one")
    options.add_argument("--fd", type=int, metavar="NUMBER")
    given = options.parse_args()
    log_to(given.log)
    try:
        listening = (
            listen(given.port, option="--port") if given.fd is None else socket.socket(fileno=given.fd)
        )
    except PortBusy as busy:
        sys.exit(f"api: {busy}")
    stop = stop_on_signals()
    port = listening.getsockname()[1]
    server = gateway(load_app(given.app).app, host=LOOPBACK, port=port, listening=listening)
    thread = threading.Thread(target=server.server.serve_forever, name="api", daemon=True)
    thread.start()
    leash.ready()
    print(f"API (pid {os.getpid()}) serves http://{LOOPBACK}:{port}", flush=True)
    stop.wait()
    server.shutdown()
    threading.Event().wait(FINISH)
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
