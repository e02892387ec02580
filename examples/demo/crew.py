"""Orders in, outcomes out: submits jobs, follows them to their ends, and remembers which job belongs to which order."""

import time
from collections.abc import Sequence
from typing import Any

from examples.demo.api import Api, Document
from examples.demo.order import Order
from examples.demo.proof import Proof
from examples.demo.screen import Screen
from examples.demo.watch import Watch

# So many of the first jobs are submitted a second time on purpose.
TWICE = 25


class Crew:
    """One run's use of the API. `deadline` is on the monotonic clock."""

    def __init__(self, api: Api, screen: Screen, deadline: float) -> None:
        self._api = api
        self._screen = screen
        self._deadline = deadline
        self._watch = Watch()
        self._orders: dict[str, Order] = {}
        self.proofs: list[Proof] = []

    @property
    def pairs(self) -> list[tuple[Order, Document]]:
        """Each order with its job as last seen."""
        return [(order, self._watch.seen[job_id]) for job_id, order in self._orders.items()]

    def do(self, orders: Sequence[Order]) -> list[tuple[Order, Document]]:
        """Submit these and wait for all their outcomes. Raises `ApiTrouble` or `TookTooLong`."""
        jobs = self._submit(orders)
        mine = {job["id"]: order for job, order in zip(jobs, orders, strict=True)}
        self._orders.update(mine)
        self._watch.add(jobs)
        with self._screen.following(mine) as show:
            self._watch.until_all_ended(self._api, deadline=self._deadline, show=show)
        return [(order, self._watch.seen[job_id]) for job_id, order in mine.items()]

    def ask_again(self) -> None:
        """Read every job once more, to see that outcomes stay what they were."""
        changed = self._watch.changed_since(self._api)
        claim = (
            f"{len(self._orders)} jobs, all asked for again at the end, still have the outcome that they had"
        )
        self.proofs.append(Proof(claim=claim, wrong=[f"job {job_id} has another" for job_id in changed]))

    def _submit(self, orders: Sequence[Order]) -> list[Document]:
        began = time.monotonic()
        jobs = self._api.submit(orders)
        took = time.monotonic() - began
        if len(orders) > TWICE:
            self._screen.note(
                "submitted", f"{len(jobs)} jobs over HTTP in {took:.1f} s ({len(jobs) / took:.0f} a second)"
            )
            self._submit_again(orders[:TWICE], jobs[:TWICE])
        return jobs

    def _submit_again(self, orders: Sequence[Order], jobs: Sequence[Document]) -> None:
        """As a caller does whose connection broke before the answer came: same keys, so it must be the same jobs."""
        again: Sequence[Any] = [job["id"] for job in self._api.submit(orders)]
        wrong = [
            f"{order.about} became a second job"
            for order, job, second in zip(orders, jobs, again, strict=True)
            if job["id"] != second
        ]
        claim = f"{len(orders)} jobs, submitted a second time under their idempotency keys, are the same {len(orders)} jobs"
        self.proofs.append(Proof(claim=claim, wrong=wrong))
