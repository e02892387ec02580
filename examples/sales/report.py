"""The report: the sums as a table, and the letter that brings it, with the chart."""

from email.message import EmailMessage
from html import escape
from pathlib import Path

from examples.demo.work.letters import SENDER
from examples.sales.sums import Sums, money


def table(sums: Sums) -> list[list[str]]:
    """A row a month, a column a region, and the sums of both."""
    regions = sums.regions
    head = ["month", *regions, "all"]
    rows = [
        [month, *(money(by.get(region, 0)) for region in regions), money(sum(by.values()))]
        for month, by in sums.cents.items()
    ]
    last = [money(sum(by.get(region, 0) for by in sums.cents.values())) for region in regions]
    return [head, *rows, ["all", *last, money(sums.total)]]


def text(sums: Sums) -> str:
    """The report in words and columns."""
    rows = table(sums)
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    columns = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    units = ", ".join(f"{count:,} × {product}" for product, count in sums.units.items())
    broken = (
        [f"{sums.broken} rows could not be read, the first of them:", *sums.quoted] if sums.broken else []
    )
    return "\n".join([_sentence(sums), "", *columns, "", f"Sold: {units}", "", *broken]).rstrip() + "\n"


def letter(to: str, sums: Sums, chart: Path, message_id: str) -> EmailMessage:
    """The report as a mail, with the chart in it. `message_id` follows from the job: a letter that comes twice is known by it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = SENDER, to, message_id
    mail["Subject"] = f"Sales: {money(sums.total)} in {len(sums.cents)} months"
    mail.set_content(text(sums))
    rows = "".join(
        f"<tr>{''.join(f'<td align=right>{escape(cell)}</td>' for cell in row)}</tr>" for row in table(sums)
    )
    page = f'<p>{escape(_sentence(sums))}</p><p><img src="cid:chart@sales" alt="chart"></p><table cellpadding=4>{rows}</table>'
    mail.add_alternative(page, subtype="html")
    html = mail.get_payload(1)
    assert isinstance(html, EmailMessage)
    html.add_related(
        chart.read_bytes(), maintype="image", subtype="svg+xml", cid="<chart@sales>", filename=chart.name
    )
    return mail


def _sentence(sums: Sums) -> str:
    return f"{sums.rows:,} sales in {len(sums.cents)} months came to {money(sums.total)}."
