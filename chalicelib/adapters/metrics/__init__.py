"""Metrics: CloudWatch's embedded format, printed. CloudWatch reads them from the log: no call, no write unit, nothing to wait for."""

from chalicelib.adapters.metrics.emf import EmfMetrics

__all__ = ["EmfMetrics"]
