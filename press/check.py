"""What is wrong with the pages, found without building them: pages out of order, links that lead nowhere, examples that nobody runs.

A fenced block of Python, shell or JSON is run by a test, or says why it is not. The comment right before it says which, or the one below
the page's title, for all of its Python:

    <!-- run by tests/cli/test_page.py -->
    <!-- not run: it needs an account -->
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from press.markdown import Fence, Page
from press.nav import DOCS, ROOT, Entry, entries, read
from press.reference import GENERATED

RUNNABLE = frozenset({"python", "sh", "shell", "bash", "json"})
SHOWN = frozenset({"text", "mermaid", "toml", "yaml", "html", "console", "ini", "javascript"})
_RUN = re.compile(r"run by (tests/\S+\.py)")
_NOT_RUN = re.compile(r"not run: \S.+")


def findings() -> tuple[str, ...]:
    """Each a line that begins with the page's name. None is what `make docs` and the gate ask for."""
    listed = [INDEX_ENTRY, *entries(read())]
    beside = Entry(title="", path="../README.md")
    pages = texts([*listed, beside])
    return (*out_of_order(listed), *nowhere(pages), *unrun(pages))


INDEX_ENTRY = Entry(title="Jobline", path="index.md")


def texts(listed: list[Entry]) -> Mapping[str, str]:
    """The pages that are there, written or generated, by their path from docs/."""
    found = {entry.path: (DOCS / entry.path) for entry in listed if entry.path not in GENERATED}
    written = {path: file.read_text(encoding="utf-8") for path, file in found.items() if file.is_file()}
    return written | {path: make() for path, make in GENERATED.items()}


def out_of_order(listed: list[Entry], docs: Path = DOCS) -> Iterator[str]:
    """Pages that the index does not list, lists twice, or lists in vain."""
    paths = [entry.path for entry in listed]
    there = {file.relative_to(docs).as_posix() for file in docs.rglob("*.md")}
    generated = {
        path for path in GENERATED if "/" not in path.removeprefix("reference/")
    }  # others are below one of these
    for path in sorted((there | generated) - set(paths)):
        yield f"docs/{path}: give it a line in docs/index.md, `- [Title]({path}): what it is for`"
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield f"docs/index.md: lists {path} twice"
    for path in paths:
        if path not in GENERATED and not (docs / path).is_file():
            yield f"docs/index.md: {path} is not there"


def nowhere(pages: Mapping[str, str], docs: Path = DOCS) -> Iterator[str]:
    """Links to files that are not there, and to anchors that a page does not have."""
    read_pages = {path: Page(text) for path, text in pages.items()}
    for path, page in read_pages.items():
        for link in page.links:
            if re.match(r"[a-z]+:", link.target):
                continue
            file, _, anchor = link.target.partition("#")
            target = normal(PurePosixPath(path).parent / file) if file else path
            other = read_pages.get(target)
            if other is None and not (docs / target).exists():
                yield f"docs/{path}:{link.line}: {link.target} is not there"
            elif other is None and target.endswith(".md"):
                yield f"docs/{path}:{link.line}: {link.target} is a page that docs/index.md does not list"
            elif anchor and (other is None or anchor not in other.anchors):
                yield f"docs/{path}:{link.line}: {target} has no #{anchor}"


def normal(path: PurePosixPath) -> str:
    """The same without `x/..`; what leads out of docs/ begins with `../`."""
    kept: list[str] = []
    for part in path.parts:
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part != ".":
            kept.append(part)
    return "/".join(kept).removeprefix("../docs/").removeprefix("../docs/")


def unrun(pages: Mapping[str, str]) -> Iterator[str]:
    """Blocks that neither a test runs nor a reason excuses, and blocks that do not say what they are. Generated pages' are made by tested code."""
    for path, text in pages.items():
        if path in GENERATED:
            continue
        page = Page(text)
        for fence in page.fences:
            if trouble := _trouble(path, fence, page.comment):
                yield f"docs/{path}:{fence.line}: {trouble}"


def _trouble(path: str, fence: Fence, of_page: str) -> str:
    if fence.language not in RUNNABLE | SHOWN:
        return f"say which language the block is, `text` if none (not {fence.language!r})"
    if fence.language in SHOWN:
        return ""
    own = _RUN.match(fence.comment) or _NOT_RUN.match(fence.comment)
    said = fence.comment if own else of_page if fence.language == "python" else ""
    if _NOT_RUN.fullmatch(said):
        return ""
    test = _RUN.fullmatch(said)
    if test is None:
        return "say on the line before which test runs it, <!-- run by tests/... -->, or why none does, <!-- not run: ... -->"
    file = ROOT / test[1]
    if not file.is_file():
        return f"{test[1]} is not there"
    name = PurePosixPath(path).name
    known = file.read_text(encoding="utf-8")
    return "" if name in known else f"{test[1]} does not name {name}"
