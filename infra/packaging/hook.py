"""Chalice's own packager, made to finish what it makes: so `chalice deploy` and `chalice package` ship the same as `make package` judges.

- It fetches what the lock names and no more: the lock is whole but for what Lambda's runtime brings (`lock`), and pip, left to itself,
  wants that too. Whether a package has all that it needs is looked at here instead.
- Its zip is finished (`finish`).

Chalice 1.34 has no hook for either, so this patches methods of classes that are not documented; pinned with chalice in
requirements-dev.in and held by tests/infra/test_package.py.
"""

from pathlib import Path
from typing import Any

from chalice.deploy.packager import LambdaDeploymentPackager, PipRunner

from infra.packaging import needs
from infra.packaging.bundle import Target
from infra.packaging.finish import finish

NO_DEPENDENCIES = "--no-deps"

_create = LambdaDeploymentPackager.create_deployment_package
_execute = PipRunner._execute  # noqa: SLF001 - there is no other way in


def create_deployment_package(self: Any, project_dir: str, python_version: str) -> str:
    """The path of the finished zip. Raises needs.NotWhole, for a zip that Chalice made earlier too."""
    path = _create(self, project_dir, python_version)
    finish(Path(path))
    needs.check(Path(path), Target(python_version, self._architecture))
    return path


def execute(self: Any, command: str, args: list[str], **more: Any) -> tuple[int, bytes, bytes]:
    """pip, as Chalice calls it. All its downloads but the first say by themselves that dependencies are to be left alone."""
    if command == "download" and NO_DEPENDENCIES not in args:
        args = [NO_DEPENDENCIES, *args]
    return _execute(self, command, args, **more)


def install() -> None:
    """Teach Chalice, in this process. Once or many times is the same."""
    LambdaDeploymentPackager.create_deployment_package = create_deployment_package  # type: ignore[method-assign] # no other way in
    PipRunner._execute = execute  # type: ignore[assignment, method-assign] # noqa: SLF001 - no other way in
