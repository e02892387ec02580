"""What a task writes down, as JSON text that can be read back, also after a way through a child's pipe."""

from typing import Any

from chalicelib.domain.errors import InvalidInput, ResultNotJson
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.signature import to_plain

NOTE_BYTES = 1024 * 1024
"""The most bytes of a checkpoint's state or a step's result. It is where to go on from; data belongs in a bucket or a table."""

NOTE_DEPTH = strict_json.MAX_DEPTH - 6
NOTE_VALUES = strict_json.MAX_VALUES - 100
"""A little less than arguments may have: on its way to a child a note lies inside other values."""


def state_text(state: Any) -> str:
    """A checkpoint's state. Raises `InvalidInput`, `TooLarge`."""
    return note_text(state, "state")


def note_value(text: str) -> Any:
    """What was written down, as JSON values."""
    return strict_json.read(
        text.encode(), name="note", limit=NOTE_BYTES, depth=NOTE_DEPTH, values=NOTE_VALUES
    )


def note_text(value: Any, name: str) -> str:
    """The value as JSON text. Raises `InvalidInput` or `TooLarge` that names it."""
    try:
        plain = to_plain(value)
    except ResultNotJson as error:
        raise InvalidInput(name, str(error)) from error
    return strict_json.write_readable(
        plain, name=name, limit=NOTE_BYTES, depth=NOTE_DEPTH, values=NOTE_VALUES
    )
