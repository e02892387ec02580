import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from examples.demo.mailbox import HOST, Mailbox
from examples.demo.tasks import send_report
from examples.demo.work.letters import MailDeferred, MailRefused, deliver, letter

OUTCOME = {
    "sentence": "3 jobs: 2 succeeded, 1 died & all is <well>",
    "kinds": [
        {
            "kind": "thumbnails",
            "submitted": 3,
            "succeeded": 2,
            "retried": 0,
            "dead": 1,
            "p50": 1.234,
            "p95": None,
            "max": 2.0,
        }
    ],
}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail") as running:
        yield running


def _letter(sheet: Path | None = None) -> EmailMessage:
    return letter("reader@demo.example", "The outcome", OUTCOME, sheet, "<job-1@demo.example>")


def test_the_letter_says_it_in_text_in_html_and_with_the_sheet(tmp_path):
    (tmp_path / "sheet.jpg").write_bytes(b"\xff\xd8 a picture")

    mail = _letter(tmp_path / "sheet.jpg")

    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "thumbnails  3          2          0        1     1.23 s       2.00 s" in text.get_content()
    assert "1 died &amp; all is &lt;well&gt;" in html.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["sheet.jpg"]


def test_a_stranger_is_put_off_once_and_then_believed(mailbox, tmp_path):
    # given a mailbox that has never heard of the sender; when it is asked twice
    with pytest.raises(MailDeferred, match=r"451 .*greylisted"):
        deliver(_letter(), HOST, mailbox.port)
    deliver(_letter(), HOST, mailbox.port)

    # then the letter is there, as a file too
    assert [str(mail["Subject"]) for mail in mailbox.letters.values()] == ["The outcome"]
    (file,) = (tmp_path / "mail").iterdir()
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["To"] == "reader@demo.example"


def test_a_letter_that_comes_twice_is_kept_once(tmp_path):
    with Mailbox(tmp_path, greylisting=False) as mailbox:
        for _ in range(2):
            deliver(_letter(), HOST, mailbox.port)

        assert (mailbox.deliveries, len(mailbox.letters)) == (2, 1)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_final_no_is_given_up_at_once_and_a_missing_server_is_not(mailbox):
    mail = _letter()
    del mail["To"]
    mail["To"] = "x" * 5000 + "@demo.example"  # longer than a command may be: 500

    with pytest.raises(MailRefused) as refused:
        deliver(mail, HOST, mailbox.port)

    assert not send_report.retry.worth_another(refused.value)
    assert send_report.retry.worth_another(MailDeferred("451"))
    assert send_report.retry.worth_another(ConnectionRefusedError())


def test_the_task_mails_what_the_run_wrote_down(mailbox, line, tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_SMTP_HOST", HOST)
    monkeypatch.setenv("DEMO_SMTP_PORT", str(mailbox.port))
    (tmp_path / "outcome.json").write_text(json.dumps(OUTCOME))
    with pytest.raises(MailDeferred):
        send_report("reader@demo.example", "Done", str(tmp_path / "outcome.json"))

    sent = send_report("reader@demo.example", "Done", str(tmp_path / "outcome.json"))

    # the same job, the same letter: another run of it would be recognised
    assert sent["message_id"] == "<01JDEMO@demo.example>"
    assert list(mailbox.letters) == ["<01JDEMO@demo.example>"]
