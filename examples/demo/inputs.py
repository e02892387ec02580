"""Which files a run works on: the samples with what is known of them, or a bounded look into somebody's own folder."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from examples.demo.expectation import EITHER, SUCCEEDS, Expectation, dies_of
from examples.demo.samples import Sample

# Enough to keep the stack busy for a minute or two; a photo library of a lifetime would keep it busy for hours.
MOST_FILES = 200
# Looking into a folder must end too, if somebody names the root of a disk.
MOST_ENTRIES = 50_000
MOST_BYTES = 100_000_000


class Group(StrEnum):
    """What can be done with a file, told by its name as mail programs and browsers do."""

    PICTURE = "pictures"
    TABLE = "tables"
    TEXT = "texts"


SUFFIXES = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"), Group.PICTURE),
    **dict.fromkeys((".csv", ".tsv"), Group.TABLE),
    **dict.fromkeys((".txt", ".md", ".log"), Group.TEXT),
}


@dataclass(frozen=True, kw_only=True)
class Input:
    """One file to work on."""

    path: Path
    group: Group
    expect: Expectation


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The files of a run, and in words what was left out."""

    folder: Path
    files: Sequence[Input]
    left_out: Sequence[str] = field(default_factory=list)

    def sentence(self) -> str:
        """For example: 53 pictures, 43 tables, 37 texts (21.4 MB)."""
        counts = {group: sum(file.group is group for file in self.files) for group in Group}
        size = sum(file.path.stat().st_size for file in self.files)
        parts = [
            f"{count} {group if count != 1 else group.value[:-1]}" for group, count in counts.items() if count
        ]
        return f"{', '.join(parts)} ({size / 1e6:.1f} MB)"


def sample_inputs(folder: Path, samples: Sequence[Sample]) -> Inputs:
    """The samples as they lie in `folder`, each with the death or success that it was made for."""
    files = [
        Input(
            path=folder / sample.path,
            group=SUFFIXES[Path(sample.path).suffix],
            expect=SUCCEEDS if sample.dies_of is None else dies_of(sample.dies_of),
        )
        for sample in samples
    ]
    return Inputs(folder=folder, files=files)


def own_inputs(folder: Path, most: int = MOST_FILES) -> Inputs:
    """The first `most` usable files under `folder`, in the order of their names. Reads names and sizes only, writes nothing."""
    files: list[Input] = []
    other = unusable = more = seen = 0
    for path in _walk(folder):
        seen += 1
        if seen > MOST_ENTRIES:
            break
        group = SUFFIXES.get(path.suffix.lower())
        if group is None:
            other += 1
        elif not _usable(path):
            unusable += 1
        elif len(files) == most:
            more += 1
        else:
            files.append(Input(path=path, group=group, expect=EITHER))
    notes = {
        f"{other} files of kinds that the demo has no task for": other,
        f"{unusable} files that are unreadable, over {MOST_BYTES // 1_000_000} MB or have a name that is no text": unusable,
        f"{more} more files: the demo stops at {most}": more,
        f"everything after the first {MOST_ENTRIES:,} files: the folder is too large to look at whole": seen
        > MOST_ENTRIES,
    }
    return Inputs(folder=folder, files=files, left_out=[words for words, count in notes.items() if count])


def _walk(folder: Path) -> Iterator[Path]:
    """Regular files, without hidden ones and without following linked folders (which may lead in circles)."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _usable(path: Path) -> bool:
    try:
        str(path).encode()
        return path.is_file() and os.access(path, os.R_OK) and path.stat().st_size <= MOST_BYTES
    except (OSError, UnicodeEncodeError):
        return False
