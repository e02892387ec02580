"""What lets the world in: the rule that ticks, and the API."""

from collections.abc import Iterator

from infra import live as standing
from jobline.doctor.finding import Seen, check, fail, ok
from jobline.doctor.live import Live

EVERY = "rate(1 minute)"
DEPLOY = "python -m infra deploy --stage STAGE"


@check(
    "schedule",
    why="Without the tick nothing that was forgotten is found, and no delay beyond 15 minutes comes due.",
    mend=DEPLOY + "; aws events enable-rule --name RULE",
)
def schedule(live: Live) -> Iterator[Seen]:
    rule, tick = live.names.rule, live.names.functions["tick"]
    events = live.client("events")
    found = events.describe_rule(Name=rule)
    if found.get("State") != "ENABLED":
        yield fail(f"{rule} is {found.get('State')}")
    if found.get("ScheduleExpression") != EVERY:
        yield fail(f"{rule} runs at {found.get('ScheduleExpression')}, not {EVERY}")
    targets = [each["Arn"] for each in events.list_targets_by_rule(Rule=rule)["Targets"]]
    if any(arn.endswith(f":function:{tick}") for arn in targets):
        yield ok(f"{rule} starts {tick}, {EVERY}")
    else:
        yield fail(f"{rule} does not start {tick}")


@check(
    "API",
    why="Without it nobody submits; on the edge instead of in the region it could never be given more than 29 seconds.",
    mend=DEPLOY,
)
def api(live: Live) -> Iterator[Seen]:
    found = standing.rest_api(live.place, live.names)
    if found is None:
        yield fail(f"no REST API may call {live.names.rest_api}")
        return
    kinds = live.client("apigateway").get_rest_api(restApiId=found)["endpointConfiguration"]["types"]
    yield ok(f"{found} is regional") if kinds == ["REGIONAL"] else fail(f"{found} is {', '.join(kinds)}")


CHECKS = (schedule, api)
