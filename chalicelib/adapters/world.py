"""The real world: the one file that asks the machine for time, chance and sleep."""

import random
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta

from chalicelib.pipeline.ids import RANDOM_BYTES, make_id

TOKEN_CHARS = 10
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TOKENS = len(_LETTERS) ** TOKEN_CHARS
_HIGHEST = 256**RANDOM_BYTES - 1


class RealWorld:
    """This machine's clock and chance. One for the whole process: its ids ascend across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest = (datetime.min.replace(tzinfo=UTC), _HIGHEST)

    def now(self) -> datetime:
        """The time, aware, UTC, in whole milliseconds."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def job_id(self) -> str:
        """A new id for a job accepted now. Ids of the same millisecond ascend.

        The next one is the last one plus one, as the ULID standard has it, so their last characters, which are the table's
        partitions, go round evenly. An id always tells the clock's own time: when the clock is set back, the ids go back with it.
        """
        with self._lock:
            now = self.now()
            at, number = self._newest
            number = number + 1 if at == now and number < _HIGHEST else secrets.randbits(8 * RANDOM_BYTES)
            self._newest = (now, number)
        return make_id(now, number.to_bytes(RANDOM_BYTES, "big"))

    def token(self) -> str:
        """Ten characters that nobody else has: 51 bits of the system's own chance."""
        number, token = (
            secrets.randbelow(_TOKENS),
            "",
        )  # asked for once: the system's chance is a call of the system
        for _ in range(TOKEN_CHARS):
            number, letter = divmod(number, len(_LETTERS))
            token += _LETTERS[letter]
        return token

    def luck(self) -> float:
        """A random number from 0 up to, not including, 1. For spreading waits, not for secrets."""
        return random.random()  # noqa: S311

    def pause(self, wait: timedelta) -> None:
        """Let this much time pass; none if there is none left."""
        time.sleep(max(0.0, wait.total_seconds()))
