"""The fault matrix over all layers: which faults apply today, and which wait for parts that are not built yet."""

from collections.abc import Mapping

from proof.simulation import matrix

PENDING: Mapping[str, str] = matrix.PENDING
"""Each with the issue that brings the part. Who builds the part moves the line."""

TABLES: Mapping[str, str] = matrix.TABLES
"""Held by tests of their own."""

APPLIES: Mapping[str, str] = dict(sorted({**matrix.HERE, **matrix.ELSEWHERE}.items()))
"""Each of these must happen in every whole run, in some layer."""
