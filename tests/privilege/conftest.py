"""A day of each stage, played once a run for all tests that read its record."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID

from chalicelib.adapters import json_log
from infra.config import CONFIG
from tests.contract.backends import one_at_a_time
from tests.privilege.calls import Place
from tests.privilege.played import Played
from tests.privilege.scenario import Day
from tests.privilege.stage import Deployed
from tests.support.once import once

REGION = "us-east-1"
STAGES = json.loads(CONFIG.read_text(encoding="utf-8"))["stages"]


@contextmanager
def in_process() -> Iterator[Place]:
    """AWS as moto plays it."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(variable)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setattr(json_log, "configure", lambda: None)  # pytest keeps its own handlers
        with mock_aws(), one_at_a_time():
            yield Place(region=REGION, account=DEFAULT_ACCOUNT_ID)


SEALED = "sealed"
"""Not in config.json: `dev` with a key for what jobs carry."""

_OTHERS = [
    pytest.param(name, marks=[pytest.mark.slow, pytest.mark.long])
    for name in (*sorted(STAGES), SEALED)
    if name != "dev"
]


@pytest.fixture(scope="session", params=["dev", *_OTHERS])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A stage of config.json at the end of its day."""
    return once(f"day-{request.param}", partial(_played, request.param), tmp_path_factory)


def _played(name: str) -> Played:
    with in_process() as place:
        environment = dict(STAGES["dev" if name == SEALED else name]["environment_variables"])
        if name == SEALED:
            environment["JOBLINE_SEAL_KEY"] = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
        deployed = Deployed(environment, place)
        Day(deployed).pass_by()
    return Played(
        names=deployed.names,
        environment=deployed.environment,
        place=place,
        calls=deployed.record.calls,
        methods=dict(deployed.methods),
        routes=deployed.routes,
    )
