"""The client: submit jobs over HTTP, wait for them, watch them. `Client` and `AsyncClient` are twins; nothing but httpx is needed.

    from jobline.client import Client

    with Client("https://....amazonaws.com/api", key="jl_...") as jobs:
        handle = jobs.submit("summarise_csv", text=open("a.csv").read(), column="price")
        print(handle.result(timeout=30))

Every submission carries an idempotency key, so each request may be sent again when no answer came, and is: a job is never made twice.
"""

from jobline.client.asynchronous import AsyncClient, AsyncHandle
from jobline.client.errors import (
    ApiError,
    ClientError,
    JobNotSucceeded,
    NotFound,
    Refused,
    Throttled,
    Unreachable,
)
from jobline.client.job import Job, NewJob
from jobline.client.synchronous import Client, Handle

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncHandle",
    "Client",
    "ClientError",
    "Handle",
    "Job",
    "JobNotSucceeded",
    "NewJob",
    "NotFound",
    "Refused",
    "Throttled",
    "Unreachable",
]
