"""Idempotency keys: clients that ask again and again with one key get one job, whoever of them dies in between.

The key is held first, the row put under the id that the key then stands for. KEY: one row a key and request; every answer is its id; another
request with the same key gets no answer. Live: whoever goes on asking gets one.
"""

from collections.abc import Iterator
from typing import Any

from proof.spec import words
from proof.spec.canon import IDLE, put
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

Actor = tuple[Any, ...]


class Keys:
    """State: (key's (request, id) or None, rows' (request, id), answers' (request, id), clients, air, next id, faults left).

    The first clients ask for request 0, the last one for request 1, all with one key. Client: idle | hold, id | put, id | answer, id.
    """

    def __init__(self, rules: Rules, *, clients: int = 3, faults: int = 2, asks: int = 4) -> None:
        self.rules, self.clients, self.faults, self.asks = rules, clients, faults, asks
        self.name = f"keys: {clients} clients, {asks} requests, {faults} faults"

    def starts(self) -> Iterator[State]:
        yield (None, (), (), (IDLE,) * self.clients, (), 0, self.faults)

    def finished(self, state: State) -> bool:
        return bool(state[2])

    def broken(self, state: State) -> str | None:
        _, rows, answers = state[:3]
        if len(rows) > 1:
            return f"KEY: {len(rows)} rows for one key"
        if any(answer not in rows for answer in answers):
            return "KEY: answered with a job that is not there, or is another's"
        return None

    def steps(self, state: State) -> Iterator[Step]:
        key, rows, answers, clients, air, fresh, left = state
        for n, client in enumerate(clients):
            request = int(n == self.clients - 1)
            for said, then, write, new in self._client(state, client, request):
                label = (f"client {n + 1}", said)
                number = min(self.asks, fresh + (client == IDLE))
                after = (
                    *(new if new is not None else (key, rows, answers)),
                    put(clients, n, then),
                    air,
                    number,
                    left,
                )
                yield Step(label, after)
                if write is not None and left:
                    flying = tuple(sorted((*air, write), key=repr))
                    yield Step(
                        (*label, ": no reply, asks again"),
                        (key, rows, answers, clients, flying, fresh, left - 1),
                        fault=True,
                    )
                    yield Step(
                        (*label, ": no reply, gives up"),
                        (key, rows, answers, put(clients, n, IDLE), flying, fresh, left - 1),
                        fault=True,
                    )
            if client != IDLE and left:
                yield Step(
                    (f"client {n + 1}", "gives up or crashes"),
                    (key, rows, answers, put(clients, n, IDLE), air, fresh, left - 1),
                    fault=True,
                )
        for n, write in enumerate(air):
            landed = self._land(state, write)
            yield Step(
                ("in the air:", write[0], "lands"), (*landed, clients, (*air[:n], *air[n + 1 :]), fresh, left)
            )

    def _land(self, state: State, write: Any) -> tuple[Any, Any, Any]:
        key, rows, answers = state[:3]
        kind, mine = write
        if kind == "hold":
            return (mine if key is None or not self.rules.key_held else key, rows, answers)
        return (
            key,
            rows if any(row[1] == mine[1] for row in rows) else tuple(sorted((*rows, mine))),
            answers,
        )

    def _client(self, state: State, client: Actor, request: int) -> Iterator[Any]:
        """(words, who they are then, the write that may get no reply, key and rows and answers after it)."""
        key, rows, answers, _, _, fresh, _ = state
        first, second = ("hold", "put") if self.rules.key_first else ("put", "hold")
        if client == IDLE:
            # Who asks once the key is held never uses an id of their own, so further requests need none.
            if fresh < self.asks or key is not None:
                yield f"asks for request {request}", (first, (request, fresh)), None, None
            return
        kind, mine = client
        if kind == "answer":
            yield f"is answered with job {mine[1]}", IDLE, None, (key, rows, tuple(sorted({*answers, mine})))
            return
        after = self._land(state, (kind, mine))
        then: Actor = (second if kind == first else "answer", mine)
        if kind == "hold":
            held = after[0]
            if held[0] != request and self.rules.request_compared:
                then = IDLE
            elif self.rules.key_shared:
                then = (then[0], (request, held[1]))
        yield (
            ("holds the key" if kind == "hold" else f"puts the row of job {mine[1]}"),
            then,
            (kind, mine),
            after,
        )

    def tell(self, label: Label) -> str:
        return words.tell(label)

    def show(self, state: State) -> str:
        key, rows, answers, clients, air = state[:5]
        parts = [f"key: {key}", f"rows: {list(rows)}", f"answers: {list(answers)}"]
        parts += [
            f"client {n + 1} is to {client[0]} {client[1]}"
            for n, client in enumerate(clients)
            if client != IDLE
        ]
        parts += [f"in the air: {write}" for write in air]
        return "; ".join(parts)
