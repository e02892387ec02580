"""The order of the pages: docs/index.md is a page of lists, and the site's navigation is what its lists say.

Adding a page is one line there: `- [Title](page.md): what it is for`. A line below it, two spaces in, is a page below that page. A README.md
has the pages of its own folder below it that it links to.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from press.markdown import Page

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
INDEX = DOCS / "index.md"

_SECTION = re.compile(r"## (.+)")
_LINE = re.compile(r"( *)- \[([^\]]+)\]\(([^)#]+\.md)\)(?:: (.+))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A page in its place. `path` is from docs/, and may lead out of it: `../CHANGELOG.md`."""

    title: str
    path: str
    about: str = ""
    below: tuple["Entry", ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading of the index, and its pages."""

    title: str
    entries: tuple[Entry, ...]


class BadIndex(Exception):
    """docs/index.md has a line that is no page's; the message has its number."""


def sections(text: str) -> tuple[Section, ...]:
    """The index, read."""
    found: list[Section] = []
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _SECTION.fullmatch(line):
            found.append(Section(title=heading[1], entries=()))
        elif line.lstrip().startswith("- "):
            entry = _LINE.fullmatch(line)
            if entry is None or not found:
                raise BadIndex(
                    f"docs/index.md:{number}: write `- [Title](page.md): what it is for`, below a `## Heading`"
                )
            found[-1] = _with(
                found[-1], Entry(title=entry[2], path=entry[3], about=entry[4] or ""), nested=bool(entry[1])
            )
    return tuple(found)


def _with(section: Section, entry: Entry, *, nested: bool) -> Section:
    if not nested or not section.entries:
        return replace(section, entries=(*section.entries, entry))
    *others, last = section.entries
    return replace(section, entries=(*others, replace(last, below=(*last.below, entry))))


def with_folders(sections: tuple[Section, ...], docs: Path = DOCS) -> tuple[Section, ...]:
    """The same; each README.md of a folder in docs/ has what it links to in its folder below it."""
    return tuple(
        replace(one, entries=tuple(_with_folder(entry, docs) for entry in one.entries)) for one in sections
    )


def _with_folder(entry: Entry, docs: Path) -> Entry:
    if not entry.path.endswith("/README.md") or entry.path.startswith("../"):
        return entry
    folder = PurePosixPath(entry.path).parent
    links = [
        link
        for link in Page((docs / entry.path).read_text(encoding="utf-8")).links
        if _is_sibling(link.target)
    ]
    below = (Entry(title=link.words, path=f"{folder / link.target}") for link in links)
    return replace(entry, below=(*entry.below, *dict.fromkeys(below)))


def _is_sibling(target: str) -> bool:
    return target.endswith(".md") and "/" not in target and ":" not in target


def entries(sections: tuple[Section, ...]) -> Iterator[Entry]:
    """All of them, in the order of reading."""
    for section in sections:
        for entry in section.entries:
            yield entry
            yield from entry.below


def read() -> tuple[Section, ...]:
    """The site's order, as docs/ has it."""
    return with_folders(sections(INDEX.read_text(encoding="utf-8")))
