"""What people and programs get to see of an examination."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobline.doctor.finding import Finding, Fix, Result

STYLES = {Result.OK: "green", Result.UNKNOWN: "cyan", Result.WARN: "yellow", Result.FAIL: "bold red"}


def show(findings: Sequence[Finding], stage: str, out: Console) -> None:
    """A line a check; then, of all that does not hold, why it matters and how to mend it."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        found = finding.short if finding.result is Result.OK else finding.found
        table.add_row(Text(finding.result, STYLES[finding.result]), Text(finding.check.name), Text(found))
    out.print(table)
    for finding in findings:
        if finding.result in (Result.WARN, Result.FAIL):
            out.print(Text.assemble("\n", (finding.check.name, STYLES[finding.result]), ": ", finding.found))
            out.print(Text(f"  why   {finding.check.why}"))
            out.print(Text(f"  mend  {mend(finding, stage)}"))
    out.print(Text(f"\n{tally(findings)}"))


def mend(finding: Finding, stage: str) -> str:
    """How to mend it, for this stage."""
    told = finding.check.mend.replace("STAGE", stage)
    return f"{told} (--fix does it)" if finding.fixes else told


def tally(findings: Sequence[Finding]) -> str:
    """`30 OK, 1 FAIL`"""
    counts = {result: sum(finding.result is result for finding in findings) for result in Result}
    return ", ".join(f"{count} {result}" for result, count in counts.items() if count)


def document(
    findings: Sequence[Finding], *, stage: str, fixed: Sequence[Fix], **where: str
) -> dict[str, Any]:
    """The same as one JSON document."""
    return {
        "stage": stage,
        **where,
        "checks": [
            {
                "name": finding.check.name,
                "result": finding.result.value,
                "found": finding.found,
                "why": finding.check.why,
                "mend": mend(finding, stage),
                "fixes": [fix.what for fix in finding.fixes],
            }
            for finding in findings
        ],
        "fixed": [fix.what for fix in fixed],
    }
