"""What a plain job takes, counted and so the same on any machine: `python -m bench.cpu.count` prints it as a line of JSON."""

import cProfile
import json
import os
import pstats
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.cpu import stage
from bench.quick.server import Server
from chalicelib import wiring
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.tenant_gate import Memory

JOBS = 10  # one batch of messages: several would be sent on several threads
ROUNDS = 5


class Alone:
    """A crew of one: all that is done is done on the thread that is watched. (A task's own thread is not.)"""

    def each(self, verb: Callable[[Any], Any], items: Iterable[Any]) -> Sequence[Any]:
        """As the port says."""
        answers: list[Any] = []
        for item in items:
            try:
                answers.append(verb(item))
            except Exception as error:  # noqa: BLE001 - the port says so
                answers.append(error)
        return answers


def main() -> None:
    """Submit and consume, each counted."""
    answers = os.fdopen(os.dup(1), "w")
    endpoint = Server()
    threading.Thread(target=endpoint.serve, daemon=True).start()
    parts = _alone(stage.wired(str(endpoint.port), direct="on"))
    stage.consumed(stage.submitted(stage.BATCH, parts))
    begun, asked = threading_starts(), endpoint.asked.copy()
    submitting, consuming = [], []
    for _ in range(ROUNDS):
        rows, figures = counted(lambda: stage.submitted(JOBS, parts))
        submitting.append(figures)
        consuming.append(counted(lambda: stage.consumed(rows))[1])  # noqa: B023 - called at once
    answers.write(
        json.dumps(
            {
                "enqueue": _least(submitting),
                "consume": _least(consuming),
                "threads": (threading_starts() - begun) / JOBS / ROUNDS,
                "requests": {
                    name: (endpoint.asked - asked)[name] / JOBS / ROUNDS
                    for name in ("PutItem", "UpdateItem", "GetItem", "SendMessageBatch")
                },
            }
        )
    )
    answers.flush()
    os._exit(0)


def _least(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of each figure the least."""
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


def _alone(parts: Parts) -> Parts:
    parts = replace(
        parts, crew=Alone(), tenants=Memory.of_nobody()
    )  # which are read again after some seconds
    wiring.use(parts)
    return parts


_started = [0]


def threading_starts() -> int:
    """Threads that were started since this was first asked."""
    if not hasattr(threading.Thread.start, "counts"):
        start = threading.Thread.start

        def counting(self: threading.Thread) -> None:
            _started[0] += 1
            start(self)

        counting.counts = True  # type: ignore[attr-defined]
        threading.Thread.start = counting  # type: ignore[method-assign]
    return _started[0]


def counted(act: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What it came to, and how many calls of functions it took a job: of all, of those that write and read JSON, and of botocore's."""
    profile = cProfile.Profile()
    found = profile.runcall(act)
    stats: Any = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    calls = {(file, name): figures[1] for (file, _, name), figures in stats.items()}
    return found, {
        "functions": round(sum(calls.values()) / JOBS, 1),
        "json": round(sum(n for (file, name), n in calls.items() if _is_json(file, name)) / JOBS, 2),
        "botocore": round(sum(n for (file, _), n in calls.items() if "/botocore/" in file) / JOBS, 1),
    }


def _is_json(file: str, name: str) -> bool:
    return (file.endswith("json/decoder.py") and name == "decode") or (
        file.endswith("json/encoder.py") and name == "encode"
    )


if __name__ == "__main__":
    main()
