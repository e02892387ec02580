"""A healthy stage, and somebody to look at it."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from jobline.doctor.checks import CHECKS
from jobline.doctor.examine import examine
from jobline.doctor.finding import Finding
from jobline.doctor.live import Live
from tests.doctor.healthy import NOW, Cloud, Healthy, package
from tests.support.no_account import no_account

Examine = Callable[[], dict[str, Finding]]


@pytest.fixture(scope="session")
def cloud() -> Cloud:
    """Its clients are made once: they take longer than all that is asked of them."""
    session = boto3.session.Session(
        aws_access_key_id="none", aws_secret_access_key="none", region_name="us-east-1"
    )
    return Cloud(session)


@pytest.fixture
def stage(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[Healthy]:
    no_account(monkeypatch)
    with mock_aws():
        yield Healthy(cloud, tmp_path)


@pytest.fixture
def look(stage: Healthy) -> Examine:
    """Examine the stage as it is now; findings by their checks' names."""

    def look() -> dict[str, Finding]:
        live = Live(stage.place, stage.stage, stage.config, now=NOW, fetch=lambda _: package())
        return {finding.check.name: finding for finding in examine(live, CHECKS)}

    return look
