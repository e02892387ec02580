"""Chalice's memory of a stage outlives the machine it was written on."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra import state
from infra.place import Place
from tests.support.no_account import no_account

KEY = "deploy/jobline-dev.json"
HERE = "arn:aws:lambda:eu-central-1:123456789012:function:jobline-dev"
ELSEWHERE = HERE.replace("123456789012", "999999999999")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    no_account(monkeypatch, "eu-central-1")
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield Place()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return state.path("dev", tmp_path)


def memory(arn: str = HERE, **more: str) -> dict:
    return {"resources": [{"name": "f", "resource_type": "lambda_function", "lambda_arn": arn, **more}]}


def test_what_one_machine_saved_another_restores(place, file):
    state.write(file, memory())
    assert state.save(place, "bucket", KEY, file)
    file.unlink()

    assert state.restore(place, "bucket", KEY, file) == "restored"

    assert json.loads(file.read_text()) == memory()


def test_without_any_memory_there_is_none(place, file):
    assert not state.save(place, "bucket", KEY, file)

    assert state.restore(place, "bucket", KEY, file) == "none"
    assert state.restore(place, "no-such-bucket", KEY, file) == "none"


def test_the_younger_memory_wins(place, file):
    state.write(file, memory(mark="first"))
    state.save(place, "bucket", KEY, file)
    state.write(file, memory(mark="later, by chalice deploy"))
    os.utime(file, (4e9, 4e9))

    assert state.restore(place, "bucket", KEY, file) == "kept"
    assert "later" in file.read_text()

    os.utime(file, (1, 1))
    assert state.restore(place, "bucket", KEY, file) == "restored"
    assert "first" in file.read_text()


def test_memory_of_another_account_is_not_used_for_this_one(place, file):
    # given a machine from which the stage of the same name was deployed elsewhere
    state.write(file, memory(ELSEWHERE))

    assert state.restore(place, "bucket", KEY, file) == "set aside"

    assert not file.exists()
    assert ELSEWHERE in file.with_suffix(".elsewhere.json").read_text()


def test_a_stage_that_is_gone_is_forgotten(place, file):
    state.write(file, memory())
    state.save(place, "bucket", KEY, file)

    state.forget(place, "bucket", KEY, file)

    assert state.restore(place, "bucket", KEY, file) == "none"
    state.forget(place, "no-such-bucket", KEY, file)
