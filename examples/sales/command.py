"""The command line of the sales report: it makes the table, has it reported, and holds the figures against a plain sum. Exit status: 0 right, 1 not."""

import argparse
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from examples.demo.mailbox import HOST, Mailbox
from examples.demo.screen import Screen, shown
from examples.one_job import Ended, run_one
from examples.sales import sample
from examples.sales.pieces import cut, lines
from examples.sales.sums import Sums, add_up, merged, money
from examples.shell import in_order

OUT = Path("build/sales")
TO = "manager@sales.example"


def main(arguments: list[str] | None = None) -> int:
    """Report the sales; the exit status."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=options.json, highlight=False)
    return in_order(console, lambda: _run(options, Screen(console)))


def _run(options: argparse.Namespace, screen: Screen) -> int:
    out = options.out.expanduser().resolve()
    source = out / "sales.csv"
    size = sample.write(source, rows=options.rows, seed=options.seed)
    screen.note("table", f"{shown(source)}: {options.rows:,} rows, {size:,} bytes, by seed {options.seed}")
    with Mailbox(out / "mail") as mailbox:
        screen.note("mailbox", f"smtp://{HOST}:{mailbox.port}: puts strangers off at first")
        os.environ.update(SALES_SMTP_HOST=HOST, SALES_SMTP_PORT=str(mailbox.port))
        ended = run_one(
            "report_sales",
            {"source": str(source), "folder": str(out), "to": TO, "most": options.pieces},
            tasks="examples.sales.tasks",
            screen=screen,
            logs=out / "logs",
            seconds=options.time_limit,
        )
        if ended.job.state != "SUCCEEDED":
            wrong = [f"the report is {ended.job.state}: {ended.job.error}"]
        else:
            wrong = wrong_report(ended.job.result, plainly(source, screen), mailbox)
    return _tell(ended, wrong, out, screen, as_json=options.json)


def plainly(source: Path, screen: Screen) -> Sums:
    """The same sums by one process that reads from the first line to the last."""
    began = time.monotonic()
    found = merged([add_up(lines(cut(source, 1)[0]))])
    screen.note("plain sum", f"in one process in {time.monotonic() - began:.1f} s: {money(found.total)}")
    return found


def wrong_report(result: Mapping[str, Any], plain: Sums, mailbox: Mailbox) -> list[str]:
    """What is not as it should be; nothing, if the figures and the letter are right."""
    wrong = []
    if result["sums"] != asdict(plain):
        wrong.append(f"the workflow's sums are {result['sums']}, and those of one process {asdict(plain)}")
    letter = mailbox.letters.get(result["message_id"])
    if list(mailbox.letters) != [result["message_id"]] or letter is None:
        wrong.append(f"in the mailbox are {list(mailbox.letters)}, not the one letter {result['message_id']}")
    elif money(plain.total) not in str(letter["Subject"]):
        wrong.append(f"the letter says {letter['Subject']!r}, and the sum is {money(plain.total)}")
    elif Path(result["chart"]).read_bytes() not in [part.get_payload(decode=True) for part in letter.walk()]:
        wrong.append("the chart is not in the letter")
    return wrong


def _tell(ended: Ended, wrong: list[str], out: Path, screen: Screen, *, as_json: bool) -> int:
    screen.note("jobs", f"{ended.count}, workflows among them, in {ended.seconds:.1f} s")
    if ended.job.state == "SUCCEEDED":
        found = ended.job.result["sums"]
        screen.note("report", f"{found['rows']:,} sales, {found['broken']} rows that cannot be read")
        for name in ("chart", "table"):
            screen.note(name, shown(Path(ended.job.result[name])))
        screen.note("mail", shown(out / "mail"))
    for words in wrong:
        screen.note("WRONG", words, style="bold red")
    if not wrong:
        screen.note(
            "right", "the figures are those of a plain sum, and one letter brought them", style="bold green"
        )
    if as_json:
        print(json.dumps({"result": ended.job.result, "jobs": ended.jobs, "wrong": wrong}, indent=1))
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.sales",
        description="Add up a large table in child processes, draw and mail the report, by a workflow on the local stack.",
    )
    parser.add_argument(
        "--rows", type=int, default=200_000, metavar="N", help="of the table (default: 200000)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="what the table is made from (default: 1)"
    )
    parser.add_argument(
        "--pieces", type=int, default=8, metavar="N", help="to cut it into, at most (default: 8)"
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, metavar="DIR", help=f"where to put everything (default: {OUT})"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON to standard output")
    parser.add_argument(
        "--time-limit",
        type=float,
        default=120,
        metavar="SECONDS",
        help="give up after so long (default: 120)",
    )
    return parser
