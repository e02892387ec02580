"""Other arguments for a dead job's next life, as a request says them."""

from typing import Annotated, Any

from msgspec import Meta

from chalicelib.pipeline.json_patch import MOST_OPERATIONS
from chalicelib.pipeline.other_args import OtherArgs

Operations = Annotated[
    list[dict[str, Any]],
    Meta(min_length=1, max_length=MOST_OPERATIONS, description="a JSON Patch (RFC 6902) of the arguments"),
]
Args = Annotated[dict[str, Any], Meta(description="new arguments by name, in the place of all former ones")]


def other_args(args: dict[str, Any] | None, patch: list[dict[str, Any]] | None) -> OtherArgs | None:
    """What makes the new arguments; None: they stay. Raises `InvalidInput` for what contradicts itself."""
    if args is None and patch is None:
        return None
    other = OtherArgs(args=args, patch=patch)
    other.check()
    return other
