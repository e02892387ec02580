"""The example's project, where its tasks run."""

from tests.support.django_project import database, tables

__all__ = ["database", "tables"]
