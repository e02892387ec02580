"""The network between our processes and the emulator, as a loopback TCP proxy that can be told to be bad.

Each process speaks through a door of its own, so the journal knows who called. The emulator keeps its state in memory: what a caller
sees of a restart under load, connections that break and then are refused, is therefore done here, by restarting the doors.
"""

import asyncio
import socket
import struct
import threading
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Self

from jobline.local.ports import LOOPBACK
from proof.processes.http import Message, NotHttp, header, read_answer, read_body, read_head
from proof.processes.journal import Journal
from proof.processes.weather import Fate, Weather
from proof.processes.wire import call_of, facts

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset
LIMIT = 1 << 20  # bytes that a stream buffers
TROUBLE = (OSError, NotHttp, asyncio.IncompleteReadError, ValueError)


class Door:
    """One listening port. Its number stays reserved while nobody listens there."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._reserved = _bound(0)
        self.port: int = self._reserved.getsockname()[1]
        self.server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def listening(self) -> socket.socket:
        """A new socket for this port."""
        return _bound(self.port)

    def close(self) -> None:
        self._reserved.close()


def _bound(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((LOOPBACK, port))
    return found


class Proxy:
    """The doors, and one thread that serves them all. `with` it."""

    def __init__(self, names: list[str], *, port: int, weather: Weather, journal: Journal) -> None:
        """`port`: the emulator's."""
        self.doors = {name: Door(name) for name in names}
        self.weather = weather
        self.fates: Counter[str] = Counter()  #: calls by what became of them, refusals by their code
        self.resets = 0  #: connections that `reset_all` and `restart` broke
        self._emulator = port
        self._journal = journal
        # With its task, which asyncio itself does not hold on to.
        self._open: dict[asyncio.StreamWriter, object] = {}
        self._lines: set[_Line] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):
            self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()
        for door in self.doors.values():
            door.close()

    def reset_all(self) -> int:
        """Break every connection there is; how many."""
        return int(self._do(self._break()))

    def restart(self, seconds: float) -> int:
        """Break every connection and refuse new ones for so long."""

        async def work() -> int:
            await self._deaf()
            broken = await self._break()
            await asyncio.sleep(seconds)
            await self._listen()
            return broken

        return int(self._do(work(), seconds))

    def _do(self, work: Coroutine[Any, Any, Any], seconds: float = 0.0) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds + 15)

    async def _listen(self) -> None:
        for door in self.doors.values():
            door.server = await asyncio.start_server(
                partial(self._let_in, door),
                sock=door.listening(),
                limit=LIMIT,
            )

    async def _deaf(self) -> None:
        for door in self.doors.values():
            if door.server is not None:
                door.server.close()
                door.server = None

    async def _break(self) -> int:
        broken = list(self._open)
        for writer in broken:
            _reset(writer)
        self.resets += len(broken)
        return len(broken)

    async def _end(self) -> None:
        """Nothing may be left open, not even a connection whose other side stands still and takes no more bytes."""
        await self._deaf()
        await asyncio.sleep(0.05)  # who was on the way in is in by then
        callers, lines = list(self._open), list(self._lines)
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in callers:
            _reset(writer)
        for line in lines:
            line.abort()
        await asyncio.sleep(0.05)  # a transport that was aborted closes its socket a turn later

    def _let_in(self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Known from its first moment on: a task that is cancelled before it began closes nothing."""
        self._open[writer] = self._loop.create_task(self._serve(door, reader, writer))

    async def _serve(self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a caller's, with one of its own to the emulator."""
        line = _Line(self._emulator)
        self._lines.add(line)
        try:
            while (request := await _request(reader, writer)) is not None:
                if not await self._carry(door, request, line, writer):
                    break
        except (asyncio.CancelledError, *TROUBLE):
            pass  # either side broke off; the other one is told by the close below
        finally:
            self._open.pop(writer, None)
            self._lines.discard(line)
            line.close()
            writer.close()

    async def _carry(self, door: Door, request: Message, line: "_Line", writer: asyncio.StreamWriter) -> bool:
        """One call. False: the connection is over."""
        call, fate = call_of(request), self.weather.fate()
        if fate is Fate.REFUSED:
            code, refusal = self.weather.refusal()
            self._note(door, call, fate, request, None, code)
            writer.write(refusal)
            await writer.drain()
            return True
        if fate is Fate.RESET:
            self._note(door, call, fate, request, None)
            _reset(writer)
            return False
        await asyncio.sleep(self.weather.delay(fate))
        answer = await line.ask(request)
        self._note(door, call, fate, request, answer)
        if fate in (Fate.LOST, Fate.CUT):
            if fate is Fate.CUT:
                writer.write(answer.raw[: len(answer.raw) // 2])
                await writer.drain()
            _reset(writer)
            return False
        writer.write(answer.raw)
        await writer.drain()
        return header(answer.head, "connection").lower() != "close"

    def _note(
        self, door: Door, call: str, fate: Fate, request: Message, answer: Message | None, code: str = ""
    ) -> None:
        self.fates[code or fate.value] += 1
        found = facts(call, request, answer)
        if found is not None:
            status = 0 if answer is None else answer.status
            self._journal.note("call", door.name, call=call, fate=fate.value, status=status, **found)


class _Line:
    """The connection to the emulator that one caller's connection uses, opened when it is needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._last: asyncio.StreamWriter | None = None

    async def ask(self, request: Message) -> Message:
        """The emulator's answer. A request is never sent twice: that is for the caller to decide."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(LOOPBACK, self._port, limit=LIMIT)
            self._last = self._streams[1]
        reader, writer = self._streams
        writer.write(request.raw)
        await writer.drain()
        answer = await read_answer(reader, request.method)
        if header(answer.head, "connection").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def abort(self) -> None:
        """Close at once, whatever is still to be sent."""
        if self._last is not None:
            self._last.transport.abort()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Message | None:
    head = await read_head(reader)
    if head is None:
        return None
    if header(head, "expect"):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:")]
        head = b"\r\n".join(lines)
    return Message(head=head, body=await read_body(reader, head))


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side gets a reset, not an end."""
    found = writer.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()
