"""The tick as a process of its own, so that it goes on while consumers die: `python -m jobline.local.ticker [--every 2]`."""

import argparse
import logging
import os
from pathlib import Path

from chalicelib.settings import Settings
from jobline.local import leash
from jobline.local.emulator import REGION
from jobline.local.invoke import STUCK, Function, Stuck
from jobline.local.logs import log_to
from jobline.local.signals import stop_on_signals
from jobline.local.stage import FUNCTION_TIMEOUT, TICK_EVERY, load_app
from jobline.local.tick import tick_every

log = logging.getLogger(__name__)


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m jobline.local.ticker", description="Run the tick again and again."
    )
    options.add_argument(
        "--log", type=Path, metavar="FILE", help="append log lines to this file (else: standard error)"
    )
    options.add_argument(
        "--app", default="app", metavar="MODULE", help="the module with the handler (default: app)"
    )
    options.add_argument("--every", type=float, default=TICK_EVERY, metavar="SECONDS")
    given = options.parse_args()
    log_to(given.log)
    stop = stop_on_signals()
    settings = Settings.from_env(os.environ)
    tick = Function(
        f"{settings.app}-{settings.stage}-tick", load_app(given.app).tick, timeout=FUNCTION_TIMEOUT
    )
    leash.ready()
    print(f"ticker (pid {os.getpid()}) runs {tick.name} every {given.every:g} s", flush=True)
    region = os.environ.get("AWS_DEFAULT_REGION", REGION)
    try:
        tick_every(given.every, tick, region=region, stop=stop)
    except Stuck as error:
        log.critical("ticker ends itself: %s", error, extra={"action": "ticker_stuck"})
        logging.shutdown()
        os._exit(STUCK)
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
