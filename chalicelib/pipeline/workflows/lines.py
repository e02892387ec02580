"""Items that lie in an object of the stage's bucket, a line of JSON each: read in pieces, so that nothing holds them all."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.parts import Parts


def lines_page(
    tenant: str, key: str, start: int, most: int, *, parts: Parts
) -> tuple[Sequence[Any], int | None]:
    """The items from that byte on, and the byte where to go on; None: there are no more."""
    raise InvalidInput("workflow.map.object", "objects are not read yet")
