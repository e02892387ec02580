"""The alarms: all there, allowed to act, heard by somebody, and silent now."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra import keyless
from infra.stack import TEMPLATE
from jobline.doctor.finding import Fix, Seen, check, fail, ok, warn
from jobline.doctor.live import Live

DEPLOY = "python -m infra deploy --stage STAGE (with Watched=true, the default)"
NAME = re.compile(r"AlarmName: !Sub \$\{App\}-\$\{Stage\}-([a-z0-9-]+)")


def expected(environment: Mapping[str, str] | None = None) -> list[str]:
    """The template's alarms, by what follows app and stage in their names; and the one of a stage that seals."""
    found = NAME.findall(TEMPLATE.read_text(encoding="utf-8"))
    return [*found, keyless.NAME] if keyless.names_a_key(environment or {}) else found


def _there(live: Live) -> dict[str, dict[str, Any]]:
    """Of the template's alarms those that are there, by their short names."""
    prefix = f"{live.names.prefix}-"
    pages = live.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    found = {
        alarm["AlarmName"].removeprefix(prefix): alarm for page in pages for alarm in page["MetricAlarms"]
    }
    return {name: found[name] for name in expected(live.stage.environment) if name in found}


@check("alarms", why="What has no alarm is found out by your customers.", mend=DEPLOY)
def there(live: Live) -> Iterator[Seen]:
    found = _there(live)
    missing = [name for name in expected(live.stage.environment) if name not in found]
    yield fail(f"missing: {', '.join(missing)}") if missing else ok(f"{len(found)} are there")


@check(
    "alarm actions",
    why="An alarm whose actions are off, or that has none, goes off and tells nobody.",
    mend=DEPLOY + "; aws cloudwatch enable-alarm-actions --alarm-names NAME",
)
def actions(live: Live) -> Iterator[Seen]:
    for name, alarm in _there(live).items():
        full = alarm["AlarmName"]
        if not any(arn.endswith(f":{live.names.alarms}") for arn in alarm.get("AlarmActions", [])):
            yield fail(f"{name} tells nobody")
        elif not alarm.get("ActionsEnabled", True):
            yield fail(f"{name} is muted", _enable(live, full))
        else:
            yield ok(f"all tell {live.names.alarms}")


def _enable(live: Live, name: str) -> Fix:
    return Fix(
        what=f"let the alarm {name} act again",
        do=lambda: live.client("cloudwatch").enable_alarm_actions(AlarmNames=[name]),
    )


@check(
    "alarm listeners",
    why="Alarms go to a topic; without a confirmed subscriber nobody hears them.",
    mend="python -m infra deploy --stage STAGE --parameter AlarmEmail=YOU@EXAMPLE.COM, and confirm the mail that comes.",
)
def listeners(live: Live) -> Iterator[Seen]:
    arn = f"arn:aws:sns:{live.place.region}:{live.place.account}:{live.names.alarms}"
    found = live.client("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    confirmed = [each for each in found if each["SubscriptionArn"].startswith("arn:")]
    if confirmed:
        yield ok(f"{len(confirmed)} subscribed")
    else:
        yield warn(
            f"nobody is subscribed; {len(found)} not yet confirmed" if found else "nobody is subscribed"
        )


@check(
    "alarms now",
    why="Something is going on at this moment.",
    mend="docs/operations.md has a section for each alarm: what it means, and what to do.",
)
def now(live: Live) -> Iterator[Seen]:
    on = [name for name, alarm in _there(live).items() if alarm.get("StateValue") == "ALARM"]
    yield warn(f"on: {', '.join(on)}") if on else ok("silent")


CHECKS = (there, actions, listeners, now)
