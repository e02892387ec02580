"""Holding a job's history against the law's table, and against what the log tells. docs/verify.md"""
