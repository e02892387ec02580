"""The dashboard's pages as it lists them itself, and an address of each kind of each: a page that is not here is noticed."""

from collections.abc import Mapping

from tests.browser.furnished import Furnished
from tests.browser.visitor import Visitor

# The module that main.js takes them from, asked in the page; before somebody signs in the navigation is empty.
LISTED = """async () => {
  const { PAGES } = await import(new URL("dashboard/pages.js", location.href));
  return PAGES.map(({ id, one }) => [id, Boolean(one)]);
}"""


def kinds(visitor: Visitor) -> Mapping[str, bool]:
    """The dashboard's own list: page, and whether single things of its kind have a page too."""
    return dict(visitor.page.evaluate(LISTED))


def plain(there: Furnished) -> Mapping[str, tuple[str, ...]]:
    """Addresses of each page; each that looks different."""
    return {
        "overview": ("overview",),
        "jobs": ("jobs", "jobs?state=DEAD", "jobs?task=send_letter&tag=letters", "jobs?tag=nobody"),
        "workflows": ("workflows",),
        "dead": ("dead",),
        "schedules": ("schedules",),
        "lanes": ("lanes",),
        "tasks": ("tasks",),
        "topics": ("topics",),
        "costs": ("costs",),
        "webhooks": ("webhooks",),
        "tenants": ("tenants",),
    }


def single(there: Furnished) -> Mapping[str, tuple[str, ...]]:
    """Addresses of single things."""
    return {
        "jobs": tuple(
            f"jobs/{one}"
            for one in (
                there.succeeded,
                there.dead,
                there.retrying,
                there.running,
                there.scheduled,
                there.queued,
                there.cancelled,
                there.waiting,
            )
        ),
        "workflows": (f"workflows/{there.waiting}",),
        "dead": (f"dead/{there.release}",),
        "schedules": (f"schedules/{there.schedule}",),
        "tasks": (f"tasks/{there.task}?count=1000000",),
        "topics": (f"topics/{there.topic}",),
        "tenants": ("tenants/ann",),
    }


def addresses(visitor: Visitor, there: Furnished) -> list[str]:
    """All of them, as far as the dashboard lists their kind."""
    found: list[str] = []
    for kind, has_single in kinds(visitor).items():
        found += plain(there)[kind]
        found += single(there)[kind] if has_single else ()
    return found
