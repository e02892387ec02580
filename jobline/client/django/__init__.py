"""Jobline as a backend of Django Tasks: `django.tasks` of Django 6, or its backport `django-tasks` for those before.

    TASKS = {"default": {"BACKEND": "jobline.client.django.JoblineBackend"}}
    JOBLINE_URL, JOBLINE_API_KEY = ...      # here, or in the environment

The functions run where Jobline runs them: see `chalicelib.django.serve`, and docs/django.md.
"""

from jobline.client.django.backend import JoblineBackend, close_clients
from jobline.client.django.wishes import enqueue_on_commit, under_key

__all__ = ["JoblineBackend", "close_clients", "enqueue_on_commit", "under_key"]
