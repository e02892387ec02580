"""What is deployed: the same package for each function, and of the sources that are here."""

import io
from collections.abc import Iterator
from zipfile import BadZipFile, ZipFile
from zlib import crc32

from infra.config import ROOT
from jobline.doctor.finding import Seen, check, fail, ok, unknown, warn
from jobline.doctor.live import Live

NAMED = 5  # files that differ, at most, by name


@check(
    "one code",
    why="All functions are made of one package: two at once are a deploy that stopped half way, and old and new code write the same rows.",
    mend="python -m infra deploy --stage STAGE",
)
def one_code(live: Live) -> Iterator[Seen]:
    hashes: dict[str, list[str]] = {}
    for function, found in live.functions.items():
        hashes.setdefault(found["CodeSha256"], []).append(live.names.functions[function])
    for sha, called in hashes.items():
        told = f"{sha[:8]}…: {', '.join(called)}"
        yield ok(told) if len(hashes) == 1 else fail(told)


@check(
    "contents",
    why="What runs is not what you read here: look at the version that was deployed before you draw conclusions.",
    mend="Check out what was deployed, or python -m infra deploy --stage STAGE",
)
def contents(live: Live) -> Iterator[Seen]:
    called = live.names.functions[next(iter(live.functions))] if live.functions else ""
    if not called:
        return
    code = live.client("lambda").get_function(FunctionName=called)["Code"]
    try:
        deployed = _deployed(live.fetch(code["Location"]))
    except BadZipFile:
        yield unknown("what was downloaded is no zip")
        return
    here = _here()
    differ = sorted(name for name in here.keys() | deployed.keys() if here.get(name) != deployed.get(name))
    if not differ:
        yield ok(f"{len(here)} files, as they are here")
    else:
        more = f" and {len(differ) - NAMED} more" if len(differ) > NAMED else ""
        yield warn(f"not as they are here: {', '.join(differ[:NAMED])}{more}")


def _deployed(package: bytes) -> dict[str, int]:
    """Our own sources in a package, each with its CRC: the zip's directory has them, nothing is unpacked."""
    with ZipFile(io.BytesIO(package)) as archive:
        return {info.filename: info.CRC for info in archive.infolist() if _ours(info.filename)}


def _here() -> dict[str, int]:
    files = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]
    return {file.relative_to(ROOT).as_posix(): crc32(file.read_bytes()) for file in files}


def _ours(name: str) -> bool:
    return name == "app.py" or (name.startswith("chalicelib/") and name.endswith(".py"))


CHECKS = (one_code, contents)
