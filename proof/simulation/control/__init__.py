"""Worlds in which jobs wait for each other: limits, lines, locks, schedules, long jobs. Seeds from `FIRST` on are such worlds.

Each feature has a room: what it promises, in the proof's own words, judged at every start and every write.
"""

FIRST = 10_000_000
"""Seeds below mean what they always meant."""
