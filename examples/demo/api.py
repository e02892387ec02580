"""The demo's side of the HTTP API: submit in batches, read jobs back. Plain httpx, as any program could do it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from examples.demo.order import Order

Document = Mapping[str, Any]  # a job as the API shows it

# Large enough to fill the queue's batches of ten, small enough that a person sees the submission move.
BATCH = 100
PAGE = 100
TRIES = 4


class ApiTrouble(Exception):
    """The API did not do what the demo needs; the sentence says which request and what it answered."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """A caller with a key."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        # No proxy from the environment: the API is on the loopback interface.
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def submit(
        self, orders: Sequence[Order], told: Callable[[int], None] = lambda _count: None
    ) -> list[Document]:
        """Submit all; the accepted jobs in the order of `orders`. `told(count)` after each batch.

        Every job has an idempotency key, so a batch whose answer was lost is simply sent again.
        Raises `ApiTrouble` when one is not accepted.
        """
        jobs: list[Document] = []
        for start in range(0, len(orders), BATCH):
            batch = orders[start : start + BATCH]
            body = [{"task": order.task, "args": order.args, "idempotency_key": order.key} for order in batch]
            answers = self._call("POST", "/jobs/batch", json={"jobs": body})["jobs"]
            for order, answer in zip(batch, answers, strict=True):
                if "job" not in answer:
                    raise ApiTrouble(
                        f"{order.task} for {order.about} was not accepted: {answer.get('problem', answer)}"
                    )
                jobs.append(answer["job"])
            told(len(jobs))
        return jobs

    def job(self, job_id: str) -> Document | None:
        """One job; None if there is none."""
        try:
            return self._call("GET", f"/jobs/{job_id}")
        except ApiTrouble as trouble:
            if trouble.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def jobs_since(self, since: str) -> Iterator[Document]:
        """All jobs accepted at or after this time (RFC 3339), page by page, newest first."""
        cursor: str | None = None
        while True:
            page = self._call(
                "GET",
                "/jobs",
                params={"since": since, "limit": PAGE, **({"cursor": cursor} if cursor else {})},
            )
            yield from page["jobs"]
            cursor = page["cursor"]
            if cursor is None:
                return

    def _call(self, method: str, path: str, **how: Any) -> Document:
        """The JSON that it answers. Tries again what a connection or the server lost; all calls here may be repeated."""
        found, status = "", None
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._http.request(method, path, **how)
            except httpx.TransportError as error:
                found, status = f"{type(error).__name__}: {error}", None
            else:
                if answer.is_success:
                    document: Document = answer.json()
                    return document
                found, status = answer.text[:300], answer.status_code
                if not answer.is_server_error and status != httpx.codes.TOO_MANY_REQUESTS:
                    break
            if attempt < TRIES:
                time.sleep(0.2 * 2**attempt)
        raise ApiTrouble(f"{method} {path}: {status or 'no answer'} {found}", status)
