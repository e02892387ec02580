"""What `make package` would say of a package with something wrong in it, and how a zip is finished."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.packaging import libraries, ours, sizes
from infra.packaging.bundle import Bundle, Target, source_of
from infra.packaging.finish import finish

LAMBDA = Target("python3.11", "x86_64")
TAG = sys.implementation.cache_tag
SOURCES = {"app.py": "import chalicelib\n", "chalicelib/__init__.py": "X = 1\n"}
CHALICE = {"chalice/__init__.py": "", "chalice/app.py": "Y = 2\n"}
FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"Handler": "app.app", "Runtime": "python3.11"},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(text)
    return tmp_path / "project"


def zipped(folder: Path, files: Iterable[tuple[str, str | bytes]]) -> Bundle:
    """A package with these files, as Chalice would write it: not finished."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sam.json").write_text(json.dumps({"Resources": {"Api": FUNCTION}}))
    with ZipFile(folder / "deployment.zip", "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return Bundle(folder)


def finished(folder: Path, **more: str | bytes) -> dict[str, bytes]:
    """Name to bytes of a finished package of the small project. `more`: files beside, `__` for a slash."""
    bundle = zipped(folder, (SOURCES | CHALICE | more).items())
    finish(bundle.path)
    return {name: entry.data for name, entry in Bundle(folder).files.items()}


def faults(folder: Path, project: Path, files: dict[str, bytes]) -> list[str]:
    return list(ours.faults(zipped(folder, files.items()), root=project, libraries=set()))


def test_a_finished_zip_has_every_source_compiled_and_no_fault(tmp_path, project):
    files = finished(tmp_path / "a")

    assert f"chalicelib/__pycache__/__init__.{TAG}.pyc" in files
    assert f"__pycache__/app.{TAG}.pyc" in files
    assert faults(tmp_path / "b", project, files) == []


def test_finishing_takes_out_stubs_and_whatever_was_compiled_before(tmp_path):
    # given: compiled code of another day, as a developer's tree has it
    stale = f"chalicelib/__pycache__/gone.{TAG}.pyc"

    files = finished(tmp_path, **{stale: b"old", "lib/x.pyi": "x: int", "lib/py.typed": ""})

    assert not {stale, "lib/x.pyi", "lib/py.typed"} & files.keys()


def test_finishing_twice_is_finishing_once_and_order_does_not_matter(tmp_path):
    files = SOURCES | CHALICE
    one, other = (
        zipped(tmp_path / name, order)
        for name, order in (("a", files.items()), ("b", reversed(files.items())))
    )
    finish(one.path)
    finish(other.path)
    before = one.path.read_bytes()
    finish(one.path)

    assert one.path.read_bytes() == before == other.path.read_bytes()


def _change(name: str, data: bytes | None):
    def change(files: dict[str, bytes]) -> None:
        files.pop(name, None)
        if data is not None:
            files[name] = data

    return change


WRONG = [
    (_change("chalicelib/notes.txt", b"x"), "chalicelib/notes.txt is no part of what ships"),
    (_change("infra/names.py", b""), "infra/names.py is no part of what ships"),
    (_change(".env", b"A=1"), ".env is no part of what ships"),
    (_change("chalicelib/__init__.py", None), "chalicelib/__init__.py is missing"),
    (_change("chalice/app.py", None), "chalice/app.py is missing"),
    (_change("app.py", b"evil = 1\n"), "app.py is not what the project has"),
    (_change("app.py", b"evil = 1\n"), f"__pycache__/app.{TAG}.pyc was not made of app.py by this Python"),
    (
        _change(f"__pycache__/app.{TAG}.pyc", None),
        "app.py is not compiled: every cold start would do it again",
    ),
    (_change("x/__pycache__/y.cpython-39.pyc", b""), "x/__pycache__/y.cpython-39.pyc has no source"),
    (_change("k.py", b"-----BEGIN RSA PRIVATE KEY-----"), "k.py holds what looks like a secret, at byte 0"),
    (_change("k.py", b"key = 'AKIAIOSFODNN7EXAMPLE'"), "k.py holds what looks like a secret, at byte 7"),
]


@pytest.mark.parametrize(("change", "fault"), WRONG, ids=[fault for _, fault in WRONG])
def test_a_fault_is_named(tmp_path, project, change, fault):
    files = finished(tmp_path / "a")
    change(files)

    assert fault in faults(tmp_path / "b", project, files)


def test_a_compiled_file_belongs_to_its_source():
    assert source_of("a/__pycache__/b.cpython-311.pyc") == "a/b.py"
    assert source_of("a/b.pyc") is None


def test_a_library_is_compared_byte_by_byte_with_its_locked_wheel(tmp_path):
    bundle = zipped(tmp_path, [("lib/a.py", b"1"), ("lib/b.py", b"2")])

    assert list(libraries.faults(bundle, {"lib/a.py": b"1", "lib/b.py": b"3", "lib/c.py": b"4"})) == [
        "lib/b.py is not what the locked wheel has",
        "lib/c.py is missing: a locked wheel has it",
    ]


def elf(machine: int, needs: bytes = b"") -> bytes:
    """The beginning of a library for Linux, and the names of what it links to."""
    return b"\x7fELF\x02\x01\x01" + bytes(11) + machine.to_bytes(2, "little") + b"\0" + needs


X86, ARM = elf(62, b"GLIBC_2.14\0"), elf(183)
FITS = "m/_core.cpython-311-x86_64-linux-gnu.so"


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        (FITS, X86, None),
        ("m/_core.abi3.so", X86, None),
        ("m.libs/libz.so.1", X86, None),
        (FITS, ARM, "is for aarch64, the function for x86_64"),
        ("m/_core.cpython-312-x86_64-linux-gnu.so", X86, "is for another Python than python3.11"),
        ("m/_core.cpython-311-darwin.so", b"\xcf\xfa\xed\xfe" + bytes(40), "is no 64-bit library for Linux"),
        (FITS, elf(62, b"GLIBC_2.14\0GLIBC_2.34\0"), "needs glibc 2.34, the runtime has 2.26"),
    ],
)
def test_an_extension_has_to_run_on_lambda(name, data, fault):
    assert list(libraries.extension_faults(name, data, LAMBDA)) == ([f"{name} {fault}"] if fault else [])


def test_a_package_has_a_budget(tmp_path):
    size = sizes.Size(files=1, unzipped=sizes.MOST_UNZIPPED, zipped=sizes.MOST_ZIPPED + 1)
    plain = sizes.most(zipped(tmp_path, SOURCES.items()))

    assert list(sizes.faults(size, plain)) == ["the zip has 3,500,001 bytes, more than 3,500,000"]


def test_a_package_that_can_read_tokens_has_a_larger_one(tmp_path):
    size = sizes.Size(files=1, unzipped=sizes.MOST_UNZIPPED, zipped=10_000_001)
    allowed = sizes.most(zipped(tmp_path, [*SOURCES.items(), ("cryptography/__init__.py", "")]))

    assert list(sizes.faults(size, allowed)) == ["the zip has 10,000,001 bytes, more than 10,000,000"]
