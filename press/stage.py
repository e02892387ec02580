"""Lay out the site's source under build/docs/source: pages, generated pages, the navigation; `python -m press.stage`. Sphinx does the rest.

Stops at the first page that is out of order, link that leads nowhere or example that nobody runs.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from press.check import findings, normal
from press.markdown import Page
from press.nav import DOCS, INDEX, ROOT, Entry, Section, entries, read
from press.reference import GENERATED

SOURCE = ROOT / "build" / "docs" / "source"
FILES = "files"  # what pages refer to and is no page: for readers to take
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_FENCE = re.compile(r"^( *)(`{3,}).*?^\1\2`* *$", re.MULTILINE | re.DOTALL)
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')


def place(path: str) -> str:
    """Where a page lies in the site: those from outside docs/ below `project`. `x/README.md` is the folder's own page."""
    inside = path.replace("../", "project/", 1) if path.startswith("../") else path
    return re.sub(r"(^|/)README\.md$", r"\1index.md", inside)


def stage(source: Path = SOURCE) -> int:
    """Write everything anew; how many pages."""
    shutil.rmtree(source, ignore_errors=True)
    order = read()
    paths = [entry.path for entry in entries(order)]
    places = {path: place(path) for path in [*GENERATED, *paths, "index.md"]}
    for path, there in places.items():
        text = GENERATED[path]() if path in GENERATED else (DOCS / path).read_text(encoding="utf-8")
        write(source / there, made(path, text, places, source))
    add_navigation(source, order)
    shutil.copytree(
        ROOT / "press" / "site", source, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    if (DOCS / "pictures").is_dir():
        shutil.copytree(DOCS / "pictures", source / "pictures", dirs_exist_ok=True)
    return len(places)


def made(path: str, text: str, places: Mapping[str, str], source: Path) -> str:
    """A page for the site: links lead to where pages are there, comments to ourselves are left out, anchors are MyST's."""
    pieces = [
        _ANCHOR.sub(r"[]{#\1}", _COMMENT.sub("", piece)) if number % 2 == 0 else piece
        for number, piece in enumerate(_apart(text))
    ]
    together = "".join(pieces)
    for link in sorted({link.target for link in Page(text).links}, key=len, reverse=True):
        if moved := _moved(link, path, places, source):
            together = together.replace(f"]({link})", f"]({moved})")
    return together


def _apart(text: str) -> list[str]:
    """Prose and fenced blocks, in turn."""
    pieces, at = [], 0
    for fence in _FENCE.finditer(text):
        pieces += [text[at : fence.start()], fence[0]]
        at = fence.end()
    return [*pieces, text[at:]]


def _moved(target: str, path: str, places: Mapping[str, str], source: Path) -> str | None:
    """The link's new words, if it has to have some. A file that is no page is laid beside them."""
    if re.match(r"[a-z]+:|#", target):
        return None
    file, hash_, anchor = target.partition("#")
    leads_to = normal(PurePosixPath(path).parent / file)
    if leads_to == "../README.md":
        leads_to = "index.md"
    there = places.get(leads_to)
    if there is None and leads_to.startswith("pictures/"):
        there = leads_to
    if there is None:
        there = f"{FILES}/{leads_to.removeprefix('../')}"
        (source / there).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DOCS / leads_to, source / there)
    relative = os.path.relpath(there, PurePosixPath(places[path]).parent)
    return f"{PurePosixPath(relative)}{hash_}{anchor}"


def add_navigation(source: Path, order: tuple[Section, ...]) -> None:
    """The lists of the index become Sphinx's tables of contents; so do those of pages with pages below them."""
    for section in order:
        _add_tree(source / "index.md", source, section.entries, caption=section.title)
        for entry in section.entries:
            if entry.below:
                _add_tree(source / place(entry.path), source, entry.below)
    areas = tuple(Entry(title="", path=path) for path in GENERATED if path.startswith("reference/http/"))
    _add_tree(source / "reference/http.md", source, areas)


def _add_tree(page: Path, source: Path, below: tuple[Entry, ...], *, caption: str = "") -> None:
    lines = [
        "",
        "",
        "```{toctree}",
        ":hidden:",
        *([f":caption: {caption}"] if caption else []),
        "",
        *_tree_lines(page, source, below),
        "```",
        "",
    ]
    with page.open("a", encoding="utf-8") as file:
        file.write("\n".join(lines))


def _tree_lines(page: Path, source: Path, below: tuple[Entry, ...]) -> Iterator[str]:
    for entry in below:
        name = os.path.relpath(source / place(entry.path), page.parent).removesuffix(".md")
        yield f"{entry.title} <{name}>" if entry.title else name


def write(file: Path, text: str) -> None:
    """With its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def main() -> int:
    """Check, then lay out; 1 if something is wrong."""
    wrong = findings()
    for finding in wrong:
        print(finding, file=sys.stderr)
    if wrong:
        return 1
    print(f"{stage()} pages laid out from {INDEX.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
