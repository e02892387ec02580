"""One file of the sample folder, and what the demo expects of the jobs that work on it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A file that can be made at any time: the same path always has the same content."""

    #: Where it lies, relative to the sample folder, with forward slashes.
    path: str
    #: Makes the whole content. Called only when the file is written, in another process: it must pickle.
    content: Callable[[], bytes]
    #: For a file that is broken on purpose: the error that its jobs must die of, by type name.
    dies_of: str | None = None
