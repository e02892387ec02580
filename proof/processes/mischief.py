"""What happens to the queues and the table besides kills: done straight to the emulator, so that the count of it is exact."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.adapters.aws.keys import job_key
from chalicelib.lanes import LANES
from chalicelib.pipeline.ids import RANDOM_BYTES, make_id
from proof.processes.clients import Clients
from proof.processes.orders import Order
from proof.processes.stage import APP, DEAD_LETTERS, STAGE, Stage

TABLE = f"{APP}-{STAGE}"
TENANT = "dev"  # whose key the stage's clients have
COPIES = 3
ODD = ("", "{", "[]", '{"v": 1}', '{"v": 1, "tenant": "dev", "job": "none", "epoch": 0}', "\ud7ff")
NEWER = 3
STORM = 10_000  # dead letters at once, at most

Item = dict[str, Any]


class Mischief:
    """Does one thing at a time, from one thread."""

    def __init__(self, stage: Stage, clients: Clients, *, seed: int) -> None:
        self.hits: Counter[str] = Counter()
        self.newer_rows: dict[str, Item] = {}  #: rows that only newer code can read, as they were put
        self.newer_messages = 0  #: messages that nobody here may take away
        self._clients = clients
        self._dice = random.Random(seed)
        self._sqs = stage.client("sqs")
        self._dynamodb = stage.client("dynamodb")
        self._urls = {
            lane: self._sqs.get_queue_url(QueueName=f"{TABLE}-{lane}")["QueueUrl"]
            for lane in (*LANES, DEAD_LETTERS)
        }
        self._journal = stage.journal

    def duplicate(self, count: int = 50) -> None:
        """F11: some messages three times more, for epochs that were, are or will be."""
        ids = self._some(count)
        bodies = [message(job_id, self._dice.randrange(3)) for job_id in ids for _ in range(COPIES)]
        self._dice.shuffle(bodies)
        self.send(self._dice.choice(LANES), bodies)
        self.hits["F11"] += len(ids)

    def purge(self) -> None:
        """F41: an operator purges a lane."""
        self._sqs.purge_queue(QueueUrl=self._urls["default"])
        self._journal.note("purged", "default")
        self.hits["F41"] += 1

    def storm(self) -> None:
        """F42: the messages of all jobs so far are dead letters, at once."""
        ids = self._some(STORM)
        self.send(DEAD_LETTERS, [message(job_id, 0) for job_id in ids])
        self._journal.note("storm", DEAD_LETTERS, messages=len(ids))
        self.hits["F42"] += len(ids)

    def odd(self) -> None:
        """F15, F16: messages of jobs that never were, and messages that are none."""
        lane = self._dice.choice(LANES)
        self.send(lane, [body for body in ODD if body])
        self.hits["F16"] += len(ODD) - 1
        phantoms = [message(self._made_up(), 0) for _ in range(5)]
        self.send(lane, phantoms)
        self.hits["F15"] += len(phantoms)

    def newer(self) -> None:
        """F70: rows and messages that a newer version wrote. A message of ours names each row."""
        for _ in range(NEWER):
            job_id = self._made_up()
            item = {
                **job_key(job_id),
                "tenant": {"S": TENANT},
                "task": {"S": "quick"},
                "lane": {"S": "high"},
                "args": {"S": "{}"},
                "state": {"S": "HIBERNATING"},
                "epoch": {"N": "0"},
                "attempts": {"N": "0"},
                "max_attempts": {"N": "5"},
                "wakes": {"S": "in spring"},
            }
            self._dynamodb.put_item(TableName=TABLE, Item=item)
            self.newer_rows[job_id] = item
        newer = {"v": 2, "tenant": TENANT, "jobs": ["of", "a", "shape", "unknown"]}
        bodies = [message(job_id, 0) for job_id in self.newer_rows]
        bodies += [json.dumps({**newer, "number": number}) for number in range(NEWER)]
        self.send("high", bodies)
        self.newer_messages += len(bodies)
        self.hits["F70"] += len(bodies)

    def one_key(self, number: int) -> None:
        """F08: a hundred concurrent requests with one key."""
        body = {"task": "quick", "args": {"number": number}, "tags": ["one-key"]}
        self._clients.one_key(Order(number=number, kind="quick", key=f"proof-one-key-{number}", body=body))
        self.hits["F08"] += 1

    def redrive(self, limit: int = 1000) -> None:
        """An operator gives all dead jobs another life."""
        self._clients.redrive_all(limit)

    def send(self, lane: str, bodies: Sequence[str]) -> None:
        """Straight to the emulator, in tens."""
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + 10])
            ]
            answer = self._sqs.send_message_batch(QueueUrl=self._urls[lane], Entries=entries)
            if answer.get("Failed"):
                raise RuntimeError(f"the emulator did not take a message: {answer['Failed']}")

    def depth(self) -> int:
        """Messages in all queues: waiting, delayed and in flight."""
        return sum(self.depths().values())

    def depths(self) -> dict[str, int]:
        """The same by lane."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ]
        return {
            lane: sum(
                int(value)
                for value in self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)[
                    "Attributes"
                ].values()
            )
            for lane, url in self._urls.items()
        }

    def newer_rows_changed(self) -> list[str]:
        """Ids of newer rows that are not as they were put, but for the appointment that any version may make."""
        changed = []
        for job_id, item in self.newer_rows.items():
            found = self._dynamodb.get_item(TableName=TABLE, Key=job_key(job_id), ConsistentRead=True).get(
                "Item", {}
            )
            if {name: value for name, value in found.items() if not name.startswith("attention")} != item:
                changed.append(job_id)
        return changed

    def _some(self, count: int) -> list[str]:
        with self._clients.told.lock:
            ids = sorted(self._clients.told.orders)
        return self._dice.sample(ids, min(count, len(ids)))

    def _made_up(self) -> str:
        return make_id(datetime.now(UTC), self._dice.randbytes(RANDOM_BYTES))


def message(job_id: str, epoch: int) -> str:
    """A wake-up as this version writes it."""
    return json.dumps({"v": 1, "tenant": TENANT, "job": job_id, "epoch": epoch})
