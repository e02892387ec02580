"""Writes the sample folder, once: a folder that is complete and was made by this very code is used as it lies."""

import hashlib
import json
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import PIL

from examples.demo.samples.sample import Sample

STAMP = ".made.json"


def make_samples(
    folder: Path, samples: Sequence[Sample], beginning: Callable[[], None] = lambda: None
) -> int:
    """Make sure that `folder` holds these files as they should be; how many had to be written.

    `beginning()` is called before anything is written, since that takes some seconds.

    Other files in the folder are left alone. An interrupted run leaves no stamp, so the next one starts over.
    """
    if _is_complete(folder, samples):
        return 0
    beginning()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STAMP).unlink(missing_ok=True)
    # Painting is seconds of work: worth a few processes. Ctrl-C is for the parent alone to answer.
    pool = ProcessPoolExecutor(
        min(4, os.cpu_count() or 1), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
    try:
        sizes = list(pool.map(_write, [folder] * len(samples), samples))
    finally:
        pool.shutdown(cancel_futures=True)
    made = {sample.path: size for sample, size in zip(samples, sizes, strict=True)}
    (folder / STAMP).write_text(json.dumps({"made_by": _fingerprint(), "bytes": made}, indent=1))
    return len(made)


def _write(folder: Path, sample: Sample) -> int:
    """The bytes written. Renamed into place, so that no reader ever meets half a file that is not meant to be half."""
    target = folder / sample.path
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    size = part.write_bytes(sample.content())
    part.replace(target)
    return size


def _is_complete(folder: Path, samples: Sequence[Sample]) -> bool:
    try:
        stamp = json.loads((folder / STAMP).read_text())
        sizes = {sample.path: (folder / sample.path).stat().st_size for sample in samples}
    except (OSError, ValueError):
        return False
    return bool(stamp == {"made_by": _fingerprint(), "bytes": sizes})


def _fingerprint() -> str:
    """Of everything that the contents follow from: this package's code and the encoders' release."""
    code = [module.read_bytes() for module in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"\n".join([PIL.__version__.encode(), *code])).hexdigest()
