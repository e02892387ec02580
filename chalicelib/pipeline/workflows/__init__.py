"""Workflows: jobs that wait for other jobs. docs/workflows.md"""
