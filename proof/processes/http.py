"""As much of HTTP/1.1 as a proxy between boto3 and the emulator has to understand: where a message ends, and what a head says."""

import asyncio
from dataclasses import dataclass

LONGEST_HEAD = 65_536
BODILESS = frozenset({204, 304})


class NotHttp(Exception):
    """What came is no message that this proxy can pass on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A request or an answer: its head as it came, with the empty line, and its body as it came."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def method(self) -> str:
        return self.head.partition(b" ")[0].decode("latin-1")

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.head.split(b" ", 2)[1])

    def header(self, name: str) -> str:
        """The header's value, empty if it is not there."""
        return header(self.head, name)


def header(head: bytes, name: str) -> str:
    """The value of a header in this head, empty if it is not there."""
    wanted = name.lower().encode()
    for line in head.split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.strip().lower() == wanted:
            return value.strip().decode("latin-1")
    return ""


async def read_head(reader: asyncio.StreamReader) -> bytes | None:
    """A head with its empty line; None when the other side has closed between two messages."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    except asyncio.LimitOverrunError as error:
        raise NotHttp("a head without an end") from error


async def read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The body that this head announces, chunks as they are framed."""
    if "chunked" in header(head, "transfer-encoding").lower():
        return await _chunks(reader)
    length = header(head, "content-length") or "0"
    if not length.isdecimal():
        raise NotHttp(f"Content-Length: {length!r}")
    return await reader.readexactly(int(length))


async def read_answer(reader: asyncio.StreamReader, method: str) -> Message:
    """The final answer to a request of that method; what is provisional (1xx) is dropped."""
    while True:
        head = await read_head(reader)
        if head is None:
            raise ConnectionResetError("the emulator closed the connection instead of answering")
        answer = Message(head=head, body=b"")
        if answer.status >= 200:
            break
    if method == "HEAD" or answer.status in BODILESS:
        return answer
    return Message(head=head, body=await read_body(reader, head))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        body += line
        if size == 0:
            while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
                body += line
            return body + line
        body += await reader.readexactly(size + 2)
