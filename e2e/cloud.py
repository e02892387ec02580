"""A cloud for a stage: the emulator, all services that a deploy asks for, and IAM enforced: who has no right is refused."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.place import Place
from jobline.local.emulator import REGION, Emulator
from jobline.local.ports import LOOPBACK

ACCOUNT = "000000000000"
ADMINISTRATOR = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
"""With an account's number for a key, the emulator takes the caller for the account itself."""

SERVICES = (
    *("apigateway", "cloudformation", "dynamodb", "events", "iam", "lambda"),
    *("logs", "monitoring", "s3", "sns", "sqs", "sts"),
)
BESIDE = f"{LOOPBACK},localhost"
"""What no proxy of this machine's is asked for."""


class Cloud(Emulator):
    """An account on the emulator, and its administrator's clients for it."""

    module = "e2e.emulator"

    def __init__(self, log_dir: Path) -> None:
        super().__init__(log_dir=log_dir, services=SERVICES)

    def _settings(self, mark: str) -> dict[str, str]:
        return {**super()._settings(mark), "AUTH": "true"}

    @property
    def environment(self) -> dict[str, str]:
        """The administrator's, for a command: this machine's own, but this cloud and no other."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JOBLINE_"))
        }
        listed = kept.get("no_proxy") or kept.get("NO_PROXY")
        beside = f"{listed},{BESIDE}" if listed else BESIDE
        return {**kept, **super().environment, **ADMINISTRATOR, "NO_PROXY": beside, "no_proxy": beside}

    @property
    def client_options(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": ADMINISTRATOR["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": ADMINISTRATOR["AWS_SECRET_ACCESS_KEY"],
        }

    @cached_property
    def clients(self) -> dict[str, Any]:
        """Service to client, made on first use."""
        return {}

    def ask(self, service: str) -> Any:
        """The administrator's client for a service."""
        if service not in self.clients:
            self.clients[service] = self.client(service)
        return self.clients[service]

    @property
    def place(self) -> Place:
        """The same, for what infra asks of a stage."""
        return _Here(self)


class _Here(Place):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud

    def client(self, service: str) -> Any:
        return self._cloud.ask(service)
