"""The lines of an object, from any byte on: no more of it is held than a piece, the longest line, and the values that were asked for."""

from typing import Any

from chalicelib.domain.errors import InvalidInput, Unavailable
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.sealed_text import PREFIX as SEALED
from chalicelib.pipeline.sealed_text import opened_text
from chalicelib.pipeline.sealer import Field, Whose

PIECE = 1024 * 1024
"""How much is read at once: a request for each of a page's few kilobytes would cost more than a page's marks do."""

MOST_HELD = 32 * 1024 * 1024
"""The most bytes of lines that are taken together: as values they are several times as much, and a consumer has 1 GB for all that it does."""

PREFIX = "inputs/"
_SEALED = SEALED.encode()
_BLANK = b" \t\r"
_MARK = b"\xef\xbb\xbf"


def whose_line(tenant: str, key: str, at: int) -> Whose:
    """Whose a sealed line is: the tenant's, in this object, at this byte."""
    return Whose(tenant=tenant, id=f"{key} {at}", field=Field.ITEMS)


def check_key(key: object, tenant: str, argument: str) -> None:
    """Raise `InvalidInput` for what is no key of this tenant's: each has a folder of its own."""
    folder = f"{PREFIX}{tenant}/"
    if not isinstance(key, str) or not key.startswith(folder) or not key.isprintable():
        raise InvalidInput(argument, f"not a key that begins with {folder}")
    if len(key.encode()) > 1024 or {"", ".", ".."} & set(key.split("/")):
        raise InvalidInput(argument, "not a key: longer than 1,024 bytes, or an empty part, . or .. in it")


class Lines:
    """An object's lines. All of them are read from one version of it, which is found at the first read if it is not given."""

    def __init__(self, key: str, version: str | None = None, *, parts: Parts) -> None:
        self.version = version
        self._key = key
        self._parts = parts
        self._buffer = b""
        self._first = 0  #: where in the object the buffer begins
        self._place = 0  #: what of it is taken
        self._size: int | None = None

    def take(self, start: int, most: int) -> tuple[list[Any], int | None]:
        """The values of up to so many lines from that byte on, and the byte at which to go on, None at the end. Empty lines are none.

        Raises `InvalidInput` that names the byte at which a line begins that is no JSON, `Unavailable`.
        """
        self._go_to(start)
        found: list[Any] = []
        held = 0
        while len(found) < most:
            at = self._first + self._place
            line = self._line(at)
            if line is None:
                return found, None
            if at == 0:
                line = line.removeprefix(_MARK)
            if line.strip(_BLANK):
                held += len(line)
                if held > MOST_HELD:
                    raise InvalidInput(
                        self._key,
                        f"more than {MOST_HELD:,} bytes for the children of one page, from byte {start:,} on: "
                        "make the lines shorter, or size smaller",
                    )
                found.append(self._value(line, at))
        after = self._first + self._place
        return found, None if after == self._size else after

    def _go_to(self, start: int) -> None:
        if self._first <= start <= self._first + len(self._buffer):
            self._place = start - self._first
        else:
            self._buffer, self._first, self._place, self._size = b"", start, 0, None

    def _line(self, at: int) -> bytes | None:
        """The line that begins there, without its end; None: the object is at its end."""
        seen = self._place
        while (end := self._buffer.find(b"\n", seen)) < 0:
            seen = len(self._buffer) - self._place
            most = MAX_BODY * 3 // 2 if self._buffer.startswith(_SEALED, self._place) else MAX_BODY
            if seen > most:
                raise InvalidInput(self._key, f"the line at byte {at:,} is longer than {MAX_BODY:,} bytes")
            if not self._more():
                end = len(self._buffer)
                if end == self._place:
                    return None
                line, self._place = self._buffer[self._place :], end
                return line
        line, self._place = self._buffer[self._place : end], end + 1
        return line

    def _more(self) -> bool:
        """Read on, and forget what is taken. False: there is no more."""
        begin = self._first + len(self._buffer)
        if self._size is not None and begin >= self._size:
            return False
        piece = patience(self._parts)(self._parts.inputs.read, self._key, begin, PIECE, self.version)
        self.version, self._size = piece.version, piece.size
        self._buffer = self._buffer[self._place :] + piece.body
        self._first, self._place = self._first + self._place, 0
        if not piece.body and begin < piece.size:
            raise Unavailable(f"{self._key}: nothing came of it from byte {begin:,} on")
        return bool(piece.body)

    def _value(self, line: bytes, at: int) -> Any:
        if line.startswith(_SEALED):
            whose = whose_line(self._key.split("/")[1], self._key, at)
            line = opened_text(line.decode("ascii", "replace"), whose, self._parts).encode()
        try:
            return strict_json.read(line, name="line", limit=MAX_BODY)
        except InvalidInput as error:
            raise InvalidInput(self._key, f"the line at byte {at:,}: {error.why}") from error
