"""Holds what the jobs say against the world: files on the disk, pages on the site, letters in the mailbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from examples.demo.mailbox import Mailbox
from examples.demo.order import Order
from examples.demo.plan import MAIL, PAGES, SHEET, SUMMARIES, THUMBNAILS
from examples.demo.site import Site


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One thing that was looked at; `wrong` names what did not hold."""

    claim: str
    wrong: Sequence[str]


Pairs = Sequence[tuple[Order, Mapping[str, Any]]]  # each order with its job's document


def prove(pairs: Pairs, site: Site, mailbox: Mailbox) -> list[Proof]:
    """All that can be checked from outside about the jobs that succeeded."""
    done = [(order, job) for order, job in pairs if job["state"] == "SUCCEEDED"]
    proofs = [
        _files(done, THUMBNAILS, "are on the disk, with the bytes that their jobs report"),
        _files(done, SUMMARIES, "are on the disk"),
        _pages(done, site),
        _files(done, SHEET, "is on the disk, with the bytes that its job reports"),
        _letters(done, mailbox),
    ]
    return [proof for proof in proofs if proof.wrong or not proof.claim.startswith("0 ")]


def _of(done: Pairs, kind: str) -> Pairs:
    return [(order, job) for order, job in done if order.kind == kind]


def _files(done: Pairs, kind: str, words: str) -> Proof:
    of_kind = _of(done, kind)
    wrong = []
    for order, job in of_kind:
        target = Path(order.args["target"])
        # A summary's job reports the bytes of the table; its own file need only be there and not be empty.
        expected = None if kind == SUMMARIES else job["result"]["bytes"]
        size = target.stat().st_size if target.is_file() else 0
        if size == 0 or (expected is not None and size != expected):
            wrong.append(f"{target}: {size} bytes instead of {expected or 'some'}")
    return Proof(claim=f"{len(of_kind)} {kind} {words}", wrong=wrong)


def _pages(done: Pairs, site: Site) -> Proof:
    of_kind = _of(done, PAGES)
    wrong = []
    for order, job in of_kind:
        page = site.pages[order.about]
        page = site.pages[page.moved_to] if page.moved_to else page
        if job["result"]["sha256"] != sha256(page.body()).hexdigest():
            wrong.append(f"{order.about}: what was fetched is not what was served")
    return Proof(claim=f"{len(of_kind)} fetched pages have the SHA-256 of what the site serves", wrong=wrong)


def _letters(done: Pairs, mailbox: Mailbox) -> Proof:
    ids = [job["result"]["message_id"] for _, job in _of(done, MAIL)]
    wrong = [f"{message_id} is not in the mailbox" for message_id in ids if message_id not in mailbox.letters]
    wrong += [
        f"{message_id} is in the mailbox, but no job reports it"
        for message_id in mailbox.letters
        if message_id not in ids
    ]
    return Proof(claim=f"{len(ids)} letter is in the mailbox, once", wrong=wrong)
