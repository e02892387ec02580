"""A package of a function, as small as can be."""

import io
import zipfile


def tiny() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app.py", "pass")
    return made.getvalue()


TINY = tiny()
"""For clouds that keep a function and never run it."""
