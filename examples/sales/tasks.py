"""The report's tasks, and the workflow that they make together.

    report_sales ─▶ cut_table ─▶ add_up_piece for each piece, in child processes ─▶ merge_sums ─▶ draw_chart and write_table ─▶ mail_sales

Paths are arguments here because one machine runs everything; on AWS they would be keys of a bucket.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from chalicelib import Backoff, Flow, chain, current_job, group, task
from examples.demo.work.files import put
from examples.demo.work.letters import MailRefused, deliver
from examples.sales import chart, pieces, report, sums
from examples.sales.pieces import Piece, WrongTable
from examples.sales.sums import Sums

# A person is watching: wait a second between attempts, not minutes.
SOON = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=2))


@dataclass(frozen=True, kw_only=True)
class Written:
    """A file that was written, of these sums."""

    path: str
    sums: Sums


@dataclass(frozen=True, kw_only=True)
class Mailed:
    """The end of it all."""

    message_id: str
    chart: str
    table: str
    sums: Sums


@task
def report_sales(source: str, folder: str, to: str, most: int = 8) -> Flow:
    """Add up the table `source` in up to `most` pieces, write chart and table into `folder`, mail them. Submit it as any job."""
    return chain(
        cut_table.s(source, most),
        add_up_piece.map(),
        merge_sums.s(),
        group(draw_chart.s(f"{folder}/sales.svg"), write_table.s(f"{folder}/sales.txt")),
        mail_sales.s(to),
    )


@task(give_up_on=(WrongTable, FileNotFoundError), backoff=SOON)
def cut_table(source: str, most: int) -> list[Piece]:
    """Where the pieces begin and end."""
    return pieces.cut(Path(source), most)


@task(cpu=True, give_up_on=(WrongTable, FileNotFoundError), backoff=SOON, time_limit=timedelta(minutes=1))
def add_up_piece(piece: Piece) -> Sums:
    """Add up one piece; in a child process, so that as many go on at once as there are cores."""
    return sums.add_up(pieces.lines(piece))


@task
def merge_sums(parts: list[Sums]) -> Sums:
    """All pieces together."""
    return sums.merged(parts)


@task(backoff=SOON)
def draw_chart(found: Sums, path: str) -> Written:
    """Draw it."""
    put(Path(path), chart.svg(found).encode())
    return Written(path=path, sums=found)


@task(backoff=SOON)
def write_table(found: Sums, path: str) -> Written:
    """Write it in columns."""
    put(Path(path), report.text(found).encode())
    return Written(path=path, sums=found)


@task(lane="high", give_up_on=(MailRefused, FileNotFoundError), backoff=SOON)
def mail_sales(written: tuple[Written, Written], to: str) -> Mailed:
    """Mail what was drawn and written. The SMTP server is named by the environment."""
    drawn, table = written
    message_id = f"<{current_job().id}@sales.example>"
    mail = report.letter(to, table.sums, Path(drawn.path), message_id)
    deliver(mail, os.environ["SALES_SMTP_HOST"], int(os.environ["SALES_SMTP_PORT"]))
    return Mailed(message_id=message_id, chart=drawn.path, table=table.path, sums=table.sums)
