"""Chance that repeats: everything in the demo that looks random follows from a seed."""

from random import Random


def dice(seed: int | str) -> Random:
    """A generator of its own for one picture, table or page, so that none depends on which others were made."""
    return Random(seed)
