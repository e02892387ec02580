"""A job for each line of a file: all lines are read before the first is sent, so that a mistake in the last one submits nothing."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

import click

from jobline.cli import out
from jobline.cli.exits import FAILED, THROTTLED, UNREACHABLE, Failure
from jobline.cli.talk import Talk
from jobline.cli.text import count
from jobline.cli.watching import bar
from jobline.client.errors import ApiError, Throttled, Unreachable
from jobline.client.job import NewJob
from jobline.client.synchronous import Handle

TOLD = 20
"""Refused lines that are told one by one."""

IN_MEMORY = 16_000_000  # bytes of standard input; more goes to a file


def submit_lines(talk: Talk, like: NewJob, source: IO[bytes]) -> None:
    """Submit them. Ends the command with a status of its own when a line was refused."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as lines:
        shutil.copyfileobj(source, lines)
        total = sum(1 for _ in _jobs(lines, like))
        accepted, refused, number = 0, [], 0
        with bar(out.console(stderr=True)) as shown:
            row = shown.add_task("submitting", total=total, note="")
            try:
                pairs = zip(_numbers(lines), talk.client.submit_many(_jobs(lines, like)), strict=False)
                for number, answer in pairs:
                    accepted += isinstance(answer, Handle)
                    if isinstance(answer, Exception):
                        refused.append((number, answer))
                    _tell(talk, number, answer)
                    shown.advance(row)
            except Unreachable as error:
                again = "" if like.key else ", from the next line on"
                told = f"after line {number} nobody answered: {accepted:,} of {total:,} accepted ({error})"
                raise Failure(
                    told, status=UNREACHABLE, then=f"Submit it again{again}; with --key that is safe."
                ) from error
    out.say(f"{count(accepted, 'job')} accepted, {len(refused):,} refused", stderr=True)
    if refused:
        raise _refusal(refused)


def _jobs(lines: IO[bytes], like: NewJob) -> Iterator[NewJob]:
    """The jobs. Raises UsageError that names the first line that is none."""
    for number, text in _lines(lines):
        try:
            args = json.loads(text)
        except ValueError as error:
            raise click.UsageError(f"line {number} is not JSON: {error}") from error
        if not isinstance(args, dict):
            raise click.UsageError(f'line {number} is not a JSON object, as in {{"name": "value"}}')
        key = None if like.key is None else f"{like.key}-{number}"
        yield replace(like, args={**like.args, **args}, key=key)


def _lines(lines: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Those that are not empty, with their numbers. Each reader has its own place."""
    place, number = 0, 0
    while True:
        lines.seek(place)
        text = lines.readline()
        place = lines.tell()
        if not text:
            return
        number += 1
        if text.strip():
            yield number, text


def _numbers(lines: IO[bytes]) -> Iterator[int]:
    return (number for number, _ in _lines(lines))


def _tell(talk: Talk, number: int, answer: Handle[Any] | ApiError) -> None:
    if talk.as_json:
        out.print_json_line({"line": number, **_document(answer)})
    elif isinstance(answer, Handle) and not out.console().is_terminal:
        out.say(answer.id)


def _document(answer: Handle[Any] | ApiError) -> dict[str, Any]:
    if isinstance(answer, Handle):
        return {"id": answer.id, "state": answer.job.state}
    return {"error": str(answer)}


def _refusal(refused: list[tuple[int, ApiError]]) -> Failure:
    told = "\n".join(f"  line {number}: {error}" for number, error in refused[:TOLD])
    more = "" if len(refused) <= TOLD else f"\n  and {len(refused) - TOLD:,} more"
    all_throttled = all(isinstance(error, Throttled) for _, error in refused)
    return Failure(
        f"{count(len(refused), 'line')} refused:\n{told}{more}",
        status=THROTTLED if all_throttled else FAILED,
        then="With --key the whole file may be submitted again: what was accepted is not made twice.",
    )
