"""Mail: a multipart letter with the outcome, handed to an SMTP server in a real conversation."""

import json
import smtplib
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

SENDER = "jobline@demo.example"
COLUMNS = ("kind", "submitted", "succeeded", "retried", "dead", "p50", "p95", "max")


class MailDeferred(Exception):
    """The server said "not now" (4xx): the letter has not been taken, another attempt may deliver it."""


class MailRefused(Exception):
    """The server said "never" (5xx)."""


def letter(
    to: str, subject: str, outcome: Mapping[str, Any], sheet: Path | None, message_id: str
) -> EmailMessage:
    """The outcome as text and as HTML, with the contact sheet attached if there is one.

    `message_id` follows from the job: should the job run twice, the second letter is recognised as the first.
    """
    rows = [[_cell(row[column]) for column in COLUMNS] for row in outcome["kinds"]]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = SENDER, to, subject, message_id
    mail.set_content(f"{outcome['sentence']}\n\n{_as_text(rows)}\n")
    mail.add_alternative(f"<p>{escape(outcome['sentence'])}</p>{_as_html(rows)}", subtype="html")
    if sheet is not None:
        mail.add_attachment(sheet.read_bytes(), maintype="image", subtype="jpeg", filename=sheet.name)
    return mail


def deliver(mail: EmailMessage, host: str, port: int) -> None:
    """Hand the letter over. Raises `MailDeferred`, `MailRefused`, or OSError when nobody answers."""
    try:
        with smtplib.SMTP(host, port, timeout=20) as server:
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _verdict(code, words) from error
    except smtplib.SMTPResponseException as error:
        raise _verdict(error.smtp_code, error.smtp_error) from error


def read_outcome(report: Path) -> Mapping[str, Any]:
    """What the run wrote down for the letter: a sentence, and a row of figures for each kind of work."""
    outcome: Mapping[str, Any] = json.loads(report.read_text())
    return outcome


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.2f} s" if isinstance(value, float) else str(value)


def _verdict(code: int, words: bytes | str) -> Exception:
    said = (
        f"the mail server said {code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
    )
    return MailDeferred(said) if 400 <= code < 500 else MailRefused(said)


def _as_text(rows: Sequence[Sequence[str]]) -> str:
    table = [COLUMNS, *rows]
    widths = [max(len(row[n]) for row in table) for n in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table
    )


def _as_html(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th align=left>{escape(column)}</th>" for column in COLUMNS)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table cellpadding=6><tr>{head}</tr>{body}</table>"
