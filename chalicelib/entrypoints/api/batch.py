"""Many jobs in one request, each answered for itself."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import InvalidInput, JoblineError
from chalicelib.domain.job import TERMINAL
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import brief
from chalicelib.entrypoints.api.job_shape import JobDocument
from chalicelib.entrypoints.api.problem import Problem, problem
from chalicelib.entrypoints.api.reading import read
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.submission import NewBatchJob, job_request
from chalicelib.pipeline.asked import Made, Submitted
from chalicelib.pipeline.enqueue import JobRequest, submit

MOST_JOBS = 1000


class Batch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Jobs to be run. Each is read for itself, so that a wrong one harms no other."""

    jobs: Annotated[
        list[Any],
        Meta(
            min_length=1,
            max_length=MOST_JOBS,
            extra_json_schema={"items": {"$ref": "#/components/schemas/NewBatchJob"}},
        ),
    ]


class BatchEntry(TypedDict):
    """The answer that POST /jobs would have given: its status, and the job or the problem."""

    status: int
    job: NotRequired[JobDocument]
    made: NotRequired[
        Annotated[
            Literal["existing", "replaced"], Meta(description="what the header Jobline-Job is to POST /jobs")
        ]
    ]
    problem: NotRequired[Annotated[Problem, Meta(description="`argument` is named as within the one job")]]


class BatchAnswer(TypedDict):
    """The answers, in the order of the request."""

    jobs: list[BatchEntry]


def submit_batch(request: Request) -> Answer:
    """Accept up to 1,000 jobs. The whole is 200 whatever became of each."""
    batch: Batch = request.body
    if request.header("Idempotency-Key") is not None:
        raise InvalidInput(
            "Idempotency-Key", "is for one job; give each job of a batch its own idempotency_key"
        )
    asked = [_asked(values, request) for values in batch.jobs]
    good = [one for one in asked if isinstance(one, JobRequest)]
    answers = iter(submit(good, parts=request.parts))
    entries = [_entry(next(answers) if isinstance(one, JobRequest) else one, request) for one in asked]
    body: BatchAnswer = {"jobs": entries}
    return Answer(status=200, body=body)


def _asked(values: Any, request: Request) -> JobRequest | InvalidInput:
    try:
        new = read(values, NewBatchJob, whole="job")
        return job_request(new, tenant=request.tenant, key=new.idempotency_key)
    except InvalidInput as error:
        return error


def _entry(answer: Submitted | Exception, request: Request) -> BatchEntry:
    if isinstance(answer, Submitted):
        job = answer.job
        entry: BatchEntry = {
            "status": 200 if job.state in TERMINAL else 202,
            "job": brief(job, request.parts),
        }
        if answer.made is not Made.NEW:
            entry["made"] = "existing" if answer.made is Made.EXISTING else "replaced"
        return entry
    assert isinstance(answer, JoblineError), "a bug rises before it can become an answer"
    told = problem(answer, request.id)
    return {"status": told.status, "problem": told.body}
