"""The dashboard: a page, a style sheet and a few modules of JavaScript, as they are. No build step, no other host, no framework.

All data goes into text nodes (dom.js); the policy below lets no other script, style or host in, whatever a job's fields hold.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent

KINDS: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}

PAGE = "index.html"
FILES: Mapping[str, str] = {
    name: KINDS[f".{name.rpartition('.')[2]}"]
    for name in (
        PAGE,
        "style.css",
        "api.js",
        "banner.js",
        "budgets.js",
        "bulk.js",
        "charts.css",
        "charts.js",
        "costs.js",
        "dead.js",
        "dialogs.js",
        "differ.js",
        "dom.js",
        "door.js",
        "fields.js",
        "fold.js",
        "graph.js",
        "help.js",
        "job.js",
        "job_acts.js",
        "jobs.js",
        "keys.js",
        "lanes.js",
        "layout.js",
        "main.js",
        "overview.js",
        "pages.js",
        "palette.js",
        "patch.js",
        "plan.js",
        "release_form.js",
        "releases.js",
        "scale.js",
        "schedule.js",
        "schedule_form.js",
        "schedules.js",
        "schema.js",
        "states.js",
        "submit.js",
        "tasks.js",
        "tenants.js",
        "time.js",
        "topics.js",
        "waterfall.js",
        "webhooks.js",
        "workflow.js",
        "workflows.js",
    )
}
"""What is served, and as what. A test holds the list to the folder."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


@cache
def tag(name: str) -> str:
    """What tells one content of a file from every other one. Raises KeyError for any other name."""
    return f'"{sha256(text(name).encode()).hexdigest()[:20]}"'


def text(name: str) -> str:
    """One of the files. Raises KeyError for any other name."""
    _ = FILES[name]
    return (FOLDER / name).read_text(encoding="utf-8")
