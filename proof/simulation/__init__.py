"""Deterministic simulation: the real verbs on the in-memory twins, every call a place where the world may go wrong.

`python -m proof.simulation --seed N` replays one history, `--minutes 1` runs as many as fit.
"""
