"""The reading of one kind of answer: HTTP/1.1 with a length, as DynamoDB says it. Any other is not read at all, and its connection is given up.

The standard library reads headers by its parser of e-mail, which costs as much processor time as all else of a call together.
https://www.rfc-editor.org/rfc/rfc9112
"""

import socket
from collections.abc import Mapping
from http.client import HTTPException
from typing import NamedTuple

from chalicelib.domain.late import regex

MOST_HEAD = 16 * 1024
MOST_BODY = 16 * 1024 * 1024
"""An answer of DynamoDB's ends at a mebibyte."""

_PIECE = 64 * 1024
_FIRST = regex(r"HTTP/1\.1 ([2-5][0-9][0-9])(?: [^\r\n\0]*)?")
_NAME = regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Answer(NamedTuple):
    """What the endpoint said."""

    status: int
    headers: Mapping[str, str]  #: their names in small letters
    body: bytes


class Unreadable(HTTPException):
    """An answer that is none of that kind."""


def read(line: socket.socket) -> Answer:
    """The one answer on the line. Raises `Unreadable`, OSError; then nobody knows what else is on it."""
    got = bytearray()
    while (end := got.find(b"\r\n\r\n")) < 0:
        if len(got) > MOST_HEAD:
            raise Unreadable("a head without an end")
        got += _more(line)
    status, headers = _head(got[:end].decode("latin-1"))
    length = _length(headers)
    body = got[end + 4 :]
    while len(body) < length:
        body += _more(line)
    if len(body) > length:
        raise Unreadable("more than one answer")
    return Answer(status, headers, bytes(body))


def _more(line: socket.socket) -> bytes:
    piece = line.recv(_PIECE)
    if not piece:
        raise Unreadable("it ends in the middle")
    return piece


def _head(text: str) -> tuple[int, Mapping[str, str]]:
    first, *rest = text.split("\r\n")
    found = _FIRST.fullmatch(first)
    if found is None:
        raise Unreadable("no HTTP/1.1")
    headers: dict[str, str] = {}
    for one in rest:
        name, colon, value = one.partition(":")
        if not colon or _NAME.fullmatch(name) is None or "\n" in value or "\r" in value:
            raise Unreadable("a header that is none")
        name = name.lower()
        if name in headers and name in {"content-length", "connection"}:
            raise Unreadable(f"{name} stands there twice")
        headers[name] = value.strip(" \t")
    return int(found[1]), headers


def _length(headers: Mapping[str, str]) -> int:
    """How many bytes follow. In pieces, packed or until the end of the line: that is not read here."""
    text = headers.get("content-length", "")
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > MOST_BODY:
        raise Unreadable("no length")
    if "transfer-encoding" in headers or "content-encoding" in headers:
        raise Unreadable("it comes in pieces, or packed")
    return int(text)
