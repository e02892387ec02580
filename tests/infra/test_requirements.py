"""What is installed is pinned, checked, and no more than needed."""

import re

import pytest

from infra.config import ROOT

WANTED = (ROOT / "requirements.in").read_text()
SHIPPED = (ROOT / "requirements.txt").read_text()
ASKED = (ROOT / "requirements-dev.in").read_text()
LOCKED = (ROOT / "requirements-dev.txt").read_text()


def pins(text: str) -> dict[str, str]:
    """Name to version, of the lines that pin one."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[a-z0-9,-]+\])?==([^ \n]+)", text, flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


LAMBDA_HAS = {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}


def test_what_lambda_has_already_is_not_shipped():
    assert not (LAMBDA_HAS | {"chalice"}) & pins(SHIPPED).keys()


def test_tracing_ships_since_no_runtime_has_it():
    assert {"aws-xray-sdk", "wrapt"} <= pins(SHIPPED).keys()


@pytest.mark.parametrize("text", [WANTED, ASKED])
def test_every_requirement_is_one_version(text):
    asked = [line for line in text.splitlines() if line and not line.startswith(("#", "-r "))]

    assert len(pins(text)) == len(asked)


def test_the_lock_is_in_step_with_what_was_asked_for():
    shipped, locked = pins(SHIPPED), pins(LOCKED)

    assert {name: shipped.get(name) for name in pins(WANTED)} == pins(WANTED), "run: make lock"
    assert {name: locked.get(name) for name in pins(SHIPPED + ASKED)} == pins(SHIPPED + ASKED), (
        "run: make lock"
    )


@pytest.mark.parametrize("lock", [SHIPPED, LOCKED], ids=["shipped", "all"])
def test_every_locked_package_has_a_hash(lock):
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock)

    assert [block for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", [SHIPPED, LOCKED], ids=["shipped", "all"])
def test_the_lock_says_nothing_of_where_it_was_made(lock):
    assert not re.search(r"://|--(?:index|extra-index|find-links|trusted-host)", lock)
