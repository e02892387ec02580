"""Links into AWS's pages: there where the stage is on AWS, and nowhere else."""

from dataclasses import replace
from urllib.parse import unquote

import pytest

from chalicelib import wiring
from chalicelib.entrypoints.api.links import AROUND
from chalicelib.settings import Settings
from infra.names import Names
from tests.api.desk import Caller, Desk

ON_AWS = {
    "JOBLINE_STAGE": "prod",
    "AWS_LAMBDA_FUNCTION_NAME": "jobline-prod",
    "AWS_REGION": "eu-central-1",
}


@pytest.fixture
def deployed(desk: Desk) -> Desk:
    """As if it were on AWS."""
    wiring.use(replace(desk.parts, console=Settings.from_env(ON_AWS).console))
    return desk


def test_a_stage_on_one_machine_has_none(ann: Caller):
    assert "links" not in ann.get(f"/jobs/{ann.submit()}").body


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"AWS_REGION": "eu-central-1"},
        {**ON_AWS, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        {**ON_AWS, "AWS_REGION": "evil.example/#"},
    ],
)
def test_nothing_leads_nowhere(given: dict[str, str]):
    assert Settings.from_env(given).console is None


def test_the_log_groups_are_those_of_the_stage():
    console = Settings.from_env(ON_AWS).console
    assert console is not None
    groups = {f"/aws/lambda/{name}" for name in console.functions}
    assert groups == set(Names(app="jobline", stage="prod").log_groups.values())


def test_a_job_on_aws_links_to_its_lines_and_its_traces(deployed: Desk, ann: Caller):
    job = ann.submit()
    deployed.work()
    links = ann.get(f"/jobs/{job}").body["links"]
    home = "https://eu-central-1.console.aws.amazon.com/"
    assert all(link.startswith(home) for link in links.values())
    assert f"filter*20job_id*20*3d*20*22{job}*22" in links["logs"]
    assert "~'*2faws*2flambda*2fjobline-prod-consume_low" in links["logs"]
    since = f"{deployed.world.now() - AROUND:%Y-%m-%dT%H:%M:%S}.000Z"
    assert since.replace(":", "*3a") in links["logs"]
    assert since in links["traces"]
    assert unquote(links["traces"]).endswith(f'filter=annotation.job_id = "{job}"')


def test_lists_have_none(deployed: Desk, ann: Caller):
    ann.submit()
    assert "links" not in ann.get("/jobs").body["jobs"][0]
