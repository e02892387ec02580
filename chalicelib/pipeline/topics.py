"""Topics: what they may be called, which patterns take them in, and the event that their subscribers are given."""

from collections.abc import Iterable
from typing import Generic, TypedDict, TypeVar

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.late import regex

T = TypeVar("T")

MAX_TOPIC_CHARS = 100
OURS = "job."
"""Topics of jobs' own moments begin like that. Nobody else publishes there, so their subscribers can believe what they hear."""

MOMENTS = ("accepted", "started", "progressed", "succeeded", "retried", "dead", "cancelled", "expired")
"""What a job can tell of itself, as events of the topics `job.<moment>`."""

ENDINGS = frozenset({"succeeded", "dead", "cancelled", "expired"})
"""The moments that are for good: those the outbox guarantees."""

_WORD = r"[A-Za-z0-9_-]+"
_TOPIC = regex(rf"{_WORD}(\.{_WORD})*")
_PATTERN = regex(rf"\*|{_WORD}(\.{_WORD})*(\.\*)?")


class Event(TypedDict, Generic[T]):
    """Something that happened: the one argument of the tasks that subscribe to its topic. `Event[Order]` says what the payload is."""

    id: str
    topic: str
    payload: T
    at: str


def check_topic(name: str) -> None:
    """Raise `InvalidInput` for what is no topic's name."""
    if len(name) > MAX_TOPIC_CHARS or not _TOPIC.fullmatch(name):
        raise InvalidInput(
            "topic",
            f"not words of letters, digits, _ and - with dots between, {MAX_TOPIC_CHARS} characters at most",
        )


def is_pattern(text: str) -> bool:
    """Whether it is a topic's name, or one that ends in `.*`, or `*` alone."""
    return len(text) <= MAX_TOPIC_CHARS and _PATTERN.fullmatch(text) is not None


def matches(pattern: str, topic: str) -> bool:
    """Whether the pattern takes in the topic: `order.*` is for everything that begins with `order.`, however many words follow."""
    if pattern.endswith("*"):
        return topic.startswith(pattern[:-1])
    return pattern == topic


def any_matches(patterns: Iterable[str], topic: str) -> bool:
    """Whether one of them takes in the topic."""
    return any(matches(pattern, topic) for pattern in patterns)
