"""A day in the life of a stage in which each function does all that it can: every route, every size of payload, every kind of trouble."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.flow import Gate, GateKind
from chalicelib.domain.job import Inline, Stored, Wakeup
from chalicelib.lanes import LANES
from chalicelib.pipeline import effects, strict_json, waiting_list
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.api_keys import SCOPES, create_key
from chalicelib.pipeline.built_in import RELAY, WEBHOOK
from chalicelib.pipeline.messages import encode
from chalicelib.pipeline.ports import Feed, Receipt
from chalicelib.pipeline.task import Submission, Task
from chalicelib.pipeline.webhooks import create_endpoint
from infra.names import DEAD_LETTERS
from tests.privilege.stage import Deployed

SIZES = {"row": 1, "item": 1_000, "object": 10_000}
"""Characters of a payload that lies in the row, in an item of its own, in the bucket."""

TENANT = "ann"
ROUNDS = 30


class Day:
    """The story, told in the order in which its parts need each other."""

    def __init__(self, stage: Deployed) -> None:
        self.stage = stage
        token, _ = create_key(tenant=TENANT, scopes=SCOPES, name="test", parts=stage.people)
        self.headers = {"Authorization": f"Bearer {token}"}

    def pass_by(self) -> None:
        """All of it."""
        now = self.stage.world.now()
        for name in ("fast", "slow"):  # the first sweep of a stage looks back a month, a partition at a time
            assert self.stage.people.store.move_watermark(name, None, now - timedelta(hours=1))
        self.callers_ask()
        self.lanes_work()
        self.operators_look()
        self.lanes_rest()
        self.the_tick_mends()
        if self.stage.settings.seal_key:
            self.each_lane_makes_an_hours_key()
        self.dead_letters_are_handed_back()

    def callers_ask(self) -> None:
        """All that a caller can ask for before anything ran."""
        for size in SIZES.values():
            self.submit("echo", value="x" * size)
        first = self.submit("echo", value="once", headers={"Idempotency-Key": "once", "Prefer": "wait=1"})
        assert first == self.submit("echo", value="once", headers={"Idempotency-Key": "once"})
        once = self.submit("once", value="once", headers={"Idempotency-Key": "the first"})
        for _ in range(2):  # answered with the first one's job, both times
            assert once == self.submit("once", value="once", headers={"Idempotency-Key": "the second"})
        self.ok("POST", "/jobs/batch", {"jobs": [{"task": "echo", "args": {"value": "b"}}] * 12})
        for task in ("echo", "in_turn"):
            self.ok("POST", f"/jobs/{self.submit(task, value='c')}/cancel")
        for dry_run in (True, False):
            self.submit("echo", value="d", delay=3600)
            self.ok("POST", "/jobs/cancel", {"task": "echo", "state": "SCHEDULED", "dry_run": dry_run})
        self.ok("POST", "/topics/news.good/events", {"payload": "p" * SIZES["object"], "id": "1"})
        self.schedules_are_made()
        self.webhooks()
        self.ok("PUT", f"/tenants/{TENANT}/limits", {"accepted": {"limit": 100_000, "per": 60}})
        self.ok("GET", "/tenants")
        self.ok("GET", f"/tenants/{TENANT}/limits")
        self.submit("echo", value="counted")
        for path in (f"/tenants/{TENANT}/budget", "/tasks/echo/budget", "/stage/budget"):
            self.ok("PUT", path, {"day": 0.000001, "on_spent": "tell"})
            self.ok("GET", path)
        self.ok("GET", "/budgets")
        for path in (f"/tenants/{TENANT}/budget", "/tasks/echo/budget", "/stage/budget"):
            self.ok("DELETE", path)
        self.ok("PUT", "/stage/budget", {"day": 0.000001, "on_spent": "tell"})  # for the tick to look after
        self.ok("DELETE", f"/tenants/{TENANT}/limits")
        for path in (
            "/jobs",
            "/topics",
            "/tasks",
            "/tasks/echo",
            "/lanes",
            "/stats",
            "/costs?by=day,task",
            "/tasks/echo/plan?count=1000&run_ms=100",
            "/stats?last=172800&tenant=*",
            "/me",
            "/health",
            "/openapi.json",
            "/docs",
            "/dashboard",
            "/dashboard/main.js",
        ):
            self.ok("GET", path)

    def schedules_are_made(self) -> None:
        """And changed, fired, listed and deleted; the one that stays is fired by the tick."""
        rule = {"task": "echo", "args": {"value": "s" * 1_000}, "every": 60}
        for name in ("stays", "goes"):
            self.ok("POST", "/schedules", {"id": name, **rule})
        self.ok("PATCH", "/schedules/goes", {"every": 120})
        for verb in ("pause", "resume", "fire"):
            self.ok("POST", f"/schedules/goes/{verb}")
        for path in ("/schedules", "/schedules/goes", "/schedules/goes/next"):
            self.ok("GET", path)
        self.ok("DELETE", "/schedules/goes")

    def lanes_work(self) -> None:
        """Each lane's consumer meets each kind of job, and something that is none."""
        for lane in LANES:
            for size in SIZES.values():
                self.submit("echo", value="x" * size, lane=lane)
            for other in LANES:
                self.submit(f"lead_{other}", value="x" * SIZES["object"], lane=lane)
            self.submit("ask", value="x" * SIZES["object"], lane=lane)
            self.submit("doomed", lane=lane)
            self.submit("beat", lane=lane)
            self.submit("walk", value="w" * SIZES["item"], lane=lane)
            self.submit(f"one_at_a_time_{lane}")
            self.submit("tell", value="v" * SIZES["item"], lane=lane)
            self.submit("spread", to=lane, lane=lane)
            self.workflow(lane)
            self.relay(lane)
            self.notify(lane)
            self.forget_arguments(self.submit("echo", value="y" * SIZES["object"], lane=lane))
            self.post(lane, "no wake-up")
        self.work()

    def operators_look(self) -> None:
        """What is told of jobs that ran, and what can be done about the dead."""
        self.stage.world.advance(timedelta(minutes=1))
        done = {name: self.submit("echo", value="z" * size) for name, size in SIZES.items()}
        self.work()
        for job in done.values():
            shown = self.ok("GET", f"/jobs/{job}").json_body
            assert shown["state"] == "SUCCEEDED", shown
        job = done["object"]
        self.ok("GET", f"/jobs/{job}/steps")
        self.forget_result(job)
        assert self.ok("GET", f"/jobs/{job}").json_body["result_stored"]["why"] == "missing"
        self.workflows()
        self.ok("GET", "/dead")
        self.ok("GET", "/dead/groups")
        dead = self.ok("GET", "/dead").json_body["jobs"]
        self.ok("POST", f"/jobs/{dead[0]['id']}/retry")
        self.release()
        assert self.ok("POST", "/dead/redrive", {"task": "doomed"}).json_body["redriven"]
        # and a death whose effect is still owed
        job = self.submit("doomed")
        with self.nobody_performs_effects():
            self.work()
        self.ok("POST", f"/jobs/{job}/retry")

    def workflow(self, lane: str, step: str = "echo") -> str:
        """A workflow in this lane, with each kind of node; its second step is of this task."""
        first, second = (
            {"task": task, "args": {value: "w" * SIZES["item"]}, "lane": lane}
            for task, value in (("echo", "value"), (step, "value" if step == "echo" else "note"))
        )
        mapped = {
            "map": {"task": "echo", "into": "value", "lane": lane},
            "items": ["a", "o" * SIZES["object"]],
        }
        body = {"workflow": {"chain": [first, {"group": [second, {"chain": [first]}]}, mapped]}, "lane": lane}
        made: str = self.ok("POST", "/workflows", body).json_body["id"]
        return made

    def workflows(self) -> None:
        """One that is looked at from all sides, one that fails and is retried, one that is cancelled while it waits for the tick."""
        done, failed, waits = (
            self.workflow("default"),
            self.workflow("default", "doomed"),
            self.workflow("low"),
        )
        self.work()
        for rest in ("", "/children", "/graph", "/graph?format=mermaid"):
            self.ok("GET", f"/workflows/{done}{rest}")
        assert self.ok("GET", f"/workflows/{done}/results").json_body["results"][0]["result"] == "a"
        self.ok("POST", f"/workflows/{done}/resubmit", {"from": 1})
        self.ok("POST", f"/workflows/{failed}/retry")
        assert self.ok("GET", f"/workflows/{waits}").json_body["state"] == "SUCCEEDED"
        lost = self.workflow("low")
        self.stage.deliver("consume_low")
        assert self.ok("GET", f"/workflows/{lost}").json_body["state"] == "WAITING"
        self.lose_messages()
        self.ok("POST", f"/workflows/{lost}/cancel")

    def lanes_rest(self) -> None:
        """A lane is paused, somebody lets it run by hand, the tick puts that right, and it goes on."""
        for lane in LANES:
            paused = self.ok("POST", f"/lanes/{lane}/pause").json_body["paused"]
            assert paused["by"].startswith("test ("), paused
            self.stage.turn(lane, on=True)
        self.stage.world.advance(timedelta(minutes=1))
        self.stage.tick()
        for lane in LANES:
            assert self.stage.people.feeds.look(lane) is Feed.OFF
            assert self.ok("POST", f"/lanes/{lane}/resume").json_body["paused"] is None

    def release(self) -> None:
        """Dead jobs of all sizes, redriven by the tick with other arguments of all sizes; one release goes on, one is stopped."""
        self.stage.world.advance(timedelta(seconds=1))
        for size in SIZES.values():
            wish = {"task": "doomed", "args": {"note": "n" * size}}
            self.ok("POST", "/dead/releases", {**wish, "dry_run": True})
            made = self.ok("POST", "/dead/releases", wish).json_body["id"]
            self.ok("POST", f"/dead/releases/{made}/pause")
            self.ok("POST", f"/dead/releases/{made}/resume")
            self.stage.world.advance(timedelta(minutes=1))
            self.stage.tick()
            assert self.ok("GET", f"/dead/releases/{made}").json_body["redriven"] == 1
            self.ok("POST", f"/dead/releases/{made}/stop")
            self.stage.tick()
            self.work()
        self.ok("GET", "/dead/releases")

    def the_tick_mends(self) -> None:
        """Jobs whose messages got lost, jobs for later, jobs that expire, and effects that are owed."""
        self.submit("echo", value="later", delay=3600)
        self.submit("echo", value="too late", expires=60)
        lost = [self.submit("echo", value="lost", lane=lane) for lane in LANES]
        self.lose_messages()
        self.owing()
        self.watching()
        for minutes in (30, 1, 60, 1):
            self.stage.world.advance(timedelta(minutes=minutes))
            self.stage.tick()
        for _ in range(3):  # what the tick woke
            self.work()
        for job in lost:
            assert self.ok("GET", f"/jobs/{job}").json_body["state"] == "SUCCEEDED"
        assert self.ok("GET", "/schedules/stays").json_body["last_fire"] is not None
        self.ok("DELETE", "/schedules/stays")

    def each_lane_makes_an_hours_key(self) -> None:
        """A result is the first that is sealed in an hour."""
        for lane in LANES:
            self.submit("echo", value="sealed an hour ago", lane=lane)
            self.stage.world.advance(timedelta(hours=1))
            assert self.stage.deliver(f"consume_{lane}") == {"batchItemFailures": []}

    def dead_letters_are_handed_back(self) -> None:
        """Messages that came too often: of jobs that wait, of jobs that owe something, and of nobody."""
        waiting = self.submit("echo", value="waits")
        self.lose_messages()
        for job in (waiting, *self.owing()):
            self.post(DEAD_LETTERS, encode(Wakeup(tenant=TENANT, job_id=job, epoch=0)))
        later = self.submit("echo", value="later", delay=3600)
        self.post(DEAD_LETTERS, encode(Wakeup(tenant=TENANT, job_id=later, epoch=0)))
        self.post(DEAD_LETTERS, "no wake-up")
        if self.stage.settings.seal_key:
            self.stage.world.advance(
                timedelta(hours=1)
            )  # a follower's arguments are the first that are sealed in it
        self.work()

    def owing(self) -> list[str]:
        """Jobs that ended while their consumer died before it did what they owe; the result of the last one gets lost."""
        sizes = (*SIZES.values(), SIZES["object"] + 1)
        lanes = (*LANES, LANES[-1])
        jobs = [
            self.submit(f"lead_{lane}", value="x" * size) for lane, size in zip(lanes, sizes, strict=True)
        ]
        jobs.insert(0, self.submit("lead_in_turn", value="x"))
        with self.nobody_performs_effects():
            self.work()
        self.forget_result(jobs[-1])
        for job in jobs:
            row = self.stage.people.store.read(job)
            assert row is not None
            assert row.outbox, f"{job} owes nothing"
        return jobs

    def watching(self) -> None:
        """A limit that somebody waited at, and nobody does any more."""
        gate = Gate(kind=GateKind.SLOTS, key="one_at_a_time_low")
        place, parts = waiting_list.Place(tenant=TENANT, gate=gate), self.stage.people
        now = parts.world.now()
        waiting_list.watch(place, now, until=now + timedelta(minutes=1), parts=parts)

    def work(self) -> None:
        """Deliver all that there is to deliver."""
        functions = (*(f"consume_{lane}" for lane in LANES), "dead_letters")
        for _ in range(ROUNDS):
            if not [name for name in functions if self.stage.deliver(name) is not None]:
                return
        raise AssertionError(f"messages still come after {ROUNDS} rounds")

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """An answer that is no problem."""
        answer = self.stage.ask(method, path, body, **self.headers, **headers)
        assert answer.status_code < 400, f"{method} {path}: {answer.body!r}"
        return answer

    def submit(self, task: str, *, headers: dict[str, str] | None = None, **given: Any) -> str:
        """A new job's id."""
        how = {name: given.pop(name) for name in ("lane", "delay", "expires", "webhook") if name in given}
        answer = self.ok("POST", "/jobs", {"task": task, "args": given, **how}, **(headers or {}))
        job: str = answer.json_body["id"]
        return job

    def webhooks(self) -> None:
        """All that can be asked of endpoints."""
        made = self.ok("POST", "/webhooks", {"url": "https://hooks.example.org/"}).json_body["id"]
        self.ok("GET", "/webhooks")
        for method, rest, body in (
            ("GET", "", None),
            ("PATCH", "", {"description": "x"}),
            ("POST", "/rotate", {}),
            ("POST", "/test", None),
        ):
            self.ok(method, f"/webhooks/{made}{rest}", body)
        self.ok("DELETE", f"/webhooks/{made}")

    def notify(self, lane: str) -> None:
        """A job in this lane whose endpoint is told, and one whose endpoint is gone; the messages themselves in this lane too."""
        answers = self.stage.courier.answers
        answers["hooks.example.org"] = lambda _: Receipt(status=200)
        answers["gone.example.org"] = lambda _: Receipt(status=410)
        for host in ("hooks.example.org", "gone.example.org"):
            endpoint = create_endpoint(f"https://{host}/", tenant=TENANT, parts=self.stage.people).id
            self.submit("echo", value="told", lane=lane, webhook=endpoint)
            self.own(WEBHOOK, lane, {"endpoint": endpoint, "type": "x", "timestamp": "x", "data": {}})

    def relay(self, lane: str) -> None:
        """A job that takes an event outside, in any lane: by itself it has its own."""
        self.own(RELAY, lane, {"event": {"id": "1", "topic": "news.old", "payload": None, "at": "x"}})

    def own(self, task: Task[Any, Any], lane: str, args: dict[str, Any]) -> None:
        """A job of one of Jobline's own tasks, in this lane."""
        parts = self.stage.people
        job = new_job(
            task,
            job_id=parts.world.job_id(),
            now=parts.world.now(),
            how=Submission(tenant=TENANT, lane=lane),
            values=args,
            args=lambda _: Inline(json=strict_json.write(args)),
        )
        assert accept([job], parts=parts) == [job]

    def post(self, queue: str, body: str) -> None:
        """A message that somebody sends."""
        url = self.stage.sqs.get_queue_url(QueueName=self.stage.names.queues[queue])["QueueUrl"]
        self.stage.sqs.send_message(QueueUrl=url, MessageBody=body)

    def lose_messages(self) -> None:
        """All messages of all lanes get lost."""
        for lane in LANES:
            url = self.stage.sqs.get_queue_url(QueueName=self.stage.names.queues[lane])["QueueUrl"]
            while found := self.stage.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
            ).get("Messages"):
                for message in found:
                    self.stage.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def forget_arguments(self, job: str) -> None:
        """Their object gets lost."""
        row = self.stage.people.store.read(job)
        assert row is not None
        self._forget(job, row.args)

    def forget_result(self, job: str) -> None:
        """Its object gets lost."""
        row = self.stage.people.store.read(job)
        assert row is not None
        self._forget(job, row.result)

    def _forget(self, job: str, payload: Any) -> None:
        assert isinstance(payload, Stored)
        key = f"payloads/{job}/{payload.sha256}"
        versions = self.stage.s3.list_object_versions(Bucket=self.stage.settings.bucket, Prefix=key)[
            "Versions"
        ]
        for version in versions:
            self.stage.s3.delete_object(
                Bucket=self.stage.settings.bucket, Key=key, VersionId=version["VersionId"]
            )

    @contextmanager
    def nobody_performs_effects(self) -> Iterator[None]:
        """Whoever records an outcome dies before it does what the job owes."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(effects, "perform", lambda job, *, parts: False)
            yield
