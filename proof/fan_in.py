"""F55: very many children of one group end side by side, and its join fires once: `make fan-in`, 10,000 children in 200 threads.

Through the real adapters, before an emulator, in real time. Each child is claimed, succeeds and is marked, as its worker would do it; what is
counted is each call that takes, beyond the one that it has to be.
"""

import argparse
import logging
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from bench.stage import emulated, stage
from chalicelib.domain.job import TERMINAL, Inline, Job, State, Wakeup
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.items import Edit, Kept, Spot, Unkept
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import Refused, Written
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.task import Options
from chalicelib.pipeline.verdict import success
from chalicelib.pipeline.workflows.kin import Kin
from chalicelib.pipeline.workflows.places import lives

KEY = "inputs/default/fan-in.jsonl"
HOUR = timedelta(hours=1)


class WrongFanIn(Exception):
    """It did not come together as it must."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FanIn:
    """What one fan-in showed."""

    children: int
    threads: int
    fires: int  #: writes that let the workflow go on
    tries: int  #: writes that would have
    marks: int
    notes: int  #: writes to the workflow's own item: one for each page, and what comes beyond
    refused: int
    seconds: float

    @property
    def again(self) -> float:
        """Calls of a child beyond its own mark: what it had to do again, because others were there at the same time."""
        return (self.marks + self.notes + self.tries + self.refused) / self.children - 1


def child(x: int) -> int:
    """The work of one."""
    return x


class Counting:
    """The store and the shelves, counted."""

    def __init__(self, parts: Parts) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._store, self._items = parts.store.write, parts.items.write
        self.parts = replace(
            parts, store=_Through(parts.store, self.write), items=_Through(parts.items, self.put)
        )

    def write(self, job_id: str, change: Any) -> Written | Refused:
        """A row's write."""
        event = change.history[-1].event if change.history else ""
        answer = self._store(job_id, change)
        with self._lock:
            self.counts[event] += 1
            self.counts["refused"] += isinstance(answer, Refused)
        return answer

    def put(self, spot: Spot, edit: Edit) -> Kept | Unkept:
        """An item's write."""
        answer = self._items(spot, edit)
        with self._lock:
            self.counts[spot.kind] += 1
            self.counts["refused"] += isinstance(answer, Unkept)
        return answer


class _Through:
    """A port whose writes go another way."""

    def __init__(self, port: Any, write: Callable[..., Any]) -> None:
        self._port, self.write = port, write

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._port, verb)


def fan_in(children: int, threads: int, parts: Parts) -> FanIn:
    """Let so many children of one group end in so many threads. Raises `WrongFanIn`."""
    parts.registry.add(child, None, Options())
    parts.inputs.put(KEY, BytesIO(b"".join(b"%d\n" % one for one in range(children))))
    tree = {"map": {"task": child.__name__, "into": "x"}, "object": KEY}
    answer = enqueue([JobRequest(task=WORKFLOW.name, args={"workflow": tree})], parts=parts)[0]
    if not isinstance(answer, Job):
        raise WrongFanIn(f"not accepted: {answer}")
    _go_on(answer, 0, parts)
    waiting = _row(answer, parts)
    if waiting.state is not State.WAITING or waiting.children != children:
        raise WrongFanIn(f"it does not wait for {children:,}: {waiting}")
    ids = [found for found in Kin(lives(waiting), parts=parts).ids(0, children) if found is not None]
    counting = Counting(parts)
    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for done in pool.map(lambda job_id: _ended(job_id, waiting, counting.parts), ids):
            if not done:
                raise WrongFanIn("a child did not end")
    seconds = time.perf_counter() - begun
    joined = _row(answer, parts)
    if joined.state is not State.QUEUED:
        raise WrongFanIn(f"all children have ended, and it is {joined.state}")
    _go_on(answer, joined.epoch, parts)
    over = _row(answer, parts)
    if over.state is not State.SUCCEEDED:
        raise WrongFanIn(f"it is {over.state}: {over.error}")
    counts = counting.counts
    return FanIn(
        children=len(ids),
        threads=threads,
        fires=sum(1 for entry in over.history if entry.event == "joined"),
        tries=counts["joined"],
        marks=counts["page"],
        notes=counts["book"],
        refused=counts["refused"],
        seconds=seconds,
    )


def _row(job: Job, parts: Parts) -> Job:
    row = parts.store.read(job.id)
    if row is None:
        raise WrongFanIn("its row is gone")
    return row


def _go_on(job: Job, epoch: int, parts: Parts) -> None:
    """An attempt of the workflow, as its message would start it."""
    wakeup = Wakeup(tenant=job.tenant, job_id=job.id, epoch=epoch, lane=job.lane)
    execute(wakeup, ends=parts.world.now() + HOUR, receipt=None, parts=parts)


def _ended(job_id: str, workflow: Job, parts: Parts) -> bool:
    """What a child's worker does: claim it, settle it, tell of it."""
    now = parts.world.now()
    wakeup = Wakeup(tenant=workflow.tenant, job_id=job_id, epoch=0, lane=workflow.lane)
    held = claim(wakeup, lease=now + HOUR, parts=parts)
    if held is None:
        return False
    row = settle(held, success(held, Inline(json="1"), None, now), until=now + HOUR, parts=parts)
    return row is not None and row.state in TERMINAL


def wrong(found: FanIn) -> Iterator[str]:
    """What is not as it must be."""
    if found.fires != 1:
        yield f"{found.fires} fires"
    if found.again >= 3:
        yield f"{found.again:.2f} calls a child that were for nothing"


@contextmanager
def there() -> Iterator[Parts]:
    """A stage of an emulator's."""
    with (
        tempfile.TemporaryDirectory(prefix="jobline-fan-in-") as folder,
        emulated(Path(folder)),
        stage() as found,
    ):
        logging.getLogger("urllib3").setLevel(
            logging.ERROR
        )  # that more threads than connections ask is the point
        yield found.parts


def main(arguments: list[str] | None = None) -> int:
    """Run it, and say what it showed."""
    parser = argparse.ArgumentParser(prog="python -m proof.fan_in", description=__doc__)
    parser.add_argument("--children", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=200)
    given = parser.parse_args(arguments)
    with there() as parts:
        found = fan_in(given.children, given.threads, parts)
    said = list(wrong(found))
    print(
        f"children={found.children} threads={found.threads} fires={found.fires} tries={found.tries} marks={found.marks} "
        f"notes={found.notes} refused={found.refused} again_a_child={found.again:.3f} seconds={found.seconds:.0f}"
    )
    for one in said:
        print(f"WRONG: {one}")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
