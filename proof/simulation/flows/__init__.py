"""Worlds of workflows: chains, groups, chords and maps, within each other, cancelled and retried. Seeds from `FIRST` on are such worlds."""

FIRST = 20_000_000
"""Seeds below mean what they always meant."""
