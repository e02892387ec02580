"""Tables of Markdown."""

from collections.abc import Iterable


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The rows, with what would end a cell taken care of; empty without rows."""
    lines = [_row(row) for row in rows]
    if not lines:
        return ""
    titles = list(heads)
    return "\n".join([_row(titles), "|" + "---|" * len(titles), *lines])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def code(text: str) -> str:
    """The text as code; nothing for an empty one."""
    return f"`{text}`" if text else ""
