"""Make an API key for the local stage and print it: `python -m jobline.local.dev_key`.

By the real verb and the real adapter, a new one each time the stack starts: nothing keeps it but its hash in the table.
"""

import os

from chalicelib.pipeline.api_keys import SCOPES, create_key
from chalicelib.settings import Settings
from chalicelib.wiring import build
from jobline.local.stage import see_task_modules

TENANT = "dev"


def main() -> None:
    see_task_modules()
    parts = build(Settings.from_env(os.environ))
    token, _ = create_key(tenant=TENANT, scopes=SCOPES, name="made by the local stack", parts=parts)
    print(token)


if __name__ == "__main__":
    main()
