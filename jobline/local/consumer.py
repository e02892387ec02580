"""The consumer process: pumps the lanes and the dead-letter queue into the app's handlers.

    python -m jobline.local.consumer [--log FILE]

SIGTERM lets it finish the batches in hand. SIGKILL is fine too: what it held comes again.
"""

import argparse
import logging
import os
import sys
import threading
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from chalicelib.domain.lane import Lane
from chalicelib.lanes import BY_NAME, DECLARED
from chalicelib.settings import DEAD_LETTERS, Settings
from jobline.local import leash
from jobline.local.invoke import STUCK, Function, Stuck
from jobline.local.logs import log_to
from jobline.local.pauses import Pauses
from jobline.local.pump import BATCH, WAIT, Pump
from jobline.local.signals import stop_on_signals
from jobline.local.stage import function_timeout, load_app, longest_timeout

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

HANDLERS = {**{lane.name: lane.consumer for lane in DECLARED}, DEAD_LETTERS: "dead_letters"}
"""Queue to its function in app.py."""
LAST = Lane(name="last", meant="The dead letters, as template and Chalice have them.")
POLLERS = 3
"""Batches of a lane in hand at once, so that one slow job does not hold up what comes after it. Lambda begins with five pollers:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m jobline.local.consumer", description="Run the lanes' consumers."
    )
    options.add_argument(
        "--log", type=Path, metavar="FILE", help="append log lines to this file (else: standard error)"
    )
    options.add_argument(
        "--app", default="app", metavar="MODULE", help="the module with the handlers (default: app)"
    )
    given = options.parse_args()
    log_to(given.log)
    stop = stop_on_signals()
    settings = Settings.from_env(os.environ)
    pauses = Pauses.of(settings)
    pauses.read()
    pumps = _pumps(load_app(given.app), settings, _client(), pauses)
    threads = [threading.Thread(target=_run, args=(pump, stop), name=name) for name, pump in pumps.items()]
    threads.append(threading.Thread(target=pauses.watch, args=(stop,), name="pauses"))
    for thread in threads:
        thread.start()
    leash.ready()
    print(
        f"consumer (pid {os.getpid()}) serves {', '.join(HANDLERS)} of {settings.app}-{settings.stage}",
        flush=True,
    )
    log.info("consumer started", extra={"action": "consumer_started", "pid": os.getpid()})
    stop.wait()
    log.info("consumer drains", extra={"action": "consumer_drains"})
    for thread in threads:
        thread.join(longest_timeout() + 2 * WAIT)  # one long poll and the batch that it brings
    log.info("consumer ended", extra={"action": "consumer_ended"})
    logging.shutdown()
    os._exit(0)  # tasks that outlived their time run on threads that nobody could join


def _client() -> "SQSClient":
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"total_max_attempts": 1},
        max_pool_connections=2 * POLLERS * len(HANDLERS),
    )
    return boto3.client("sqs", config=config)


def _pumps(app: ModuleType, settings: Settings, sqs: "SQSClient", pauses: Pauses) -> dict[str, Pump]:
    pumps = {}
    for lane, name in HANDLERS.items():
        handler = getattr(app, name, None)
        if handler is None:
            sys.exit(f"{app.__name__} has no {name}, which handles the lane {lane}")
        declared = BY_NAME.get(lane, LAST)
        most = 1 if declared is LAST else min(POLLERS, declared.concurrency or POLLERS)
        for poller in range(most):
            function = Function(
                f"{settings.app}-{settings.stage}-{name}", handler, timeout=function_timeout(declared)
            )
            pumps[f"{lane}-{poller}"] = Pump(
                sqs,
                settings.queues[lane],
                function,
                batch_size=min(BATCH, declared.batch_size),
                paused=partial(pauses.has, lane),
            )
    return pumps


def _run(pump: Pump, stop: threading.Event) -> None:
    try:
        pump.run(stop)
    except Stuck as error:
        log.critical("consumer ends itself: %s", error, extra={"action": "consumer_stuck"})
        logging.shutdown()
        os._exit(STUCK)
    except BaseException:
        log.critical("a pump broke", exc_info=True)
        logging.shutdown()
        os._exit(1)


if __name__ == "__main__":
    main()
