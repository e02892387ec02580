"""The request's body: its declared type, its size, strict JSON, then the route's own struct."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from chalicelib.domain.errors import InvalidInput, TooLarge
from chalicelib.entrypoints.api.reading import read
from chalicelib.entrypoints.api.refusals import MalformedBody, UnsupportedMediaType
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.limits import MAX_BODY

S = TypeVar("S", bound=msgspec.Struct)

MOST_BYTES = MAX_BODY + 64 * 1024
"""A job's largest arguments, and room for the rest of the request. Lambda itself takes 6 MB:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class NoBody(msgspec.Struct, forbid_unknown_fields=True):
    """For routes that need none: nothing, or an empty object. Bodies that may be left out are made of it."""


def read_body(body: bytes, headers: Mapping[str, str], struct: type[S]) -> S:
    """The body as that struct. Raises `UnsupportedMediaType`, `TooLarge`, `MalformedBody`, `InvalidInput`."""
    if not body and issubclass(struct, NoBody):
        return struct()
    _check_type(headers)
    try:
        value = strict_json.read(body, name="body", limit=MOST_BYTES)
    except TooLarge:
        raise
    except InvalidInput as error:
        raise MalformedBody(error.argument, error.why) from error
    return read(value, struct, whole="body")


def _check_type(headers: Mapping[str, str]) -> None:
    given = headers.get("content-type", "")
    media_type, *parameters = (part.strip().lower() for part in given.split(";"))
    if media_type != "application/json":
        said = f"the body is said to be {given[:60]!r}" if given else "the body has no Content-Type"
        raise UnsupportedMediaType(f"{said}; send Content-Type: application/json")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(f"the charset {value[:30]!r} is not UTF-8")
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMediaType(f"the body is said to be compressed ({coding[:30]!r}); send it plain")
