"""What feeds a lane's consumer can be looked at, turned off and turned on, for itself."""

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters.aws.feeds import LambdaFeeds
from chalicelib.domain.errors import ServiceRefused, Unavailable
from chalicelib.lanes import LANES
from chalicelib.pipeline.ports import Feed


@pytest.fixture(scope="module")
def feeds(world):
    world.empty()
    world.feed_lanes()
    return world.feeds


def test_lanes_are_fed_from_the_beginning(feeds):
    assert [feeds.look(lane) for lane in LANES] == [Feed.ON] * len(LANES)


def test_a_lane_is_turned_off_and_on_and_no_other_with_it(feeds):
    feeds.turn("default", on=False)
    assert [feeds.look(lane) for lane in ("high", "default", "low")] == [Feed.ON, Feed.OFF, Feed.ON]
    feeds.turn("default", on=False)
    assert feeds.look("default") is Feed.OFF
    feeds.turn("default", on=True)
    assert feeds.look("default") is Feed.ON


class Said:
    """A client that answers as told."""

    def __init__(self, *states, code=None, pages=1):
        self.lambda_ = self
        self._states, self._code, self._pages = states, code, pages
        self.asked = []

    def list_event_source_mappings(self, *, FunctionName, Marker="0"):  # noqa: N803 - boto3's names
        if self._code:
            raise ClientError({"Error": {"Code": self._code}}, "ListEventSourceMappings")
        arn = "arn:aws:sqs:us-east-1:1:q"
        found = [
            {"UUID": f"{Marker}{n}", "State": state, "EventSourceArn": arn}
            for n, state in enumerate(self._states)
        ]
        more = int(Marker) + 1 < self._pages
        return {"EventSourceMappings": found, **({"NextMarker": str(int(Marker) + 1)} if more else {})}

    def update_event_source_mapping(self, *, UUID, Enabled):  # noqa: N803
        self.asked.append((UUID, Enabled))
        if self._states[0] == "Updating":
            raise ClientError({"Error": {"Code": "ResourceInUseException"}}, "UpdateEventSourceMapping")


@pytest.mark.parametrize(
    ("states", "feed"),
    [
        ([], Feed.ABSENT),
        (["Enabled"], Feed.ON),
        (["Creating"], Feed.ON),
        (["Enabling"], Feed.ON),
        (["Disabled"], Feed.OFF),
        (["Disabling"], Feed.OFF),
        (["Updating"], Feed.CHANGING),
        (["Deleting"], Feed.CHANGING),
        (["of tomorrow"], Feed.CHANGING),
        (["Enabled", "Disabled"], Feed.CHANGING),
    ],
)
def test_a_mapping_says_where_it_is_going(states, feed):
    assert LambdaFeeds(Said(*states), {"high": "f"}).look("high") is feed


def test_all_pages_of_mappings_are_read_and_all_are_turned():
    said = Said("Enabled", pages=2)
    LambdaFeeds(said, {"high": "f"}).turn("high", on=False)
    assert said.asked == [("00", False), ("10", False)]


def test_where_there_is_no_such_function_nothing_feeds():
    assert LambdaFeeds(Said(code="ResourceNotFoundException"), {"high": "f"}).look("high") is Feed.ABSENT


def test_a_mapping_that_is_changing_is_asked_again_later():
    with pytest.raises(Unavailable):
        LambdaFeeds(Said("Updating"), {"high": "f"}).turn("high", on=False)


def test_a_right_that_is_missing_is_not_waited_for():
    with pytest.raises(ServiceRefused):
        LambdaFeeds(Said(code="AccessDeniedException"), {"high": "f"}).look("high")
