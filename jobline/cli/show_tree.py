"""A workflow as a tree."""

from typing import TYPE_CHECKING, Any

from jobline.cli import out
from jobline.cli.text import ago, safe

if TYPE_CHECKING:
    from rich.text import Text


def tree(found: Any) -> None:
    """Each node on a line: what it is, how far, and what went wrong."""
    from rich.tree import Tree

    title = _line(f"workflow {found['id']}", found["state"], f"made {ago(found['created_at'])}", None)
    root = Tree(title, guide_style="dim")
    _grow(root, found["tree"])
    out.console().print(root)
    if not found["complete"]:
        out.say(
            "Not all of it could be looked at: `jobline workflow show` of a part's id shows more.",
            stderr=True,
        )


def _grow(branch: Any, node: Any) -> None:
    grown = branch.add(_node(node))
    for below in node["nodes"]:
        _grow(grown, below)
    if node["became"]:
        _grow(grown.add("became"), node["became"])


def _node(node: Any) -> "Text":
    counts = node["counts"]
    told = [] if counts is None else [f"{counts['ended']:,} of {_total(counts)} ended"]
    told += [f"{counts['failed']:,} failed"] if counts and counts["failed"] else []
    what = " ".join(part for part in (node["kind"], node["task"]) if part)
    return _line(what, node["state"], ", ".join(told), node["error"], node["job"])


def _total(counts: Any) -> str:
    return "?" if counts["total"] is None else f"{counts['total']:,}"


def _line(what: str, state: str | None, told: str, error: Any, job: str | None = None) -> "Text":
    from rich.text import Text

    wrong = "" if error is None else f"{error['type']}: {error['message']}"
    parts = [
        (what, "bold"),
        (state or "not yet", out.STYLES.get(state or "", "dim")),
        (job or "", "dim"),
        (told, ""),
        (wrong, "red"),
    ]
    line = Text(no_wrap=True, overflow="ellipsis")
    for text, style in parts:
        if text:
            line.append(("" if not line.plain else "  ") + safe(text), style)
    return line
