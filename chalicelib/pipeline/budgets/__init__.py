"""Budgets: so many dollars a day or a month for a tenant, a task or the whole stage. What is spent is told, and may stop submissions. docs/budgets.md

The tick adds up what statistics say; requests only look at what their process knows of tenants anyway. So a budget costs no job anything.
"""
