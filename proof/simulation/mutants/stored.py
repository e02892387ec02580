"""Broken payloads: rows that name what is not there."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from chalicelib.domain.job import Inline, Place, Stored
from chalicelib.pipeline import asked, attempt, payloads
from proof.simulation.mutants.registry import Patch, mutant


def _named_only(text: str, **_: Any) -> Any:
    """The payload's name, without the payload."""
    body = text.encode()
    if len(body) <= 320:
        return Inline(json=text)
    return Stored(place=Place.ITEM, sha256=sha256(body).hexdigest(), size=len(body))


@mutant("a payload is stored after the row that names it", pads=(400,))
def payload_after_row() -> Sequence[Patch]:
    return [(asked, "place", _named_only)]


@mutant("a stored payload is kept no longer than its job, were it to end at once", pads=(400,))
def payload_gone_before_row() -> Sequence[Patch]:
    return [(payloads, "PAYLOAD_LIFE", timedelta(0))]


@mutant("a large result is stored after the outcome that names it", scripts=("big",))
def result_after_outcome() -> Sequence[Patch]:
    return [(attempt, "place", _named_only)]
