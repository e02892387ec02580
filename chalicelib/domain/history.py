"""What a long job's history keeps: a job that goes on a thousand times must not grow its row a thousand times."""

from itertools import pairwise

from chalicelib.domain.job import Entry

CONTINUED = "continued"
"""The note of a `requeued` entry by which a job went on from its checkpoint."""

KEYLESS = "without its key"
"""The note of a `requeued` entry by which a job waits for the key of what is sealed."""

OTHER_ARGUMENTS = "with other arguments"
"""How the note of a `redriven` entry begins whose life has other arguments than the one before."""

PARTS_KEPT = 1
"""How many of the newest parts stay, beside the first of each life and the one that ends: each takes 100 bytes of a row."""


def without_middle_parts(history: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The history without the parts that only went on: a claim and its `continued`, side by side.

    The first such part of each life stays, since it says when the job began, and so do the newest. So does everything else, losses and
    failures too: those use up attempts, which are few.
    """
    parts = [at for at in range(1, len(history)) if _is_part(history[at - 1], history[at])]
    lives = [at for at, entry in enumerate(history) if entry.event == "redriven"]
    first = {next((at for at in parts if at > life), None) for life in (-1, *lives)}
    dropped = {at for at in parts[: max(0, len(parts) - PARTS_KEPT)] if at not in first}
    return tuple(entry for at, entry in enumerate(history) if at not in dropped and at + 1 not in dropped)


def without_middle_waits(history: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """A workflow's history without the waits in the middle: back from one step's end, and waiting for the next one's.

    What goes is `joined`, `claimed`, `waited`, side by side; the newest stays, and the first, which is no such three.
    """
    threes = [
        at
        for at in range(2, len(history))
        if tuple(entry.event for entry in history[at - 2 : at + 1]) == ("joined", "claimed", "waited")
    ]
    dropped = {at - back for at in threes[:-1] for back in range(3)}
    return tuple(entry for at, entry in enumerate(history) if at not in dropped)


def with_all_lives(history: tuple[Entry, ...], newest: int) -> tuple[Entry, ...]:
    """The newest lives, up to so many entries; of older ones their beginning, their first claim and their end.

    A workflow finds what has succeeded by the lives in which it did.
    """
    begun = [0, *(at for at, entry in enumerate(history) if at and entry.event == "redriven")]
    whole = next((at for at in begun if len(history) - at <= newest), begun[-1])
    kept: list[Entry] = []
    for at, end in pairwise((*begun, len(history))):
        life = history[at:end]
        if at < whole:
            claim = next((n for n, entry in enumerate(life) if entry.event in _CLAIMS), 0)
            life = tuple(
                life[n]
                for n in sorted({0, claim, len(life) - 1})
                if n >= claim or life[n].event == "redriven"
            )
        kept += life
    return tuple(kept)


_CLAIMS = frozenset({"claimed", "reclaimed"})


def _is_part(claim: Entry, end: Entry) -> bool:
    return (
        claim.event == "claimed"
        and end.event == "requeued"
        and end.note == CONTINUED
        and claim.epoch == end.epoch
    )
