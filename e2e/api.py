"""A caller with a key, and nothing but HTTP: submits, asks, waits. What it was promised is written down."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx

from e2e.patience import until

Document = Mapping[str, Any]
"""A job as the API shows it."""

ENDED = frozenset({"SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"})
IN_TIME = 90.0
"""Seconds for a job that has nothing to wait for: a cold start on a busy machine takes some."""
PAGE = 100


class Api:
    """One stage's, for one tenant. `promised`: every job that was accepted, of whichever tenant, by id, and how it has to end."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)
        self.url, self.key = url, key
        self.promised: dict[str, str] = {}
        self._others: list[Api] = []

    def close(self) -> None:
        for other in self._others:
            other.close()
        self.http.close()

    def caller(self, key: str) -> "Api":
        """Somebody else at the same stage. What is promised to either is in one book; whoever closes this one closes that."""
        other = Api(self.url, key)
        other.promised = self.promised
        self._others.append(other)
        return other

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """One request; the answer's JSON. Raises AssertionError for another status."""
        answer = self.http.request(method, path, json=body, params=query, headers=headers)
        assert answer.status_code == status, (
            f"{method} {path} was answered {answer.status_code}, not {status}: {answer.text[:300]}"
        )
        return answer.json()

    def submit(self, task: str, *, ends: str = "SUCCEEDED", **more: Any) -> str:
        """One job, accepted; its id."""
        made = self.call("POST", "/jobs", {"task": task, **more}, status=202)
        self.promised[made["id"]] = ends
        return str(made["id"])

    def submit_many(self, jobs: Sequence[Mapping[str, Any]], *, ends: str = "SUCCEEDED") -> list[str]:
        """A batch, each of it accepted; the ids, in order."""
        answers = self.call("POST", "/jobs/batch", {"jobs": jobs})["jobs"]
        refused = [answer for answer in answers if answer["status"] != 202]
        self.promised |= {answer["job"]["id"]: ends for answer in answers if answer["status"] == 202}
        assert not refused, f"{len(refused)} of {len(jobs)} were refused, such as {refused[0]}"
        return [answer["job"]["id"] for answer in answers]

    def job(self, job_id: str) -> Document:
        found: Document = self.call("GET", f"/jobs/{job_id}")
        return found

    def ended(self, job_id: str, *, within: float = IN_TIME) -> Document:
        """The job when it has ended, however."""
        return until(
            f"job {job_id} ends",
            lambda: self.job(job_id),
            lambda job: job["state"] in ENDED,
            within=within,
        )

    def succeeded(self, job_id: str, *, within: float = IN_TIME) -> Document:
        job = self.ended(job_id, within=within)
        assert job["state"] == "SUCCEEDED", f"{job['state']}: {job['error']}, {job['history']}"
        return job

    def tagged(self, tag: str) -> list[Document]:
        """All jobs with this tag, page by page."""
        found: list[Document] = []
        query = {"tag": tag, "limit": str(PAGE)}
        for _ in range(100):
            page = self.call("GET", "/jobs", query=query)
            found += page["jobs"]
            if page["cursor"] is None:
                return found
            query["cursor"] = page["cursor"]
        raise AssertionError(f"GET /jobs?tag={tag} has no end: {len(found)} jobs in 100 pages")

    def all_succeeded(self, tag: str, ids: Iterable[str], *, within: float) -> dict[str, Document]:
        """The jobs of this tag, once all of these have ended, by id; all of them well."""
        wanted = set(ids)
        found = until(
            f"the {len(wanted)} jobs tagged {tag} end",
            lambda: Ended(job for job in self.tagged(tag) if job["id"] in wanted),
            lambda seen: seen.number == len(wanted),
            within=within,
            every=1.0,
        )
        assert found.states == {"SUCCEEDED": len(wanted)}, f"they ended {found}"
        return found.jobs


class Ended:
    """Those of some jobs that have ended, and how many are in which state."""

    def __init__(self, jobs: Iterable[Document]) -> None:
        self.jobs = {job["id"]: job for job in jobs}
        self.states = Counter(job["state"] for job in self.jobs.values())
        self.number = sum(number for state, number in self.states.items() if state in ENDED)

    def __str__(self) -> str:
        return ", ".join(f"{number} {state}" for state, number in sorted(self.states.items()))
