"""How large a package is, and how large it may be."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from infra.packaging.bundle import Bundle

MOST_ZIPPED = 3_500_000
"""Bytes. Uploaded once a function at every deploy, fetched at every cold start. Lambda itself allows 50 MB. A third is our own code, a tenth the
time zones: see docs/decisions/0014-schedules.md."""
MOST_UNZIPPED = 8_000_000
"""Bytes. Lambda itself allows 250 MB."""
TOKENS_ZIPPED, TOKENS_UNZIPPED = 6_500_000, 20_000_000
"""Bytes more where a stage believes bearer tokens: most of it is cryptography."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """Of one package, or of all."""

    files: int
    unzipped: int
    zipped: int


def by_package(bundle: Bundle) -> dict[str, Size]:
    """Top-level name to size, the largest first. A library's metadata is a package too: its licence ships with it."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, entry in bundle.files.items():
        top = name.partition("/")[0]
        if top == "__pycache__":  # the compiled half of a module without a package
            top = name.partition("/")[2].partition(".")[0] + ".py"
        found[top].append((len(entry.data), entry.packed))
    sizes = {top: _size(pairs) for top, pairs in found.items()}
    return dict(sorted(sizes.items(), key=lambda pair: -pair[1].zipped))


def total(bundle: Bundle) -> Size:
    """The whole; zipped is the file itself, with its directory."""
    whole = _size([(len(entry.data), entry.packed) for entry in bundle.files.values()])
    return Size(files=whole.files, unzipped=whole.unzipped, zipped=bundle.path.stat().st_size)


def most(bundle: Bundle) -> Size:
    """How large this package may be: one that can read tokens is larger."""
    reads = any(name.startswith("cryptography/") for name in bundle.files)
    return Size(
        files=0,
        unzipped=MOST_UNZIPPED + reads * TOKENS_UNZIPPED,
        zipped=MOST_ZIPPED + reads * TOKENS_ZIPPED,
    )


def faults(size: Size, allowed: Size) -> Iterator[str]:
    """What is too large."""
    if size.zipped > allowed.zipped:
        yield f"the zip has {size.zipped:,} bytes, more than {allowed.zipped:,}"
    if size.unzipped > allowed.unzipped:
        yield f"unzipped it has {size.unzipped:,} bytes, more than {allowed.unzipped:,}"


def _size(pairs: list[tuple[int, int]]) -> Size:
    return Size(
        files=len(pairs), unzipped=sum(plain for plain, _ in pairs), zipped=sum(packed for _, packed in pairs)
    )
