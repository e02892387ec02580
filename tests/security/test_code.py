"""What the code never does: run what it was sent, read what could run, talk to a shell, or depend on what nobody pinned."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("app.py", "chalicelib", "jobline", "infra")
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "jsonpickle"}
CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "tempfile.mktemp",
    "ssl._create_unverified_context",
    "hashlib.md5",
    "hashlib.sha1",
}
ALLOWED = {
    (
        "chalicelib/domain/lean.py",
        "exec",
    ): "makes __init__ of a class's own field names, as the standard library's dataclass does",
    (
        "infra/small.py",
        "yaml.load",
    ): "with a SafeLoader that knows CloudFormation's short tags, over our own template",
}
"""The exceptions, each with its reason."""


def sources() -> Iterator[tuple[str, str]]:
    for one in OURS:
        found = [ROOT / one] if one.endswith(".py") else sorted((ROOT / one).rglob("*.py"))
        for path in found:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def broken(name: str, text: str) -> Iterator[str]:
    """What this file does that none may."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (
                f"{name}:{node.lineno} imports {one}" for one in named if one.split(".")[0] in MODULES
            )
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in CALLS and (name, called) not in ALLOWED:
            yield f"{name}:{node.lineno} calls {called}"
        for keyword in node.keywords:
            if keyword.arg == "shell" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                yield f"{name}:{node.lineno} asks a shell"
            if (
                keyword.arg == "verify"
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value is False
            ):
                yield f"{name}:{node.lineno} trusts any certificate"


def test_no_file_runs_what_it_was_given():
    found = [one for name, text in sources() for one in broken(name, text)]
    assert not found, "\n".join(found)


def test_each_exception_is_still_there():
    texts = dict(sources())
    for (name, called), reason in ALLOWED.items():
        assert f"{called}(" in texts[name], f"{name} does not {called} any more: {reason}"


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "import shelve as s",
        "eval('1')",
        "exec(code)",
        "import yaml\nyaml.load(text)",
        "import subprocess\nsubprocess.run(line, shell=True)",
        "subprocess.run(line, shell=flag)",
        "os.system(line)",
        "httpx.get(url, verify=False)",
        "hashlib.md5(b'')",
    ],
)
def test_the_judge_sees_it(text):
    assert [*broken("some.py", text)]


def test_only_the_strict_reader_reads_json_in_what_ships():
    """Outside text goes through `strict_json`; what is ours and is read plainly is named here, with the reason."""
    plain = {
        "chalicelib/pipeline/strict_json.py": "is the reader",
        "chalicelib/pipeline/release.py": "its own item, which only release_change writes, by write_readable",
        "chalicelib/pipeline/publish.py": "the text that write_readable has just made",
        "chalicelib/adapters/runners/nest.py": "what this process says to its own child, by its command line",
        "chalicelib/pipeline/statistics/book.py": "a part that the functions put; whatever is none is InvalidInput, whole",
        "chalicelib/prices.py": "a file that ships",
        "chalicelib/adapters/aws/direct/calls.py": "DynamoDB's own answer, where botocore would read it as plainly",
    }
    found = {
        name
        for name, text in sources()
        if name.startswith("chalicelib") and re.search(r"json\.loads?\(|json\.decode\(", text)
    }
    assert found == {*plain}


# ---------------------------------------------------------------------------------------------------------- what is pinned

LOCKS = (
    "requirements.txt",
    "requirements-dev.txt",
    "press/requirements.txt",
    "proof/security/requirements.txt",
    "proof/security/checkov.txt",
)


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_to_a_version_and_to_hashes(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-zA-Z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    named = [entry for entry in entries if re.match(r"[a-zA-Z0-9]", entry)]
    assert len(named) > 3
    for entry in named:
        assert re.match(r"[\w.-]+(\[[\w,]+\])?==[\w.!+]+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert not re.search(
        r"^(-i|--index-url|--extra-index-url|--find-links|-e|git\+|https?:)", text, re.MULTILINE
    )


def test_make_installs_nothing_that_has_no_hash():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    loose = [
        line.strip()
        for line in text.splitlines()
        if "pip install" in line and "--require-hashes" not in line and "--no-deps" not in line
    ]
    assert loose == []


FREE = {"MIT", "BSD", "Apache", "ISC", "PSF", "Python Software Foundation"}


def shipped() -> list[str]:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^([a-zA-Z0-9._-]+)==", text, re.MULTILINE)


@pytest.mark.parametrize("name", shipped())
def test_what_ships_may_be_shipped(name):
    told = distribution(name).metadata
    words = [
        told.get("License-Expression") or "",
        told.get("License") or "",
        *(told.get_all("Classifier") or ()),
    ]
    licences = " ".join(word for word in words if "::" not in word or word.startswith("License"))
    assert any(free in licences for free in FREE), f"{name}: {licences[:200]}"
    assert not re.search(r"\b(A?GPL|LGPL)\b", licences), f"{name}: {licences[:200]}"
