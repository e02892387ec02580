"""The stage of a run: emulator, bad network, API, consumers and tick, each a process of its own, all ended with it."""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.stack import provision
from jobline.local.emulator import Emulator
from jobline.local.ports import LOOPBACK, listen
from jobline.local.stack import create_dev_key
from jobline.local.stage import stage_environment
from proof.processes.actors import Actor
from proof.processes.journal import Journal
from proof.processes.proxy import Proxy
from proof.processes.scale import ENVIRONMENT, VISIBILITY_TIMEOUT
from proof.processes.weather import Weather
from proof.processes.witness import WITNESS

APP = "jobline"
STAGE = "proof"
TASKS = "proof.processes.tasks"
DEAD_LETTERS = "dead-letters"
CONSUMERS = ("consumer-1", "consumer-2", "consumer-3")


class Stage:
    """`with Stage(folder, seed=...) as stage`. Everything that it writes is in the folder."""

    def __init__(self, folder: Path, *, seed: int, mutant: str | None = None, honest: bool = False) -> None:
        """`honest`: no clock is worse than the stage allows for."""
        self.journal = Journal(folder / "journal.jsonl")
        self.witness = folder / "starts"
        self.logs = folder / "logs"
        self.weather = Weather(seed)
        self.actors: dict[str, Actor] = {}
        self.api_url = ""
        self.api_key = ""
        self._seed = seed
        self._honest = honest
        self._extra = [] if mutant is None else ["--mutant", mutant]
        self._exit = ExitStack()
        self._emulator = Emulator(log_dir=self.logs)
        self._proxy: Proxy | None = None

    def __enter__(self) -> Self:
        with self._exit:  # ends what was started if the rest does not
            self._exit.callback(self.journal.close)
            self._exit.enter_context(self._emulator)
            self._start()
            self._exit = self._exit.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    @property
    def proxy(self) -> Proxy:
        assert self._proxy is not None, "the stage is not started"
        return self._proxy

    @property
    def pids(self) -> dict[str, int]:
        """Every process, by name."""
        return {"emulator": self._emulator.pid, **{name: actor.pid for name, actor in self.actors.items()}}

    @property
    def consumers(self) -> list[Actor]:
        return [self.actors[name] for name in CONSUMERS]

    def client(self, service: str) -> Any:
        """A boto3 client that speaks to the emulator itself: what the ledger reads is not read through a bad network."""
        return self._emulator.client(service)

    def _start(self) -> None:
        names = ["api", "ticker", *CONSUMERS]
        self._proxy = Proxy(names, port=self._emulator.port, weather=self.weather, journal=self.journal)
        self._exit.enter_context(self._proxy)
        listening = self._exit.enter_context(listen(0, option="-"))
        self.api_url = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        parameters = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT), "DeletionProtection": "false"}
        provision(self._emulator.client("cloudformation"), app=APP, stage=STAGE, parameters=parameters)
        environment = self._environment()
        self._add("ticker", "ticker", [])
        for name in CONSUMERS:
            self._add(name, "consumer", [])
        self._add("api", "api", ["--fd", str(listening.fileno())], pass_fds=[listening.fileno()])
        self.api_key = create_dev_key(environment)
        for actor in self.actors.values():
            actor.await_ready()

    def _environment(self) -> dict[str, str]:
        environment = stage_environment(
            os.environ, self._emulator.environment, tasks=TASKS, app=APP, stage=STAGE
        )
        return {**environment, **ENVIRONMENT, WITNESS: str(self.witness)}

    def _add(self, name: str, part: str, arguments: list[str], pass_fds: list[int] | None = None) -> None:
        actor = Actor(
            name,
            part,
            [*self._extra, *arguments],
            environment={**self._environment(), "AWS_ENDPOINT_URL": self.proxy.doors[name].url},
            log_dir=self.logs,
            journal=self.journal,
            seed=hash((self._seed, len(self.actors))),
            honest=self._honest,
            pass_fds=pass_fds or [],
        )
        self.actors[name] = actor
        self._exit.callback(actor.stop)
        actor.start()
