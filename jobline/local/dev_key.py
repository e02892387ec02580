"""Make an API key for the local stage and print it: `python -m jobline.local.dev_key`.

By the real verb and the real adapter, a new one each time the stack starts: nothing keeps it but its hash in the table. It may do everything,
so it is made on this machine's own emulator and nowhere else, whatever the environment says.
"""

import os
import sys
from urllib.parse import urlsplit

from chalicelib.pipeline.api_keys import SCOPES, create_key
from chalicelib.settings import Settings
from chalicelib.wiring import build
from jobline.local.stage import see_task_modules

TENANT = "dev"


def main() -> None:
    if urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname not in ("127.0.0.1", "localhost"):
        sys.exit(
            "a key that may do everything is made for a stage on this machine alone: jobline keys create"
        )
    see_task_modules()
    parts = build(Settings.from_env(os.environ))
    token, _ = create_key(tenant=TENANT, scopes=SCOPES, name="made by the local stack", parts=parts)
    print(token)


if __name__ == "__main__":
    main()
