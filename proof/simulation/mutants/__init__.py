"""Broken variants of the pipeline, by theme: a proof that would not notice them would prove nothing.

One of them, the control, breaks nothing: acknowledging early is harmless while the sweep holds every job.
"""

from proof.simulation.mutants import (
    alike,
    fence,
    flow,
    flows,
    keys,
    newer,
    operators,
    outbox,
    parts,
    plans,
    stored,
    sweeps,
    tenants,
    visits,
)
from proof.simulation.mutants.registry import MUTANTS, Mutant, applied

THEMES = (
    fence,
    operators,
    sweeps,
    visits,
    keys,
    outbox,
    stored,
    tenants,
    newer,
    alike,
    flow,
    flows,
    parts,
    plans,
)
"""Each declares its mutants when it is imported."""

__all__ = ["MUTANTS", "THEMES", "Mutant", "applied"]
