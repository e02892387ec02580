"""A whole job as X-Ray's daemon is told of it: from the HTTP request through the queue to the task and its AWS calls, in one trace."""

import re
from typing import Any

import pytest

from tests.observability.conftest import Journey

pytestmark = pytest.mark.slow

Span = dict[str, Any]


def of_trace(journey: Journey, number: int) -> list[Span]:
    """The spans of the trace in which the n-th HTTP request was made."""
    trace = journey.facts["invocations"]["api"][number]["trace"]
    return [span for span in journey.spans if span["trace_id"] == trace]


def only(spans: list[Span], name: str, **annotations: Any) -> Span:
    (found,) = [
        span
        for span in spans
        if span["name"] == name and annotations.items() <= span.get("annotations", {}).items()
    ]
    return found


def below(spans: list[Span], above: Span) -> list[Span]:
    found = [span for span in spans if span["parent_id"] == above["id"]]
    return sorted(found, key=lambda span: span["start_time"])


def calls(spans: list[Span]) -> list[str]:
    return [f"{span['name']}.{span['aws']['operation']}" for span in spans if span.get("namespace") == "aws"]


def test_one_trace_leads_from_the_request_through_the_queue_to_the_task_and_its_calls(sampled: Journey):
    # given the trace of the request that submitted a visit
    spans, job_id = of_trace(sampled, 0), sampled.facts["jobs"]["visit"]

    # then the request is part of what Lambda traces of the API's invocation
    request = only(spans, "submit_job")
    assert request["parent_id"] == sampled.facts["invocations"]["api"][0]["segment"]
    assert request["annotations"]["status"] == 202
    assert "dynamodb.PutItem" in calls(below(spans, request))

    # and the message was sent within it
    send = only(below(spans, request), "send", job_id=job_id)
    assert "sqs.SendMessageBatch" in calls(below(spans, send))

    # and what was done for that message is a segment below the sending
    job = only(below(spans, send), "jobline-trip-job-default", job_id=job_id)
    assert "type" not in job  # a segment, not a subsegment
    assert (
        job["annotations"] | {"task": "visit", "attempt": 1, "epoch": 1, "outcome": "succeeded"}
        == job["annotations"]
    )

    # and within it are the claim, the task, and the outcome; within the task its own call
    steps = below(spans, job)
    assert calls(steps)[0] == "dynamodb.UpdateItem"
    task = only(steps, "visit")
    assert calls(below(spans, task)) == ["s3.ListBuckets"]
    assert (
        calls([step for step in steps if step["start_time"] > task["start_time"]])[0] == "dynamodb.UpdateItem"
    )


def test_the_calls_of_a_coroutine_belong_to_its_task(sampled: Journey):
    spans = of_trace(sampled, 1)
    assert calls(below(spans, only(spans, "wander"))) == ["s3.ListBuckets"]


def test_each_attempt_is_found_with_its_outcome_in_the_same_trace(sampled: Journey):
    # given the trace of a job that failed, was tried again and died
    spans = of_trace(sampled, 2)
    first = only(spans, "jobline-trip-job-default", attempt=1, outcome="retried", task="stumble")
    second = only(spans, "jobline-trip-job-default", attempt=2, outcome="died", task="stumble")

    # then both are marked, and the second hangs on the message that the first sent
    assert first["fault"]
    assert second["fault"]
    assert second["parent_id"] == only(below(spans, first), "send")["id"]


def test_the_job_that_follows_is_in_the_trace_of_the_one_before(sampled: Journey):
    spans = of_trace(sampled, 0)
    follower = only(spans, "jobline-trip-job-default", task="follow", outcome="succeeded")
    visit = only(spans, "jobline-trip-job-default", task="visit")
    assert follower["parent_id"] == only(below(spans, visit), "send")["id"]


def test_a_batch_names_the_traces_of_its_senders_and_each_job_that_of_its_batch(sampled: Journey):
    api, batches = (sampled.facts["invocations"][name] for name in ("api", "consume_default"))
    spans = [span for span in sampled.spans if span["trace_id"] == batches[0]["trace"]]
    batch = only(spans, "batch", lane="default", messages=3)
    assert batch["parent_id"] == batches[0]["segment"]
    assert batch["annotations"]["senders"].split() == sorted(one["trace"] for one in api[:3])
    job = only(of_trace(sampled, 0), "jobline-trip-job-default", task="visit")
    assert job["annotations"]["invocation_trace"] == batches[0]["trace"]


def test_every_span_is_one_that_xray_takes(sampled: Journey):
    spans = sampled.spans
    assert len(spans) > 60
    assert len({span["id"] for span in spans}) == len(spans)
    for span in spans:
        assert re.fullmatch(r"[\w\s.:/%&#=+\\@-]{1,200}", span["name"], re.ASCII), span["name"]
        assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", span["trace_id"])
        assert re.fullmatch(r"[0-9a-f]{16}", span["id"])
        assert span["start_time"] <= span["end_time"]
        assert len(span.get("annotations", {})) <= 50
    assert all(len(datagram) < 64_000 for datagram in sampled.sent)


def test_every_span_hangs_on_another_or_on_an_invocation(sampled: Journey):
    known = {span["id"] for span in sampled.spans}
    known |= {one["segment"] for many in sampled.facts["invocations"].values() for one in many}
    assert [span for span in sampled.spans if span["parent_id"] not in known] == []


def test_what_is_not_sampled_is_not_traced_and_never_loads_the_sdk(unsampled: Journey, sampled: Journey):
    # given the same journey unsampled, then sampled, in one process
    assert unsampled.sent == ()
    assert unsampled.facts["loaded"] == []
    # then the difference is in the sampling alone
    assert unsampled.facts["rows"] == sampled.facts["rows"]
    assert sampled.facts["loaded"]


def test_log_lines_name_the_senders_trace_sampled_or_not(unsampled: Journey, sampled: Journey):
    for journey in (unsampled, sampled):
        traces = [one["trace"] for one in journey.facts["invocations"]["api"]]
        for number, task in enumerate(("visit", "wander", "stumble")):
            lines = [line for line in journey.lines if line.get("job_id") == journey.facts["jobs"][task]]
            assert len(lines) >= 3
            assert {line["trace_id"] for line in lines} == {traces[number]}
