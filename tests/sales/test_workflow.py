"""The report's workflow, whole, on the twins of table and queues, in virtual time; the mailbox is a real one on the loopback."""

from collections.abc import Iterator
from dataclasses import asdict
from email.message import EmailMessage

import pytest

from examples.demo.mailbox import HOST, Mailbox
from examples.sales import sample, tasks
from examples.sales.chart import svg
from examples.sales.command import wrong_report
from examples.sales.pieces import HEADER, cut, lines
from examples.sales.sums import add_up, merged
from examples.sales.tasks import Written, add_up_piece, mail_sales, merge_sums, report_sales
from jobline.testing import effect

TO = "manager@sales.example"


@pytest.fixture
def mailbox(tmp_path, monkeypatch) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail") as running:
        monkeypatch.setenv("SALES_SMTP_HOST", HOST)
        monkeypatch.setenv("SALES_SMTP_PORT", str(running.port))
        yield running


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "sales.csv"
    sample.write(path, rows=11_000, seed=5)
    return path


def test_the_report_has_the_figures_of_a_plain_sum_and_one_letter_brings_it(
    jobline, mailbox, source, tmp_path
):
    job = report_sales.delay(str(source), str(tmp_path / "out"), TO)
    jobline.run_until_quiet()

    found = job.result(timeout=0)
    plain = merged([add_up(lines(cut(source, 1)[0]))])
    assert wrong_report(found, plain, mailbox) == []
    assert found["sums"]["broken"] == 2
    assert len(jobline.jobs(add_up_piece)) == 8
    assert add_up_piece.kind == "process"
    assert (tmp_path / "out" / "sales.txt").read_text().startswith("10,998 sales in 12 months came to ")
    # the mail server put the stranger off, so the letter needed two attempts
    assert [one.attempts for one in jobline.jobs(mail_sales)] == [2]


def test_whatever_is_wrong_with_a_report_is_told(jobline, mailbox, source, tmp_path):
    job = report_sales.delay(str(source), str(tmp_path / "out"), TO, most=2)
    jobline.run_until_quiet()
    found, plain = job.result(timeout=0), merged([add_up(lines(cut(source, 1)[0]))])

    plain.add("2025-01", "north", "chair", 1, 1)
    assert len(wrong_report(found, plain, mailbox)) == 2
    assert len(wrong_report({**asdict(plain), **found, "message_id": "<other>"}, plain, mailbox)) == 2


def test_a_letter_that_is_sent_again_is_the_same_letter(jobline, mailbox, source, tmp_path):
    report_sales.delay(str(source), str(tmp_path / "out"), TO)
    jobline.run_until_quiet()

    jobline.deliver_again()
    jobline.run_until_quiet()

    assert len(mailbox.letters) == 1
    assert len(jobline.jobs(mail_sales)) == len(jobline.jobs(merge_sums)) == 1


def test_a_table_without_rows_is_reported_too(jobline, mailbox, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text(HEADER + "\n")
    job = report_sales.delay(str(empty), str(tmp_path / "out"), TO)
    jobline.run_until_quiet()
    assert job.result(timeout=0)["sums"]["rows"] == 0
    assert len(mailbox.letters) == 1


def test_a_table_that_is_none_ends_the_report_at_once_and_says_why(jobline, mailbox, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    job = report_sales.delay(str(other), str(tmp_path / "out"), TO)
    jobline.run_until_quiet()
    assert job.state == "DEAD"
    assert "WrongTable: other.csv does not begin with" in job.job.error.message
    assert mailbox.letters == {}


class Post:
    """A mail server, for as long as a test lasts: what it took stays taken, whoever dies."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    @effect
    def deliver(self, mail: EmailMessage, _host: str, _port: int) -> None:
        self.letters.append(str(mail["Message-ID"]))


def test_however_often_its_sender_is_killed_the_letter_is_one_and_the_same(
    crash_every_point, monkeypatch, tmp_path
):
    found = add_up(["2025-01-01,north,chair,1,10.00"])
    (tmp_path / "sales.svg").write_text(svg(found))
    written = [asdict(Written(path=str(tmp_path / name), sums=found)) for name in ("sales.svg", "sales.txt")]
    monkeypatch.setenv("SALES_SMTP_HOST", HOST)
    monkeypatch.setenv("SALES_SMTP_PORT", "25")

    def fresh() -> Post:
        post = Post()
        monkeypatch.setattr(tasks, "deliver", post.deliver)
        return post

    def one_letter(run) -> None:
        assert len(set(run.world.letters)) == 1

    crash_every_point(mail_sales, {"written": written, "to": TO}, setup=fresh, invariant=one_letter)
