"""A whole Jobline behind HTTP on loopback: the real API over twins, on a clock that stands still until it is told to move."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx

from app import app
from chalicelib.domain.job import Job, Wakeup
from chalicelib.pipeline.api_keys import SCOPES, create_key
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.task import Registry
from jobline.local.gateway import gateway
from jobline.testing.memory import Jobline
from tests.browser.tasks import registry

LOOPBACK = "127.0.0.1"


class Site:
    """The API at `url`, and all behind it."""

    def __init__(self, jobline: Jobline) -> None:
        self.jobline = jobline
        self.parts = jobline.parts
        self.key = self.make_key(*SCOPES)
        self._line = httpx.Client(timeout=30, verify=False, trust_env=False)
        self._port = 0
        self._ends: list[socket.socket] = []
        self.comes_up()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def now(self) -> datetime:
        return self.jobline.now

    # -------------------------------------------------------------------------------------------------------- up and down

    def comes_up(self) -> None:
        """Listen, on the same port as before if there was one."""
        listening = socket.create_server((LOOPBACK, self._port), backlog=128)
        self._port = listening.getsockname()[1]
        self._server = gateway(app, host=LOOPBACK, port=self._port, listening=listening).server
        accept = self._server.get_request

        def remembered() -> Any:
            end, address = accept()
            self._ends.append(end)
            return end, address

        self._server.get_request = remembered
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def goes_down(self) -> None:
        """Nobody listens any more, and every connection is cut."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
        for end in self._ends:
            with suppress(OSError):  # it has ended by itself
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def leave(self) -> None:
        """Let go of the line."""
        self._line.close()

    # --------------------------------------------------------------------------------------------------------------- keys

    def make_key(self, *scopes: str, tenant: str = "ann", name: str = "night shift") -> str:
        """A new key's token."""
        token, _ = create_key(tenant=tenant, scopes=frozenset(scopes), name=name, parts=self.parts)
        return token

    def revoke(self, token: str) -> None:
        """The key is not valid any more: known after a minute at the latest."""
        self.parts.api_keys.revoke(token.split("_")[1], self.now)

    # --------------------------------------------------------------------------------------------------------------- doing

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Mapping[str, Any]:
        """Ask the API, as a program would; the answer's document. Raises for a refusal."""
        sent = {"Authorization": f"Bearer {key or self.key}", **headers}
        answer = self._line.request(method, f"{self.url}{path}", json=body, headers=sent)
        if answer.is_error:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        found: Mapping[str, Any] = answer.json() if answer.content else {}
        return found

    def submit(self, task: str, key: str | None = None, **body: Any) -> str:
        """A job's id."""
        return str(self.ask("POST", "/jobs", {"task": task, **body}, key=key)["id"])

    def job(self, job_id: str) -> Job:
        """The row as it is now."""
        found = self.parts.store.read(job_id)
        assert found is not None
        return found

    @property
    def rows(self) -> list[Job]:
        """All of them."""
        return list(self.parts.store.rows.values())  # type: ignore[attr-defined]

    def begin(self, job_id: str, seconds: float = 600) -> Job:
        """A worker takes the job, and is then not heard of: it is RUNNING."""
        job = self.job(job_id)
        wakeup = Wakeup(tenant=job.tenant, job_id=job.id, epoch=job.epoch)
        taken = claim(wakeup, lease=self.now + timedelta(seconds=seconds), parts=self.parts)
        assert taken is not None
        return taken

    def pass_time(self, **span: float) -> None:
        """Let time pass, with all that becomes due on the way."""
        self.jobline.advance(timedelta(**span))


@contextmanager
def site(tasks: Registry | None = None) -> Iterator[Site]:
    """One that ends with the block."""
    with Jobline(registry=tasks or registry()) as jobline:
        made = Site(jobline)
        try:
            yield made
        finally:
            made.goes_down()
            made.leave()
