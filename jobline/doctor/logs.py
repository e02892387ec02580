"""Where the functions log: there, and with an end to what is kept."""

from collections.abc import Iterator

from jobline.doctor.finding import Fix, Seen, check, fail, ok
from jobline.doctor.live import Live

DAYS = 30  # the template's default


@check(
    "log retention",
    why="A log group without retention keeps, and costs, for ever; the functions may not make a missing one and would log nowhere.",
    mend="python -m infra deploy --stage STAGE (with Watched=true, the default)",
)
def retention(live: Live) -> Iterator[Seen]:
    for group in live.names.log_groups.values():
        found = live.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        exact = [each for each in found if each["logGroupName"] == group]
        if not exact:
            yield fail(f"{group} is not there")
        elif days := exact[0].get("retentionInDays"):
            yield ok(f"{group}: {days} days")
        else:
            yield fail(f"{group} keeps for ever", _keep(live, group))


def _keep(live: Live, group: str) -> Fix:
    return Fix(
        what=f"keep {group} for {DAYS} days (older lines go)",
        do=lambda: live.client("logs").put_retention_policy(logGroupName=group, retentionInDays=DAYS),
    )


CHECKS = (retention,)
