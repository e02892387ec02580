"""Where on AWS a person can look at what a stage left there. Only a stage that runs on Lambda has such a place."""

from chalicelib.domain.lean import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Console:
    """A stage's functions in a region: their log groups are searched, and their traces."""

    region: str
    functions: tuple[str, ...]
