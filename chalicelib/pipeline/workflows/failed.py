"""What stands among a group's results for a child that did not succeed, where that is collected (`on_error="collect"`)."""

from typing import Any, TypedDict, TypeGuard


class What(TypedDict):
    """Of what it died."""

    type: str
    message: str


class Failed(TypedDict):
    """The child's job, the state it ended in, and its error. An annotation can say so: `results: list[int | Failed]`.

    Results that are objects themselves cannot be told apart by an annotation: take `list[dict[str, Any]]`, and ask `is_failed`.
    """

    id: str | None
    state: str | None
    error: What | None


def is_failed(result: Any) -> TypeGuard[Failed]:
    """Whether it stands for a child that did not succeed. Results of one's own that are objects should have other names than these three."""
    return isinstance(result, dict) and result.keys() == Failed.__annotations__.keys()
