"""An emulator of the AWS APIs (ministack) as a child process on a loopback port.

    with Emulator(log_dir=tmp_path) as emulator:
        sqs = boto3.client("sqs", **emulator.client_options)

It knows nothing when it starts and forgets everything when it stops.
"""

import http.client
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jobline.local.child import Child, how_it_ended
from jobline.local.ports import LOOPBACK, PortBusy, choose

SERVICES = ("cloudformation", "dynamodb", "lambda", "s3", "sns", "sqs", "sts")
REGION = "us-east-1"
START_WITHIN = 30.0  # seconds; it takes one or two
STOP_WITHIN = 5.0
LOOK_EVERY = 0.05
TRIES = 3  # to find a port that is still free when the emulator asks for it
DUMMY_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}  # nosec B105

# What the emulator reads besides our own words for it: whatever of this the caller's environment holds stays out, since
# it would keep state, run scripts, open ports or ask for signatures.
FOREIGN = ("AWS_", "MINISTACK_", "LOCALSTACK_", "S3_", "SFTP_", "IOT_", "LAMBDA_", "DOCKER_")
FOREIGN_NAMES = ("PERSIST_STATE", "STATE_DIR", "AUTH", "USE_SSL", "EDGE_PORT", "SERVICES", "DEBUG")


class EmulatorFailed(Exception):
    """The emulator did not start; says why, in the last words of its log."""


class Emulator:
    """Start, stop and reset one emulator. Needs no Docker and no network, and listens on the loopback address alone."""

    module = "ministack"
    """What is run. A subclass may run one that mends something first."""

    def __init__(
        self,
        *,
        log_dir: Path,
        port: int = 0,
        services: Sequence[str] = SERVICES,
        start_within: float = START_WITHIN,
        option: str = "Emulator(port=...)",
    ) -> None:
        """`port` 0: any free one. `option` is what a person would use to choose another, for the message if it is busy."""
        self.log = log_dir / "emulator.log"
        self._wanted = port
        self._services = services
        self._start_within = start_within
        self._option = option
        self._child: Child | None = None
        self._pid = 0
        self.port = 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def child(self) -> Child:
        assert self._child is not None, "the emulator is not started"
        return self._child

    @property
    def pid(self) -> int:
        """Its process; the last one once it has ended."""
        return self._pid

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which boto3, or the aws command, speaks to this emulator and to nothing else."""
        return {
            **DUMMY_CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,  # a person's profiles and endpoints are for the real cloud
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def client_options(self) -> dict[str, Any]:
        """The keyword arguments of boto3.client(), for a program whose environment is not the emulator's."""
        return {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": DUMMY_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": DUMMY_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        }

    def client(self, service: str) -> Any:
        """A boto3 client for this emulator, whatever profiles, endpoints and proxies this process's environment names."""
        import boto3
        from botocore.config import Config
        from botocore.session import Session

        nothing = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        session: Any = boto3.session.Session(botocore_session=Session(session_vars=nothing))
        return session.client(service, config=Config(proxies={}), **self.client_options)

    def start(self) -> Self:
        """Start and wait until it answers. Raises PortBusy, or EmulatorFailed with what it said last."""
        for attempt in range(1, TRIES + 1):
            self.port = choose(self._wanted, option=self._option)
            try:
                self._start_once()
            except PortBusy:  # somebody was quicker
                if self._wanted or attempt == TRIES:
                    raise
            else:
                break
        return self

    def stop(self) -> None:
        """End it. Safe to call at any time, and again."""
        if self._child is not None:
            self._child.stop(STOP_WITHIN)
            self._child = None

    def reset(self) -> None:
        """Make it forget everything."""
        status, _ = self._ask("POST", "/_ministack/reset")
        if status != http.HTTPStatus.OK:
            raise EmulatorFailed(f"reset answered {status}; see {self.log}")

    def _start_once(self) -> None:
        mark = f"jobline-{os.getpid()}-{time.monotonic_ns()}"
        child = self._child = Child("emulator", self.module, environment=self._settings(mark), log=self.log)
        self._pid = child.pid
        try:
            self._wait(child, mark)
        except BaseException:
            self.stop()
            raise

    def _settings(self, mark: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN) and name not in FOREIGN_NAMES
        }
        return {
            **kept,
            "BIND_HOST": LOOPBACK,  # its default is every interface
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",  # these two would listen on every interface, on ports of their own
            "SFTP_ENABLED": "0",
            "SERVICES": ",".join(self._services),
            "MINISTACK_REGION": REGION,
            "MINISTACK_EDITION": mark,  # its health answer repeats this, so we know whom we are talking to
            "DOCKER_HOST": f"unix://{self.log.parent}/none",  # it tidies up containers, and they may be another's
            "TMPDIR": str(self.log.parent),  # for its pid file
        }

    def _wait(self, child: Child, mark: str) -> None:
        deadline = time.monotonic() + self._start_within
        while time.monotonic() < deadline:
            if not child.running:
                if "already in use" in child.tail():
                    raise PortBusy(self.port, self._option)
                raise EmulatorFailed(
                    f"the emulator {how_it_ended(child.wait())}; it said last:\n{child.tail()}"
                )
            if self._answers(mark):
                return
            time.sleep(LOOK_EVERY)
        raise EmulatorFailed(
            f"the emulator did not answer within {self._start_within:g} s; it said last:\n{child.tail()}"
        )

    def _answers(self, mark: str) -> bool:
        try:
            status, body = self._ask("GET", "/_ministack/health")
            return status == http.HTTPStatus.OK and json.loads(body).get("edition") == mark
        except (OSError, http.client.HTTPException, ValueError):
            return False

    def _ask(self, method: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
