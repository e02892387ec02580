"""A healthy stage is healthy; broken in one way, it is told so by the check of that name, and by no other."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from jobline.doctor.checks import CHECKS
from jobline.doctor.examine import examine, verdict
from jobline.doctor.finding import Check, Result, fail, ok
from tests.doctor.broken import BREAKS, Break

CASES = pytest.mark.parametrize("broken", BREAKS, ids=str)


def test_a_stage_as_deployed_holds_in_everything(look):
    assert {name: f.found for name, f in look().items() if f.result is not Result.OK} == {}


@CASES
def test_what_is_broken_is_told_by_its_check_and_by_no_other_and_mended_by_its_fix(
    stage, look, broken: Break
):
    broken.how(stage)

    bad = {name: finding for name, finding in look().items() if finding.result is not Result.OK}

    assert set(bad) == {broken.check, *broken.also}
    assert bad[broken.check].result.value == broken.result
    assert broken.told in bad[broken.check].found
    assert bool(bad[broken.check].fixes) is broken.fixable

    # and if it can be mended, then all holds again
    if broken.fixable:
        for fix in bad[broken.check].fixes:
            fix.do()
        assert {f.check.name: f.found for f in look().values() if f.result is not Result.OK} == {}


def test_every_check_was_broken_once():
    assert {each.check for each in BREAKS} | {"contents"} == {check.name for check in CHECKS}


def test_other_sources_than_these_are_told_by_name(look, monkeypatch, tmp_path):
    # given a checkout that went on since
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / "app.py").write_text("new")
    monkeypatch.setattr("jobline.doctor.code.ROOT", tmp_path)

    finding = look()["contents"]

    assert finding.result is Result.WARN
    assert finding.found.startswith("not as they are here: app.py, chalicelib/__init__.py")
    assert "more" in finding.found


def test_lanes_that_may_start_more_than_they_reserve_are_told(stage, look, monkeypatch):
    lambda_, name = stage.client("lambda"), stage.names.functions["consume_low"]
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    mappings = lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    scaled = [{**mapping, "ScalingConfig": {"MaximumConcurrency": 50}} for mapping in mappings]

    class Pages:
        def paginate(self, FunctionName):  # noqa: N803 - boto3's name
            return [{"EventSourceMappings": scaled if FunctionName == name else mappings}]

    monkeypatch.setattr(
        lambda_, "get_paginator", lambda _: Pages(), raising=False
    )  # moto keeps no ScalingConfig

    assert "reserves 5 and its queue may start 50" in look()["concurrency"].found


def refusing(code: str) -> Check:
    def look(live):
        yield ok("the first")
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetThing")

    return replace(CHECKS[0], look=look)


@pytest.mark.parametrize(
    ("code", "result", "told"),
    [
        ("AccessDeniedException", Result.UNKNOWN, "no permission for GetThing"),
        ("AccessDenied", Result.UNKNOWN, "no permission for GetThing"),
        ("UnknownOperationException", Result.UNKNOWN, "GetThing says UnknownOperationException: no"),
        ("ResourceNotFoundException", Result.FAIL, "is not there: GetThing says no"),
    ],
)
def test_what_may_not_be_seen_is_unknown_and_what_is_not_there_fails(code, result, told):
    (finding,) = examine(None, [refusing(code)])

    assert (finding.result, finding.found) == (result, told)


def test_a_stage_whose_own_numbers_are_wrong_fails(stage, look):
    stage.stage = replace(stage.stage, environment={**stage.stage.environment, "JOBLINE_SWEEP_GRACE": "soon"})

    finding = look()["sweep"]

    assert (finding.result, "JOBLINE_SWEEP_GRACE" in finding.found) == (Result.FAIL, True)


def test_a_service_that_does_not_answer_is_unknown_and_the_rest_goes_on():
    def silent(live):
        raise EndpointConnectionError(endpoint_url="http://nowhere")
        yield

    def failing(live):
        yield fail("broken")

    findings = list(examine(None, [replace(CHECKS[0], look=silent), replace(CHECKS[0], look=failing)]))

    assert [finding.result for finding in findings] == [Result.UNKNOWN, Result.FAIL]
    assert "http://nowhere" in findings[0].found
    assert verdict(findings) is Result.FAIL
    assert verdict(findings[:1]) is Result.UNKNOWN
