"""The lanes: how long a message hides, how often it comes, and where it goes in the end."""

from collections.abc import Iterator

from chalicelib.lanes import LANES
from infra.names import DEAD_LETTERS
from jobline.doctor.finding import Fix, Seen, check, fail, ok
from jobline.doctor.live import Live

ROUNDS = 6  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
LEAST_RECEIVES = 5  # the same page
DAY = 24 * 60 * 60


@check(
    "visibility",
    why="A message that shows itself again while its function still runs is run by two at once, and used up sooner.",
    mend="python -m infra deploy --stage STAGE --parameter VisibilityTimeout=SECONDS",
)
def visibility(live: Live) -> Iterator[Seen]:
    for function, lane in live.fed.items():
        queue, hidden = live.names.queues[lane], int(live.queue(lane)["VisibilityTimeout"])
        runs = live.functions[function]["Timeout"]
        if hidden >= ROUNDS * runs:
            yield ok(f"{queue} hides for {hidden} s, {ROUNDS} × {runs} s or more")
        else:
            yield fail(
                f"{queue} hides for {hidden} s, which is less than {ROUNDS} × {runs} s",
                _hide(live, lane, ROUNDS * runs),
            )


def _hide(live: Live, lane: str, seconds: int) -> Fix:
    return Fix(
        what=f"let {live.names.queues[lane]} hide messages for {seconds} s",
        do=lambda: live.client("sqs").set_queue_attributes(
            QueueUrl=live.queue_url(lane), Attributes={"VisibilityTimeout": str(seconds)}
        ),
    )


@check(
    "redrive",
    why="Without it a message that nobody can read comes back for days; with too few deliveries throttling alone gets it there.",
    mend="python -m infra deploy --stage STAGE: the template has it; somebody changed the queue by hand.",
)
def redrive(live: Live) -> Iterator[Seen]:
    dead = live.queue(DEAD_LETTERS)["QueueArn"]
    for lane in LANES:
        queue, policy = live.names.queues[lane], live.redrive(lane)
        receives = int(policy.get("maxReceiveCount", 0))
        if policy.get("deadLetterTargetArn") != dead:
            yield fail(f"{queue} sends nothing to {live.names.queues[DEAD_LETTERS]}")
        elif receives < LEAST_RECEIVES:
            yield fail(
                f"{queue} gives a message up after {receives} deliveries, {LEAST_RECEIVES} are the least"
            )
        else:
            yield ok(f"{queue}: {receives} deliveries")


@check(
    "retention",
    why="A message keeps its age when it moves to the dead letters: with the same retention there, it would be gone on arrival.",
    mend="python -m infra deploy --stage STAGE: the template keeps lanes 4 days and dead letters 14.",
)
def retention(live: Live) -> Iterator[Seen]:
    dead = int(live.queue(DEAD_LETTERS)["MessageRetentionPeriod"])
    for lane in LANES:
        queue, kept = live.names.queues[lane], int(live.queue(lane)["MessageRetentionPeriod"])
        told = f"{queue} keeps for {kept / DAY:g} days, the dead letters for {dead / DAY:g}"
        yield ok(told) if dead > kept else fail(told)


CHECKS = (visibility, redrive, retention)
