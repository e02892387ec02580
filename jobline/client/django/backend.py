"""The backend: `enqueue` is a submission over HTTP, `get_result` a look at the job."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules

from jobline.client.django.interface import (
    AnyResult,
    AnyTask,
    BaseTaskBackend,
    TaskResultDoesNotExist,
    task_enqueued,
)
from jobline.client.django.results import result_of
from jobline.client.django.wishes import check, wish
from jobline.client.errors import NotFound
from jobline.client.http import options
from jobline.client.settings import KEY, URL, NotConfigured, url_and_key
from jobline.client.synchronous import Client

KNOWN = frozenset({URL, KEY, "LANES", "CLIENT"})

_lock = threading.Lock()
_clients: dict[str, tuple[object, Client]] = {}
_declared: dict[str, AnyTask] = {}


def close_clients() -> None:
    """Close the connections of this process; what is enqueued afterwards opens new ones."""
    with _lock:
        while _clients:
            _, (_, client) = _clients.popitem()
            client.close()


class JoblineBackend(BaseTaskBackend):
    """OPTIONS: JOBLINE_URL and JOBLINE_API_KEY, LANES (queue to lane), CLIENT (further options of `Client`). None is needed."""

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        unknown = set(self.options) - KNOWN
        if unknown:
            raise ImproperlyConfigured(f"TASKS[{alias!r}]: OPTIONS has no {', '.join(sorted(unknown))}")
        self._lanes: Mapping[str, str] = self.options.get("LANES", {})

    @property
    def client(self) -> Client:
        """The client: one a process, for all threads. Django makes a backend for each of them. Raises `NotConfigured`."""
        setup = (self._connection(), self.options.get("CLIENT", {}))
        with _lock:
            known = _clients.get(self.alias)
            if known is None or known[0] != setup:
                (url, token), further = setup
                known = _clients[self.alias] = (setup, Client(url, key=token, **further))
            return known[1]

    def validate_task(self, task: AnyTask) -> None:
        """Remember it as well: Django has every task looked at when it is declared. Raises `InvalidTask`."""
        super().validate_task(task)
        check(task, self._lanes)
        known = _declared.get(task.module_path)
        if known is None or known.func is not task.func:
            _declared[task.module_path] = task

    def enqueue(self, task: AnyTask, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AnyResult:
        """Submit the job. Raises `ClientError`, TypeError for arguments that the task does not take, or JSON not."""
        result = self._submit(task, args, kwargs)
        task_enqueued.send(type(self), task_result=result)
        return result

    async def aenqueue(self, task: AnyTask, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AnyResult:
        """The same, on a thread of its own: requests wait for answers side by side."""
        result = await sync_to_async(self._submit, thread_sensitive=False)(task, args, kwargs)
        await task_enqueued.asend(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> AnyResult:
        """The job as it is now. Raises `TaskResultDoesNotExist`, `ClientError`."""
        try:
            job = self.client.job(str(result_id))
        except NotFound as error:
            raise TaskResultDoesNotExist(result_id) from error
        return result_of(self._declared(job.task, result_id), job, backend=self.alias)

    async def aget_result(self, result_id: str) -> AnyResult:
        """The same, on a thread of its own."""
        return await sync_to_async(self.get_result, thread_sensitive=False)(result_id)

    def check(self, **_: Any) -> Iterable[CheckMessage]:
        """What `manage.py check` says: nobody is asked."""
        try:
            url, key = self._connection()
            options(url, key, {})
        except (NotConfigured, ValueError) as error:
            return [Error(f"TASKS[{self.alias!r}]: {error}", id="jobline.E001")]
        return []

    def _connection(self) -> tuple[str, str]:
        own = {name: self.options.get(name) or getattr(settings, name, None) for name in (URL, KEY)}
        return url_and_key(own)

    def _submit(self, task: AnyTask, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AnyResult:
        self.validate_task(task)
        handle = self.client.submit_job(wish(task, args, kwargs, self._lanes))
        return result_of(task, handle.job, backend=self.alias, args=args, kwargs=kwargs)

    @staticmethod
    def _declared(path: str, result_id: str) -> AnyTask:
        """The task of that path, if it is declared here: nothing is imported because a job names it."""
        if path not in _declared:
            autodiscover_modules("tasks")  # of the installed applications
        try:
            return _declared[path]
        except KeyError:
            raise TaskResultDoesNotExist(
                f"{result_id}: its task {path} is none of this project's; tasks outside of an application's tasks.py have to be imported"
            ) from None
