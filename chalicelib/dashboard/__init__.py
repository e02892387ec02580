"""The dashboard: a page, a style sheet and a few modules of JavaScript, as they are. No build step, no other host, no framework.

All data goes into text nodes (dom.js); the policy below lets no other script, style or host in, whatever a job's fields hold.
"""

from collections.abc import Mapping
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
        "main.js",
        "api.js",
        "dom.js",
        "overview.js",
        "jobs.js",
        "job.js",
        "waterfall.js",
        "dead.js",
        "schedules.js",
        "lanes.js",
        "palette.js",
    )
}
"""What is served, and as what. A test holds the list to the folder."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


def text(name: str) -> str:
    """One of the files. Raises KeyError for any other name."""
    _ = FILES[name]
    return (FOLDER / name).read_text(encoding="utf-8")
