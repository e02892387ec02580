"""What the demo's tests share: a made-up job document, a running job's context, a few small samples."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.pipeline.context import running
from chalicelib.pipeline.ports import Facts
from examples.demo.samples import all_samples
from tests.demo.times import START, at

ENDINGS = {"SUCCEEDED": "succeeded", "DEAD": "died", "CANCELLED": "cancelled", "EXPIRED": "expired"}


@pytest.fixture
def job() -> Callable[..., dict[str, Any]]:
    """Makes job documents as the API shows them: `job("DEAD", error="BrokenPicture")`."""

    def made(state: str = "SUCCEEDED", number: int = 1, **facts: Any) -> dict[str, Any]:
        attempts = facts.pop("attempts", 0 if state == "QUEUED" else 1)
        error = facts.pop("error", None)
        ended = state in ENDINGS
        history = [
            {"at": at(0), "event": "claimed", "epoch": n + 1, "by": "", "note": ""} for n in range(attempts)
        ]
        if ended:
            history.append({"at": at(2), "event": ENDINGS[state], "epoch": attempts, "by": "", "note": ""})
        return {
            "id": f"01J{number:023}",
            "task": "make_thumbnail",
            "state": state,
            "attempts": attempts,
            "epoch": attempts,
            "created_at": at(0),
            "started_at": at(1) if attempts else None,
            "finished_at": at(2) if ended else None,
            "result": None,
            "reason": "failed" if state == "DEAD" else None,
            "error": {"type": error, "message": f"what {error} says"} if error else None,
            "history": history,
            **facts,
        }

    return made


@dataclass
class HeardLine:
    """The line of a running job; remembers what the task said."""

    said: list[tuple[float | None, str]] = field(default_factory=list)

    def report(self, fraction: float | None, message: str) -> None:
        self.said.append((fraction, message))

    def beat(self) -> None: ...

    def cancelled(self) -> bool:
        return False


@pytest.fixture
def line() -> Iterator[HeardLine]:
    """Inside this fixture, `current_job()` is a job."""
    heard = HeardLine()
    facts = Facts(
        id="01JDEMO",
        task="t",
        tenant="default",
        attempt=1,
        max_attempts=3,
        epoch=1,
        deadline=START + timedelta(minutes=1),
    )
    with running(facts, heard):
        yield heard


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small samples, and each broken one: all that takes no time to make."""
    folder = tmp_path_factory.mktemp("samples")
    for sample in all_samples():
        if sample.dies_of or sample.path.startswith("texts/") or any(word in sample.path for word in SMALL):
            target = folder / sample.path
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(sample.content())
    return folder


SMALL = (
    "turned_left",
    "old_palette",
    "cut_out",
    "press_cmyk",
    "sales_0",
    "bureau_01",
    "sensor_02",
    "export",
    "only_a_header",
)
