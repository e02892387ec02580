"""A tracing header: which trace, which part of it, and whether anybody wants to see it."""

from typing import Self

from chalicelib.domain.late import regex
from chalicelib.domain.lean import dataclass

_ROOT = regex(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_PARENT = regex(r"[0-9a-f]{16}")
_MOST_CHARS = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader"""

    trace_id: str
    parent: str | None
    sampled: bool

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """The header in a text that anybody may have written; None if it is none. Fields that we do not know are left out."""
        if not text or len(text) > _MOST_CHARS:
            return None
        fields = dict(part.strip().partition("=")[::2] for part in text.split(";"))
        root, parent = fields.get("Root", ""), fields.get("Parent", "")
        if not _ROOT.fullmatch(root):
            return None
        found = parent if _PARENT.fullmatch(parent) else None
        return cls(trace_id=root, parent=found, sampled=fields.get("Sampled") == "1" and found is not None)

    def text(self) -> str:
        """The header as it is sent."""
        parent = f";Parent={self.parent}" if self.parent else ""
        return f"Root={self.trace_id}{parent};Sampled={int(self.sampled)}"
