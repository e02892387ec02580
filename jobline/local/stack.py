"""The whole of Jobline on this machine: emulator, queues and table, API, consumer, tick. Started and ended as one.

    with LocalStack(tasks="examples.demo.tasks") as stack:
        httpx.post(f"{stack.api_url}/jobs", headers={"Authorization": f"Bearer {stack.api_key}"}, json=...)

Needs no AWS account, no Docker and no network, and listens on the loopback address alone.
"""

import http.client
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from chalicelib.domain.lane import VISIBILITY
from infra.stack import provision
from jobline.local.child import Child, how_it_ended
from jobline.local.emulator import Emulator
from jobline.local.ports import LOOPBACK, listen
from jobline.local.python import finding_us, run_module
from jobline.local.stage import longest_timeout, stage_environment
from jobline.local.supervised import DidNotStart, Say, Supervised

APP = "jobline"
STAGE = "local"
READY_WITHIN = 30.0  # seconds for each process; they take one or two
ANSWER_WITHIN = 30.0
DRAIN = 10.0  # seconds for the batches in hand; nothing outlives the emulator anyway
STOP_WITHIN = 3.0

KeyMaker = Callable[[Mapping[str, str]], str]


def create_dev_key(environment: Mapping[str, str]) -> str:
    """A new API key of the tenant "dev" with all scopes, made in a process that has the stage's environment."""
    made = subprocess.run(
        run_module("jobline.local.dev_key"),
        env=finding_us(environment),
        capture_output=True,
        text=True,
        timeout=READY_WITHIN,
        check=False,
    )
    if made.returncode != 0:
        raise DidNotStart(f"no API key could be made; it said last:\n{made.stderr.strip()[-2000:]}")
    return made.stdout.strip()


class LocalStack:
    """One stage on one machine. `start` or `with`; `stop` ends all that it started, also after a start that failed."""

    def __init__(
        self,
        *,
        tasks: str = "chalicelib.tasks",
        port: int = 0,
        emulator_port: int = 0,
        log_dir: Path | str = Path("build/local/logs"),
        app: str = "app",
        say: Say = print,
        make_key: KeyMaker = create_dev_key,
    ) -> None:
        """Ports: 0 for any free one. `tasks`: the modules with @task functions, separated by commas.

        `say` gets a line for people when a process died and another was started. `app` is the module with the
        handlers, `make_key` what makes the API key in the stage's environment: for tests.
        """
        self.log_dir = Path(log_dir).resolve()
        self.environment: dict[str, str] = {}
        self.api_url = ""
        self.api_key = ""
        self.failed = (
            threading.Event()
        )  # set when the stack cannot go on: the emulator died, and all state with it
        self._tasks = tasks
        self._port = port
        self._app = app
        self._say = say
        self._make_key = make_key
        self._stopping = threading.Event()
        self._exit = ExitStack()
        self._emulator = Emulator(log_dir=self.log_dir, port=emulator_port, option="--emulator-port")
        self._processes: dict[str, Supervised] = {}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def emulator_url(self) -> str:
        return self._emulator.url

    @property
    def consumer_pid(self) -> int:
        """The process that runs the jobs, now: another one after a death."""
        return self._processes["consumer"].pid

    @property
    def pids(self) -> dict[str, int]:
        """Every process of the stack, by name; those that ran last once it has ended."""
        found = {name: process.pid for name, process in self._processes.items()}
        return {"emulator": self._emulator.pid, **found}

    @property
    def restarts(self) -> int:
        """How many processes died and were started again."""
        return sum(process.restarts for process in self._processes.values())

    def start(self) -> Self:
        """Start everything and wait until the API answers. Raises PortBusy, EmulatorFailed, StackFailed, DidNotStart."""
        with self._exit:  # ends what was started if the rest does not
            listening = self._exit.enter_context(listen(self._port, option="--port"))
            port: int = listening.getsockname()[1]
            self.api_url = f"http://{LOOPBACK}:{port}"
            self._exit.enter_context(self._emulator)
            self.environment = stage_environment(
                os.environ, self._emulator.environment, tasks=self._tasks, app=APP, stage=STAGE
            )
            self._provision()
            self._launch("consumer", grace=DRAIN)
            self._launch("ticker", grace=STOP_WITHIN)
            self._launch(
                "api", "--fd", str(listening.fileno()), grace=STOP_WITHIN, pass_fds=(listening.fileno(),)
            )
            self.api_key = self._make_key(self.environment)
            for process in self._processes.values():
                process.await_ready()
            self._await_answer(port)
            self._exit = self._exit.pop_all()
        threading.Thread(target=self._watch_emulator, args=(self._emulator.child,), daemon=True).start()
        return self

    def stop(self) -> None:
        """End all processes in the reverse order of their start: no more requests, no more ticks, batches in hand, the cloud."""
        self._stopping.set()
        self._exit.close()

    def _provision(self) -> None:
        hidden = int(VISIBILITY * longest_timeout())
        parameters = {"VisibilityTimeout": str(hidden), "DeletionProtection": "false"}
        provision(self._emulator.client("cloudformation"), app=APP, stage=STAGE, parameters=parameters)

    def _launch(self, name: str, *arguments: str, grace: float, pass_fds: Sequence[int] = ()) -> None:
        given = ["--app", self._app, "--log", str(self.log_dir / f"{name}.log"), *arguments]
        output = self.log_dir / f"{name}.out"  # what it prints, and what Python says when it breaks

        def start() -> Child:
            return Child(
                name,
                f"jobline.local.{name}",
                given,
                environment=self.environment,
                log=output,
                pass_fds=pass_fds,
            )

        process = self._processes[name] = Supervised(name, start, say=self._say, ready_within=READY_WITHIN)
        self._exit.callback(process.stop, grace)
        process.launch()

    def _await_answer(self, port: int) -> None:
        deadline = time.monotonic() + ANSWER_WITHIN
        answer = "nothing"
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_WITHIN)
            try:
                connection.request("GET", "/health")
                response = connection.getresponse()
                if response.status == HTTPStatus.OK:
                    return
                answer = f"{response.status}: {response.read(500)!r}"
            except (OSError, http.client.HTTPException) as error:
                answer = repr(error)
            finally:
                connection.close()
            time.sleep(0.1)
        raise DidNotStart(f"the api does not answer as it should at {self.api_url}/health, but {answer}")

    def _watch_emulator(self, emulator: Child) -> None:
        status = emulator.wait()
        if not self._stopping.is_set():
            self._say(
                f"emulator (pid {emulator.pid}) {how_it_ended(status)}; all state was in its memory, so this is the end"
                f" (its log: {emulator.log})"
            )
            self.failed.set()
