"""Being asked to end: SIGTERM and SIGINT set an event, and the work in hand is finished."""

import signal
import threading


def stop_on_signals() -> threading.Event:
    """An event that is set when this process is asked to end. From the main thread only."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
