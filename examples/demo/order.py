"""One job that the demo wants done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from examples.demo.expectation import SUCCEEDS, Expectation


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to submit, under which idempotency key, and what should come of it."""

    kind: str  #: the words for this kind of work in the tables, like "thumbnails"
    task: str
    args: Mapping[str, Any]
    about: str  #: the file or address that it works on, as a person would name it
    key: str
    expect: Expectation = SUCCEEDS
