"""A mail server on the loopback interface. It greets strangers as many real ones do: "not now, try again later"."""

import asyncio
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


class Mailbox:
    """The running server: `with Mailbox(folder) as box: box.port`. Every letter becomes an .eml file in `folder`.

    Greylisting: the first conversation about a recipient is put off with 451; honest senders come back, most spammers do not.
    """

    def __init__(self, folder: Path, *, greylisting: bool = True) -> None:
        self.folder = folder
        self.letters: dict[str, EmailMessage] = {}
        self.deliveries = 0
        self.port = 0
        self._known: set[str] = set()
        self._greylisting = greylisting
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailbox", daemon=True)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(lambda: SMTP(self, hostname="mailbox.demo.example"), HOST, 0)

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for conversation in others:
            conversation.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """A conversation asks whether it may bring mail for `address`."""
        if self._greylisting and address not in self._known:
            self._known.add(address)
            return "451 4.7.1 greylisted, please try again in a second"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """A letter came in whole. One that came before, by its Message-ID, is the same letter: kept once."""
        content = cast("bytes", envelope.content)
        letter = message_from_bytes(content, policy=default)
        self.deliveries += 1
        message_id = str(letter["Message-ID"])
        self.letters[message_id] = letter
        name = "".join(
            c if c.isalnum() or c in "-." else "_" for c in message_id.strip("<>").partition("@")[0]
        )
        (self.folder / f"{name}.eml").write_bytes(content)
        return "250 2.0.0 kept"
