"""Measuring: what a job costs in AWS calls and units."""
