"""The libraries in a package, judged: each file is, byte for byte, that of a locked wheel, and what is compiled runs on Lambda.

The zip is compared with the wheels and not with what Chalice says that it did. A wheel's tags are a promise; the extensions
in it are opened all the same: for which processor, for which Python, asking how new a C library.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZipFile

from infra.packaging.bundle import Bundle, Target
from infra.packaging.finish import ships
from infra.packaging.wheels import glibc

ELF = b"\x7fELF\x02\x01"
"""64 bits, little-endian."""
PROCESSORS = {62: "x86_64", 183: "aarch64"}
"""e_machine, of those that Lambda has."""


def contents(wheels: Iterable[Path]) -> dict[str, bytes]:
    """Every file that the wheels would install, by its name in the zip, but for what does not ship."""
    found: dict[str, bytes] = {}
    for wheel in wheels:
        with ZipFile(wheel) as archive:
            found |= {name: archive.read(name) for name in archive.namelist() if ships(name)}
    return found


def faults(bundle: Bundle, wanted: dict[str, bytes]) -> Iterator[str]:
    """What is wrong, a sentence each. `wanted`: what the locked wheels hold."""
    for name, data in sorted(wanted.items()):
        if name not in bundle.files:
            yield f"{name} is missing: a locked wheel has it"
        elif bundle.files[name].data != data:
            yield f"{name} is not what the locked wheel has"
    for name, entry in sorted(bundle.files.items()):
        if entry.data.startswith(b"\x7fELF") or re.search(r"\.(so|pyd|dylib|dll)(\.|$)", name):
            yield from extension_faults(name, entry.data, bundle.target)


def extension_faults(name: str, data: bytes, target: Target) -> Iterator[str]:
    """What would keep this extension from being loaded there."""
    if not data.startswith(ELF):
        yield f"{name} is no 64-bit library for Linux"
        return
    machine = PROCESSORS.get(int.from_bytes(data[18:20], "little"), "an unknown processor")
    if machine != target.machine:
        yield f"{name} is for {machine}, the function for {target.machine}"
    if not _importable(name, target):
        yield f"{name} is for another Python than {target.runtime}"
    needs = max(_versions(data), default=(0, 0))
    if needs > glibc(target):
        yield f"{name} needs glibc {needs[0]}.{needs[1]}, the runtime has {'.'.join(map(str, glibc(target)))}"


def _importable(name: str, target: Target) -> bool:
    """Whether that Python would find it as an extension, by its name; a library beside one has a name without a tag."""
    tag = re.search(r"\.(cpython-[^.]+|abi3)\.so$", name)
    wanted = f"cpython-{target.version.replace('.', '')}-{target.machine}-linux-gnu"
    return tag is None or tag[1] in (wanted, "abi3")


def _versions(data: bytes) -> Iterator[tuple[int, int]]:
    for major, minor in re.findall(rb"\0GLIBC_(\d+)\.(\d+)", data):
        yield int(major), int(minor)
