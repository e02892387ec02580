import pytest

from examples.demo.expectation import EITHER, SUCCEEDS, dies_of, succeeds_after
from examples.demo.judge import died_of, judge, troubles

BROKEN = dies_of("BrokenPicture")

GOOD = [
    (SUCCEEDS, "SUCCEEDED", {}),
    (SUCCEEDS, "SUCCEEDED", {"attempts": 3}),
    (succeeds_after(3), "SUCCEEDED", {"attempts": 3}),
    (BROKEN, "DEAD", {"error": "BrokenPicture"}),
    (dies_of("ServerTrouble", attempts=4), "DEAD", {"error": "ServerTrouble", "attempts": 4}),
    (EITHER, "SUCCEEDED", {}),
    (EITHER, "DEAD", {"error": "BrokenPicture"}),
    (EITHER, "DEAD", {"error": "TimeLimitExceeded", "reason": "timed_out"}),
]

BAD = [
    (SUCCEEDS, "DEAD", {"error": "OSError"}, "it died: OSError"),
    (BROKEN, "SUCCEEDED", {}, "it succeeded, but should have died of BrokenPicture"),
    (BROKEN, "DEAD", {"error": "OSError"}, "it should have died of BrokenPicture, but died of OSError"),
    (
        BROKEN,
        "DEAD",
        {"error": "BrokenPicture", "reason": "worker_lost"},
        "it died by the machinery's doing (worker_lost)",
    ),
    (succeeds_after(3), "SUCCEEDED", {"attempts": 2}, "it took 2 attempts where at least 3"),
    (
        dies_of("ServerTrouble", attempts=4),
        "DEAD",
        {"error": "ServerTrouble"},
        "it took 1 attempts where at least 4",
    ),
    (
        EITHER,
        "DEAD",
        {"error": "WorkerLost", "reason": "worker_lost"},
        "it died by the machinery's doing (worker_lost)",
    ),
    (
        EITHER,
        "DEAD",
        {"error": "X", "reason": "undecodable"},
        "it died by the machinery's doing (undecodable)",
    ),
    (EITHER, "DEAD", {"error": "X", "reason": "payload_missing"}, "it died by the machinery's doing"),
    (EITHER, "DEAD", {"error": "X", "reason": "rejected"}, "it died by the machinery's doing"),
    (SUCCEEDS, "DEAD", {}, "it died: no error"),
    *(
        (expect, state, {}, "it has no outcome")
        for expect in (SUCCEEDS, BROKEN, EITHER)
        for state in ("QUEUED", "RUNNING", "RETRYING")
    ),
    *(
        (expect, state, {}, f"it ended as {state}")
        for expect in (SUCCEEDS, BROKEN, EITHER)
        for state in ("CANCELLED", "EXPIRED")
    ),
    (SUCCEEDS, "LOST", {}, "it was accepted and is lost"),
    (EITHER, "SUCCEEDED", {"history": []}, "its history holds 0 outcomes instead of one"),
    (
        EITHER,
        "SUCCEEDED",
        {"history": [{"event": "died"}, {"event": "succeeded"}]},
        "its history holds 2 outcomes",
    ),
]


@pytest.mark.parametrize(("expect", "state", "facts"), GOOD)
def test_what_went_as_expected_is_good(job, expect, state, facts):
    assert judge(expect, job(state, **facts)).ok


@pytest.mark.parametrize(("expect", "state", "facts", "says"), BAD)
def test_what_did_not_is_bad_and_says_why(job, expect, state, facts, says):
    verdict = judge(expect, job(state, **facts))

    assert not verdict.ok
    assert verdict.sentence.startswith(says)


def test_an_error_is_told_in_one_line(job):
    assert (
        died_of(job("DEAD", error="E") | {"error": {"type": "E", "message": "two\n  lines"}})
        == "E: two lines"
    )


def test_the_troubles_of_earlier_attempts_are_read_from_the_history(job):
    history = [
        {"event": "claimed", "note": ""},
        {"event": "retry_scheduled", "note": "ServerTrouble"},
        {"event": "succeeded", "note": ""},
    ]

    assert troubles(job(history=history)) == ["ServerTrouble"]
