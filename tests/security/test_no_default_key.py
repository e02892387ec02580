"""Nobody has a key that nobody made: a stage begins without any, nothing that runs there makes one, and `jobline up` makes its own on this machine alone."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import wiring
from chalicelib.entrypoints.api.routes import ROUTES
from infra.config import ROOT
from tests.api.desk import Desk, concrete
from tests.security.ground import quiet

MAKERS = frozenset({"create_key", "admit_role", "rotate_key"})
WHERE = {"chalicelib/pipeline/api_keys.py", "jobline/cli/keys.py", "jobline/local/dev_key.py"}
"""Where a credential is made: the verbs themselves, the command that people type, and the local stage's own."""

OURS = ("app.py", "chalicelib", "infra", "jobline")


def sources() -> Iterator[Path]:
    for name in OURS:
        yield from [ROOT / name] if name.endswith(".py") else sorted((ROOT / name).rglob("*.py"))


def makes_keys(tree: ast.AST) -> bool:
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    reached = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    brought = {one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names}
    return bool(MAKERS & (named | reached | brought))


def test_a_credential_is_made_in_three_places_and_none_of_them_is_a_function_on_lambda():
    found = {
        file.relative_to(ROOT).as_posix()
        for file in sources()
        if makes_keys(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert found == WHERE
    stored = {file for file in sources() if re.search(r"api_keys\.add\(", file.read_text(encoding="utf-8"))}
    assert stored == {ROOT / "chalicelib" / "pipeline" / "api_keys.py"}


def test_no_key_stands_in_what_we_have_written():
    shaped = re.compile(r"\bjl_[0-9a-z]{10}_[0-9a-z]{40}\b")
    files = [file for name in OURS for file in [ROOT / name, *(ROOT / name).rglob("*")] if file.is_file()]
    files += [ROOT / ".chalice" / "config.json", *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    texts = ((file, file.read_bytes().decode("utf-8", "replace")) for file in files)
    assert [str(file) for file, text in texts if shaped.search(text)] == []


def test_a_new_stage_lets_nobody_in_and_asking_makes_no_key():
    with quiet():
        desk = Desk()
        wiring.use(desk.parts)
        guesses = (None, "", "jobline", "dev", "admin", "jl_0000000000_" + "0" * 40)
        for route in ROUTES:
            for guess in guesses if route.scope else ():
                body = route.example if route.body is not None else None
                reply = desk.nobody(guess).ask(route.method, concrete(route.path), body)
                assert reply.status == 401, (route, guess)
        desk.work()
        assert desk.api_keys.by_id == {}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"JOBLINE_STAGE": "prod"},
        {"JOBLINE_STAGE": "local", "AWS_ENDPOINT_URL": "https://dynamodb.eu-central-1.amazonaws.com"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1.evil.example.org:4566"},
    ],
    ids=["nothing", "a stage", "AWS", "a name like this machine's"],
)
def test_the_local_stages_key_is_made_nowhere_else(environment):
    run = subprocess.run(
        [sys.executable, "-m", "jobline.local.dev_key"],
        env={"PYTHONPATH": str(ROOT), "AWS_DEFAULT_REGION": "us-east-1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert "on this machine alone" in run.stderr
