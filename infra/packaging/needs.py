"""What libraries need: which of it Lambda's runtime brings, and so is not locked; and whether a package has all the rest.

Chalice is told to fetch what is in the lock and not to follow it (`hook`), as the lock leaves botocore out. So nobody else would miss
what is missing.
"""

import os
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from email.parser import BytesParser
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.packaging.bundle import Target

RUNTIME: Mapping[str, AbstractSet[str]] = {"aws-xray-sdk": {"botocore"}}
"""Library to what Lambda's runtime brings for it. A line here is a promise that any version does. Who else needs the same gets it shipped."""

TOKEN_READERS = frozenset({"pyjwt", "cryptography"})
"""What a stage that believes bearer tokens ships besides (JOBLINE_JWT_ISSUER). No library of ours says that it needs them."""


class NotWhole(Exception):
    """Libraries in a package that need what is not in it; a sentence each."""


def check(package: Path, target: Target, environment: Mapping[str, str] = os.environ) -> None:
    """Look at what the libraries in a zip say of themselves, and at what the stage's settings need. Raises NotWhole."""
    with ZipFile(package) as archive:
        told = [archive.read(name) for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    if found := [*gaps(told, target), *unread(told, environment)]:
        raise NotWhole("\n".join(found))


def gaps(metadata: list[bytes], target: Target) -> Iterator[str]:
    """What is missing, or there in a wrong version, a sentence each. Extras are nobody's need here: the lock has no word for them."""
    told = [BytesParser().parsebytes(one, headersonly=True) for one in metadata]
    versions = {canonicalize_name(one["Name"]): one["Version"] for one in told}
    for one in sorted(told, key=lambda one: one["Name"]):
        for need in map(Requirement, one.get_all("Requires-Dist", [])):
            name = canonicalize_name(need.name)
            if name in RUNTIME.get(canonicalize_name(one["Name"]), ()) and name not in versions:
                continue
            if need.marker is not None and not need.marker.evaluate(_environment(target)):
                continue
            has = versions.get(name)
            if has is None or not need.specifier.contains(has, prereleases=True):
                wants = f"{need.name}{need.specifier}"
                yield f"{one['Name']} needs {wants}, the package has {has or 'none'}: run make lock"


def unread(metadata: list[bytes], environment: Mapping[str, str]) -> Iterator[str]:
    """What is missing to read the tokens that the stage is told to believe."""
    if not environment.get("JOBLINE_JWT_ISSUER"):
        return
    has = {canonicalize_name(BytesParser().parsebytes(one, headersonly=True)["Name"]) for one in metadata}
    for name in sorted(TOKEN_READERS - has):
        yield f"JOBLINE_JWT_ISSUER is set and needs {name}, the package has none: name it in requirements.in and run make lock"


def _environment(target: Target) -> dict[str, str]:
    """What markers ask about, on Lambda."""
    return {
        "extra": "",
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": target.machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{target.version}.0",
        "python_version": target.version,
        "sys_platform": "linux",
    }
