"""The environment variables. What each is for stands here; a test finds those that the code reads and this table lacks, and the other way round."""

import re
from collections.abc import Iterator
from datetime import timedelta

from chalicelib.pipeline.limits import Limits
from press.nav import ROOT
from press.reference.table import code, table

LIMITS = Limits()
READERS = ("app.py", "chalicelib", "jobline", "infra")
INTERNAL = frozenset({"JOBLINE_COMPLETE", "JOBLINE_LEASH"})
"""Between our own processes, or of a library's; nobody sets them by hand."""


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():.0f}"


FUNCTIONS: dict[str, tuple[str, str]] = {
    "JOBLINE_APP": ("jobline", "the first half of every name: table, queues, functions"),
    "JOBLINE_STAGE": ("local", "the second half. Both are 1 to 31 lower-case letters, digits and dashes"),
    "JOBLINE_BUCKET": (
        "<app>-<stage>-payloads",
        "where large arguments and results lie. The stack's own by default; a deploy fills it in",
    ),
    "JOBLINE_TASKS": ("chalicelib.tasks", "the modules with your `@task` functions, parted by commas"),
    "JOBLINE_METRICS": ("on on Lambda, else off", "whether metrics are printed"),
    "JOBLINE_SEAL_KEY": (
        "",
        "the ARN of the KMS key by which what jobs carry is sealed: [sealed payloads](../sealing.md)",
    ),
    "JOBLINE_OPEN_KEYS": ("", "further ones, commas between them, by which what was sealed before is opened"),
    "JOBLINE_DATA_KEY": (
        "",
        "the ARN of the KMS key that encrypts table, bucket, queues and topic: [at rest](../security.md#at-rest-and-in-transit). A deploy reads it",
    ),
    "JOBLINE_DIRECT_CALLS": (
        "on",
        "`off`: all calls to DynamoDB and SQS go by botocore's machinery: [decision 31](../decisions/0031-direct-calls.md)",
    ),
    "JOBLINE_STATISTICS": ("on", "whether statistics are kept in the table: [statistics](../stats.md)"),
    "JOBLINE_SWEEP_GRACE": (_seconds(LIMITS.grace), "how many seconds behind now the sweep lists rows"),
    "JOBLINE_CLOCK_LIMIT": (
        _seconds(LIMITS.clock_limit),
        "how long a submission may take before its row gets an appointment at once. Below the grace; the difference is what clocks may differ by",
    ),
    "JOBLINE_WAKE_GRACE": (
        _seconds(LIMITS.wake_grace),
        "the first wait after a wake-up before another is sent",
    ),
    "JOBLINE_LEASE_SKEW": (
        _seconds(LIMITS.lease_skew),
        "how much longer a lease is than the invocation has left, for clocks that differ",
    ),
    "JOBLINE_IAM": (
        "off",
        "whether requests are signed with AWS credentials, instead of keys: [AWS signatures](../security.md#aws-signatures)",
    ),
    "JOBLINE_JWT_ISSUER": (
        "none",
        "the OIDC issuer whose tokens are believed beside API keys: [bearer tokens](../security.md#bearer-tokens)",
    ),
    "JOBLINE_JWT_AUDIENCE": ("", "what a token's `aud` must be, or have; needed with an issuer"),
    "JOBLINE_JWT_ALGORITHM": ("RS256", "or ES256; no other is taken"),
    "JOBLINE_JWT_KEYS": (
        "what the issuer's discovery document says",
        "where the issuer's keys are, if that is another host",
    ),
    "JOBLINE_JWT_TENANT": ("tenant", "the claim that is the tenant"),
    "JOBLINE_JWT_SCOPE": ("scope", "the claim with the scopes"),
    "JOBLINE_JWT_SCOPES": ("submit,read,operate", "the scopes that tokens may give"),
    "JOBLINE_JWT_PREFIX": ("jobline:", "what stands before our scopes in that claim"),
    "JOBLINE_JWT_LEEWAY": ("30", "how many seconds clocks may differ by, up to 300"),
    "JOBLINE_WEBHOOKS_TO_LOOPBACK": (
        "off",
        "lets webhooks reach this machine; `jobline up` alone may say `on`",
    ),
}
CALLERS: dict[str, tuple[str, str]] = {
    "JOBLINE_URL": ("", "the API's address, for the command, the client's extensions and your own programs"),
    "JOBLINE_API_KEY": (
        "",
        "the key for it. With an address from the environment, no other place's key is used",
    ),
    "JOBLINE_PROFILE": ("the one in use", "which profile the command takes (`jobline profile list`)"),
    "JOBLINE_CHALICE": (
        "chalice.cli",
        "the Chalice that deploys: another module where an emulator lacks something",
    ),
}


def page() -> str:
    """The page."""
    return "\n".join(
        [
            "# Settings\n",
            "Jobline reads them from the environment, once, and refuses what it cannot read by its name. A stage's are in `.chalice/config.json`, under `environment_variables`.\n",
            "## Of the functions\n",
            table(("variable", "default", "what it is"), _rows(FUNCTIONS)),
            "\nNumbers are whole seconds from 1 to 3600, where nothing else is said. What a task may say of itself is in its decorator: [the Python API](python.md#task).\n",
            "## Of those who call\n",
            table(("variable", "default", "what it is"), _rows(CALLERS)),
            "",
        ]
    )


def _rows(variables: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    return ((code(name), code(default), about) for name, (default, about) in variables.items())


def read_by_the_code() -> frozenset[str]:
    """The variables that the code names, our own processes' aside."""
    files = [
        file
        for name in READERS
        for file in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
    ]
    found = {
        name
        for file in files
        for name in re.findall(r"\bJOBLINE_[A-Z_]+[A-Z]\b", file.read_text(encoding="utf-8"))
    }
    return frozenset(found) - INTERNAL
