"""What people see of a deploy: tables of changes and findings, in colour on a terminal and plain elsewhere."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.changeset import Change
from infra.verify import Finding

COLOURS = {"add": "green", "import": "green", "modify": "yellow"}
MARKS = {True: ("ok", "green"), False: ("NO", "bold red"), None: ("?", "yellow")}


def changes_table(changes: Iterable[Change]) -> Table:
    """One row a resource; in red, and said in words, what endangers what people keep."""
    table = Table("change", "resource", "type", "what changes", box=None, pad_edge=False)
    for change in changes:
        effect = f"{change.effect}: LOSES DATA" if change.endangers else change.effect
        style = "bold red" if change.endangers else COLOURS.get(change.effect, "red")
        kind = change.type.removeprefix("AWS::")
        table.add_row(Text(effect, style), change.resource, kind, ", ".join(change.properties))
    return table


def finding_line(finding: Finding) -> Text:
    """`ok  jobline-dev-tick knows its stage`"""
    mark, style = MARKS[finding.ok]
    told = f" ({finding.found})" if finding.found else ""
    return Text.assemble((f"{mark:<3}", style), finding.what, told)


def console(*, stderr: bool = False) -> Console:
    """Wide enough for a table when nobody's terminal says how wide."""
    plain = Console(stderr=stderr, soft_wrap=True, highlight=False)
    if not plain.is_terminal:
        plain.width = 160
    return plain
