"""Which messages a function's answer deletes: the table of what AWS documents, in both readings where sources disagree."""

import pytest

from jobline.local.partial import Malformed, Reading, done_with

BATCH = ["a", "b", "c"]
ALL = BATCH
NONE = Malformed


def names(*ids):
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}


@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize(
    ("answer", "deleted"),
    [
        pytest.param(None, ALL, id="no answer"),
        pytest.param({}, ALL, id="an empty answer"),
        pytest.param({"batchItemFailures": None}, ALL, id="a null list"),
        pytest.param({"batchItemFailures": []}, ALL, id="an empty list"),
        pytest.param({"statusCode": 200}, ALL, id="an answer about something else"),
        pytest.param(names("b"), ["a", "c"], id="one failed"),
        pytest.param(names("b", "b"), ["a", "c"], id="one failed, named twice"),
        pytest.param(names("c", "a"), ["b"], id="two failed, in any order"),
        pytest.param(names("a", "b", "c"), [], id="all failed"),
        pytest.param("fine", NONE, id="a text"),
        pytest.param([], NONE, id="a list"),
        pytest.param(0, NONE, id="a number"),
        pytest.param({"batchItemFailures": "a"}, NONE, id="a text for the list"),
        pytest.param({"batchItemFailures": {"itemIdentifier": "a"}}, NONE, id="an object for the list"),
    ],
)
def test_an_answer_that_both_readings_agree_on(answer, deleted, reading):
    if deleted is Malformed:
        with pytest.raises(Malformed):
            done_with(BATCH, answer, reading=reading)
    else:
        assert done_with(BATCH, answer, reading=reading) == deleted


@pytest.mark.parametrize(
    ("answer", "ignored_deletes"),
    [
        pytest.param(names("x"), ALL, id="an unknown id"),
        pytest.param(names("b", "x"), ["a", "c"], id="a known and an unknown id"),
        pytest.param(names(""), ALL, id="an empty id"),
        pytest.param(names(None), ALL, id="a null id"),
        pytest.param(names(1), ALL, id="a number for an id"),
        pytest.param({"batchItemFailures": [{"messageId": "b"}]}, ALL, id="a wrong key"),
        pytest.param({"batchItemFailures": ["b"]}, ["a", "c"], id="a bare id"),
        pytest.param({"batchItemFailures": [None]}, ALL, id="a null entry"),
        pytest.param({"batchItemFailures": [["b"]]}, ALL, id="a list for an entry"),
    ],
)
def test_an_answer_that_names_no_message_is_read_in_two_ways(answer, ignored_deletes):
    assert done_with(BATCH, answer, reading=Reading.IGNORED) == ignored_deletes

    if answer == {"batchItemFailures": ["b"]}:
        return
    with pytest.raises(Malformed):
        done_with(BATCH, answer, reading=Reading.WHOLE_BATCH_FAILS)


def test_the_stricter_reading_is_the_one_in_use():
    with pytest.raises(Malformed):
        done_with(BATCH, names("x"))
