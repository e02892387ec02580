"""Things broken on purpose in the checkout, one at a time: whoever doubts the checks sees each of them found."""

from collections.abc import Callable, Mapping
from pathlib import Path

from e2e.project import ERRANDS, replace


def _partial(checkout: Path) -> None:
    replace(
        checkout / "infra" / "chalice_ext.py",
        'PARTIAL = ["ReportBatchItemFailures"]',
        "PARTIAL: list[str] = []",
    )


def _grant(checkout: Path) -> None:
    replace(checkout / "infra" / "policies.py", '["s3:GetObject", "s3:PutObject"]', '["s3:GetObject"]')


def _sweep(checkout: Path) -> None:
    replace(
        checkout / "chalicelib" / "pipeline" / "sweep.py",
        "_appoint(listed.rows, until, parts)",
        "_appoint([], until, parts)",
    )


def _result(checkout: Path) -> None:
    replace(checkout / ERRANDS, "    return text\n", "    return text[:1]\n")


BREAKS: Mapping[str, Callable[[Path], None]] = {
    "partial": _partial,
    "grant": _grant,
    "sweep": _sweep,
    "result": _result,
}
"""partial: mappings do not report failed records. grant: nobody may store a payload. sweep: it passes over what is unfinished. result: a task
answers wrongly."""
