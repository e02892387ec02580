"""What the jobs of a stage came to, minute by minute: approximate, cheap, and never in a job's way. docs/stats.md

A container keeps a book of what its batches came to, and now and then writes it down as a part of the minute. The tick binds the parts
of a minute into one item, and the minutes of an hour into another. Whoever asks reads hours, minutes, and what is not yet bound.
"""
