import json
from email.message import EmailMessage
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from examples.demo.expectation import dies_of
from examples.demo.figures import row
from examples.demo.mailbox import Mailbox
from examples.demo.order import Order
from examples.demo.page import html
from examples.demo.plan import MAIL, PAGES, SUMMARIES, THUMBNAILS, Places
from examples.demo.proof import Proof, prove
from examples.demo.report import Report, lines, rows, summed_up
from examples.demo.site import Site, WebPage
from examples.demo.tables import print_report
from tests.demo.times import at


def _order(kind: str = THUMBNAILS, **facts) -> Order:
    return Order(**{"kind": kind, "task": "t", "args": {}, "about": "a.jpg", "key": "k", **facts})


@pytest.fixture
def pairs(job):
    history = [
        {"at": at(0), "event": "claimed", "note": ""},
        {"at": at(1), "event": "retry_scheduled", "note": "ServerTrouble"},
        {"at": at(1.5), "event": "claimed", "note": ""},
        {"at": at(2), "event": "succeeded", "note": ""},
    ]
    return [
        (_order(), job("SUCCEEDED", 1)),
        (_order(about="<b>.jpg", expect=dies_of("BrokenPicture")), job("DEAD", 2, error="BrokenPicture")),
        (_order(PAGES, about="/busy/1"), job("SUCCEEDED", 3, attempts=2, history=history)),
    ]


def _report(pairs, proofs=()) -> Report:
    told = lines(pairs)
    ok, sentence = summed_up(told, proofs)
    return Report(
        ok=ok,
        sentence=sentence,
        seconds=12.3,
        folder="/in",
        files="3 pictures",
        left_out=["7 more files"],
        kinds=rows(pairs),
        total=row("total", [job for _, job in pairs]),
        jobs=told,
        proofs=proofs,
        outputs={"report": "/out/report.html"},
    )


def _printed(report: Report) -> str:
    text = StringIO()
    print_report(Console(file=text, width=120), report)
    return text.getvalue()


def test_a_run_in_which_all_went_as_expected_is_well(pairs):
    report = _report(pairs, [Proof(claim="two files are there", wrong=[])])

    assert report.ok
    assert report.wrong == []
    assert "3 jobs: 2 succeeded, 1 died, 1 were retried. Each has exactly one outcome" in report.sentence


def test_one_unexpected_death_spoils_the_run_and_is_named(pairs, job):
    pairs.append((_order(about="c.jpg"), job("DEAD", 4, error="OSError")))

    report = _report(pairs)

    assert not report.ok
    assert len(report.wrong) == 1
    assert "c.jpg" in report.wrong[0]
    assert "it died: OSError" in report.wrong[0]


def test_one_claim_that_does_not_hold_spoils_the_run_and_is_named(pairs):
    report = _report(pairs, [Proof(claim="two files are there", wrong=["x.jpg is not"])])

    assert not report.ok
    assert report.wrong == ["two files are there: not so. x.jpg is not"]


def test_the_terminal_shows_the_dead_with_their_reason_and_the_retried_with_their_trouble(pairs):
    shown = _printed(_report(pairs, [Proof(claim="two files are there", wrong=[])]))

    for words in (
        "Dead, as it should be",
        "<b>.jpg: BrokenPicture: what BrokenPicture says",
        "ServerTrouble",
        "/out/report.html",
        "two files are there",
    ):
        assert words in shown
    assert shown.rstrip().endswith("(12.3 s)")


def test_the_terminal_says_what_went_wrong(pairs):
    assert "WRONG  c: not so. x" in _printed(_report(pairs, [Proof(claim="c", wrong=["x"])]))


def test_the_report_as_json_can_be_read_back(pairs):
    found = json.loads(json.dumps(_report(pairs).as_json(), allow_nan=False))

    assert found["ok"] is True
    assert [job["about"] for job in found["dead"]] == ["<b>.jpg"]
    assert [job["troubles"] for job in found["retried"]] == [["ServerTrouble"]]
    assert found["kinds"][0]["kind"] == THUMBNAILS


def test_the_page_escapes_what_comes_from_outside_and_links_the_thumbnails(pairs):
    places = Places(out=Path("/out"), run="r")

    page = html(_report(pairs), places, [Path("/out/thumbnails/a b.jpg")])

    assert "<b>.jpg" not in page
    assert "&lt;b&gt;.jpg" in page
    assert "src='thumbnails/a%20b.jpg'" in page
    assert page.count("<rect") == len(pairs) + 1 + 1 + 2  # a line each, and on it each attempt
    assert "7 more files" in page


def test_a_report_of_no_jobs_is_a_report(job):
    assert lines([]) == []
    assert html(_report([(_order(), job("QUEUED"))]), Places(out=Path("/out"), run="r"), [])


def test_what_jobs_say_is_held_against_the_world(job, tmp_path):
    (tmp_path / "good.jpg").write_bytes(b"12345")
    (tmp_path / "short.jpg").write_bytes(b"1")
    with Site([WebPage(path="/a")]) as site, Mailbox(tmp_path / "mail") as mailbox:
        mailbox.letters["<stray@x>"] = EmailMessage()
        pairs = [
            (_order(args={"target": str(tmp_path / "good.jpg")}), job(result={"bytes": 5})),
            (_order(args={"target": str(tmp_path / "short.jpg")}), job(result={"bytes": 5})),
            (_order(SUMMARIES, args={"target": str(tmp_path / "none.json")}), job(result={"bytes": 5})),
            (_order(PAGES, about="/a"), job(result={"sha256": "other"})),
            (_order(MAIL), job(result={"message_id": "<mine@x>"})),
            (_order(args={"target": "/nowhere"}), job("DEAD", error="E")),
        ]

        wrong = [what for proof in prove(pairs, site, mailbox) for what in proof.wrong]

    assert [what.rpartition("/")[2] for what in wrong] == [
        "short.jpg: 1 bytes instead of 5",
        "none.json: 0 bytes instead of some",
        "a: what was fetched is not what was served",
        "<mine@x> is not in the mailbox",
        "<stray@x> is in the mailbox, but no job reports it",
    ]
