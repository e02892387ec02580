"""Exhaustive crash points: the real adapters on moto, and at every call to AWS each fault that could happen there.

`python -m proof.crashes --minutes 5 --processes 2` tries all plans of one fault, then pairs; `--plan "..."` replays one.
"""
