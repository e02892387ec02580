"""The clients: threads that submit over HTTP, ask again under the same key when no answer came, cancel and look; and what they were told."""

import heapq
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from proof.processes.orders import Order

THREADS = 10
BATCH = 20
BATCH_SHARE = 6  # of ten groups of orders, so many go as one request
ANSWER_WITHIN = 15.0  # seconds for one request
PAUSE = 0.25  # before asking again
AT_ONCE = 100  # requests with one key (F08)
LOOK_EVERY = 10  # orders between two looks at a job that was accepted


@dataclass(kw_only=True)
class Told:
    """What the API answered. Written by many threads, under the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  #: key -> ids answered for it
    orders: dict[str, Order] = field(default_factory=dict)  #: id -> what was asked for
    cancelled: set[str] = field(default_factory=set)  #: ids of jobs that a cancel was answered CANCELLED for
    cancels: int = 0
    redriven: int = 0
    asked_again: int = 0  #: requests whose answer did not come, or was that it should be asked again
    one_key: list[int] = field(
        default_factory=list
    )  #: answers to each round of requests with one key at once
    wrong: list[str] = field(default_factory=list)  #: answers that must not be
    refusals: Counter[str] = field(default_factory=Counter)  #: answers that made somebody ask again

    def accepted(self, order: Order, job_id: str) -> None:
        with self.lock:
            self.ids[order.key].add(job_id)
            self.orders[job_id] = order

    def fail(self, words: str) -> None:
        with self.lock:
            self.wrong.append(words)


class Clients:
    """`start`, and `finished` when every order was answered and every cancel too."""

    def __init__(self, url: str, key: str, orders: Sequence[Order], *, seconds: float) -> None:
        """`seconds`: over which the orders are spread."""
        self.told = Told()
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._count = len(orders)
        self._groups: queue.Queue[list[Order]] = queue.Queue()
        for group in _groups(orders):
            self._groups.put(group)
        self._began = 0.0
        self._seconds = seconds
        self._over = threading.Event()
        self._enough = threading.Event()
        self._begun: set[str] = set()  # keys of orders that were asked for
        self._cancels: list[tuple[float, str]] = []
        self._cancelling = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"client-{number}", daemon=True)
            for number in range(THREADS)
        ]
        self._canceller = threading.Thread(target=self._cancel_all, name="canceller", daemon=True)

    def start(self) -> None:
        self._began = time.monotonic()
        for thread in [*self._threads, self._canceller]:
            thread.start()

    def finished(self) -> bool:
        """Whether everything that was to be asked has been answered."""
        if any(thread.is_alive() for thread in self._threads):
            return False
        with self._cancelling:
            return not self._cancels or self._over.is_set()

    def enough(self) -> None:
        """Begin no further orders; those begun are asked for until they are answered."""
        self._enough.set()

    @property
    def unanswered(self) -> list[str]:
        """Keys of orders that were asked for and not answered."""
        with self.told.lock:
            return sorted(key for key in self._begun if key not in self.told.ids)

    def stop(self) -> None:
        """Ask nothing more."""
        self._over.set()
        with self._cancelling:
            self._cancelling.notify_all()
        for thread in [*self._threads, self._canceller]:
            if thread.ident is not None:
                thread.join(ANSWER_WITHIN + 5)

    def one_key(self, order: Order) -> None:
        """A hundred concurrent requests with one key: they must be told of one job."""
        together = threading.Barrier(AT_ONCE)

        def ask() -> None:
            with self._http() as http:
                together.wait(30)
                self._submit(http, order)

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with self.told.lock:
            self.told.one_key.append(AT_ONCE - sum(thread.is_alive() for thread in threads))

    def redrive_all(self, limit: int) -> None:
        """Another life for the dead jobs, as an operator gives it."""
        with self._http() as http:
            answer = self._ask(http, "POST", "/dead/redrive", {"limit": limit, "dry_run": False})
        if answer is not None and answer.status_code == httpx.codes.OK:
            with self.told.lock:
                self.told.redriven += len(answer.json().get("redriven", []))

    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers=self._headers, timeout=ANSWER_WITHIN, trust_env=False)

    def _work(self) -> None:
        with self._http() as http:
            while not self._over.is_set():
                try:
                    group = self._groups.get_nowait()
                except queue.Empty:
                    return
                due = self._began + self._seconds * group[0].number / self._count
                if self._wait(due):
                    return
                with self.told.lock:
                    self._begun.update(order.key for order in group)
                if len(group) > 1:
                    self._submit_batch(http, group)
                else:
                    self._submit(http, group[0])
                for order in group:
                    self._afterwards(http, order)

    def _wait(self, due: float) -> bool:
        """Until it is time. True: no more orders are to be begun."""
        while not (over := self._over.is_set() or self._enough.is_set()) and time.monotonic() < due:
            self._enough.wait(min(0.5, max(0.0, due - time.monotonic())))
        return over

    def _afterwards(self, http: httpx.Client, order: Order) -> None:
        with self.told.lock:
            found = next(iter(self.told.ids.get(order.key, ())), None)
        if found is None:
            return
        if order.twice:
            self._submit(http, order)
        if order.cancel_after is not None:
            with self._cancelling:
                heapq.heappush(self._cancels, (time.monotonic() + order.cancel_after, found))
                self._cancelling.notify()
        if order.number % LOOK_EVERY == 0:
            answer = self._ask(http, "GET", f"/jobs/{found}")
            if answer is not None and answer.status_code != httpx.codes.OK:
                self.told.fail(f"GET of {found}, which was accepted, answered {answer.status_code}")

    def _submit(self, http: httpx.Client, order: Order) -> None:
        answer = self._ask(http, "POST", "/jobs", order.body, {"Idempotency-Key": order.key})
        if answer is None:
            return
        if answer.status_code in (httpx.codes.ACCEPTED, httpx.codes.OK):
            self.told.accepted(order, answer.json()["id"])
        else:
            self.told.fail(f"POST of {order.key} answered {answer.status_code}: {answer.text[:200]}")

    def _submit_batch(self, http: httpx.Client, group: Sequence[Order]) -> None:
        """In one request; entries that a service failed for are asked for again."""
        left = list(group)
        while left and not self._over.is_set():
            body = {"jobs": [{**order.body, "idempotency_key": order.key} for order in left]}
            answer = self._ask(http, "POST", "/jobs/batch", body)
            if answer is None:
                return
            again = []
            for order, entry in zip(left, answer.json()["jobs"], strict=True):
                if "job" in entry:
                    self.told.accepted(order, entry["job"]["id"])
                elif entry["status"] >= 500:
                    again.append(order)
                else:
                    self.told.fail(f"{order.key} in a batch was answered {entry}")
            left = again

    def _cancel_all(self) -> None:
        with self._http() as http:
            while not self._over.is_set():
                with self._cancelling:
                    if not self._cancels:
                        self._cancelling.wait(0.5)
                        continue
                    due, job_id = self._cancels[0]
                    if due > time.monotonic():
                        self._cancelling.wait(min(0.5, due - time.monotonic()))
                        continue
                answer = self._ask(http, "POST", f"/jobs/{job_id}/cancel")
                if answer is not None:
                    self._cancel_answered(job_id, answer)
                with self._cancelling:
                    self._cancels = [each for each in self._cancels if each[1] != job_id]
                    heapq.heapify(self._cancels)

    def _cancel_answered(self, job_id: str, answer: httpx.Response) -> None:
        with self.told.lock:
            self.told.cancels += 1
        if answer.status_code not in (httpx.codes.OK, httpx.codes.ACCEPTED):
            self.told.fail(f"cancel of {job_id} answered {answer.status_code}: {answer.text[:200]}")
        elif answer.json()["state"] == "CANCELLED":
            with self.told.lock:
                self.told.cancelled.add(job_id)

    def _ask(
        self,
        http: httpx.Client,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response | None:
        """The answer, asked for until there is one that is neither trouble nor silence. None: it is over."""
        while not self._over.is_set():
            try:
                answer = http.request(method, path, json=body, headers=headers)
            except httpx.TransportError as error:
                self._again(type(error).__name__)
            else:
                if answer.status_code < 500 and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    return answer
                self._again(str(answer.status_code))
            self._over.wait(PAUSE)
        return None

    def _again(self, why: str) -> None:
        with self.told.lock:
            self.told.asked_again += 1
            self.told.refusals[why] += 1


def _groups(orders: Sequence[Order]) -> Iterator[list[Order]]:
    """Six tenths of them in requests of twenty, the rest one by one."""
    for start in range(0, len(orders), BATCH):
        some = list(orders[start : start + BATCH])
        if start // BATCH % 10 < BATCH_SHARE:
            yield some
        else:
            yield from ([order] for order in some)
