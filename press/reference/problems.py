"""The kinds of problem, from the table that the API answers with."""

from chalicelib.entrypoints.api.problem_kinds import ALL_KINDS
from press.reference.table import code, table

INTRO = """\
# Problems

Every error of the API is a problem document of [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457), `application/problem+json`. `type` names its kind and is what a program asks for; `title` and `detail` are
for people; `argument`, where there is one, names what is wrong in the request; `request_id` is how the log knows the request.
"""


def page() -> str:
    """The page."""
    rows = [(str(kind.status), code(kind.type), kind.title, kind.mend) for kind in ALL_KINDS]
    return f"{INTRO}\n{table(('status', 'type', 'what it is', 'what to do'), rows)}\n"
