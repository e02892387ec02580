"""A package as Chalice made it: the zip, read into memory, and what the template says of it."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import ZipFile

ZIP, TEMPLATE = "deployment.zip", "sam.json"


@dataclass(frozen=True)
class Target:
    """What Lambda runs it on."""

    runtime: str
    """As Lambda calls it: python3.11."""
    architecture: str
    """As Lambda calls it: x86_64 or arm64."""

    @property
    def version(self) -> str:
        return self.runtime.removeprefix("python")

    @property
    def abi(self) -> str:
        """Of compiled extensions: cp311."""
        return "cp" + self.version.replace(".", "")

    @property
    def machine(self) -> str:
        """As wheels and file names call it."""
        return {"x86_64": "x86_64", "arm64": "aarch64"}[self.architecture]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of the zip."""

    data: bytes
    packed: int
    """Bytes it takes in the zip."""


class Bundle:
    """What `chalice package` wrote into a folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ZIP
        self._template = json.loads((folder / TEMPLATE).read_text(encoding="utf-8"))

    @cached_property
    def files(self) -> dict[str, Entry]:
        """Name in the zip to file; none is larger than a few hundred kilobytes."""
        with ZipFile(self.path) as archive:
            return {
                info.filename: Entry(data=archive.read(info), packed=info.compress_size)
                for info in archive.infolist()
            }

    @cached_property
    def functions(self) -> dict[str, dict[str, Any]]:
        """Handler, as Lambda calls it, to the function's properties."""
        found = [
            resource["Properties"]
            for resource in self._template["Resources"].values()
            if resource["Type"] == "AWS::Serverless::Function"
        ]
        return {properties["Handler"]: properties for properties in found}

    @cached_property
    def target(self) -> Target:
        """The one target of all functions. Raises ValueError when they differ."""
        ((runtime, architecture),) = {
            (properties["Runtime"], properties.get("Architectures", ["x86_64"])[0])
            for properties in self.functions.values()
        }
        return Target(runtime, architecture)


def source_of(name: str) -> str | None:
    """The source that a compiled file belongs to; None for what is not a compiled file in its place."""
    found = re.fullmatch(r"(.*?)__pycache__/([^/.]+)\.cpython-\d+\.pyc", name)
    return found and f"{found[1]}{found[2]}.py"
