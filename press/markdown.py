"""A page of Markdown, read: its title, its anchors, its links and its fenced blocks, each with its line."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable("table")
_ID = re.compile(r'<a id="([^"]+)"')
_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where it leads, as it is written, and its words."""

    target: str
    words: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Fence:
    """A fenced block; `comment` is the HTML comment right before it, or else the empty string."""

    language: str
    text: str
    line: int
    comment: str


@dataclass(frozen=True)
class Page:
    """The text of one page, and what it says of itself. Slots would forbid what is worked out once."""

    text: str

    @cached_property
    def tokens(self) -> list[Token]:
        """What the parser makes of it."""
        return _PARSER.parse(self.text)

    @cached_property
    def title(self) -> str:
        """Its first heading's words; empty if it has none."""
        return next((words for _, words in self._headings()), "")

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a link may name behind its #: headings, as Git hosts name them, and `<a id="...">`."""
        found: list[str] = []
        for _, words in self._headings():
            slug, number = slug_of(words), 0
            while (f"{slug}-{number}" if number else slug) in found:
                number += 1
            found.append(f"{slug}-{number}" if number else slug)
        raw = [token.content for token in self._all() if token.type in ("html_block", "html_inline")]
        return frozenset(found).union(*(_ID.findall(html) for html in raw))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """All links and pictures, in their order."""
        return tuple(self._links())

    @cached_property
    def fences(self) -> tuple[Fence, ...]:
        """All fenced blocks, in their order."""
        return tuple(self._fences())

    @cached_property
    def comment(self) -> str:
        """The comment that stands right below the title: it is about the whole page."""
        for number, token in enumerate(self.tokens):
            if token.type == "heading_close":
                return _comment_of(self.tokens[number + 1]) if number + 1 < len(self.tokens) else ""
        return ""

    def _headings(self) -> Iterator[tuple[int, str]]:
        for opened, inline in zip(self.tokens, self.tokens[1:], strict=False):
            if opened.type == "heading_open":
                yield int(opened.tag[1:]), _words(inline)

    def _all(self) -> Iterator[Token]:
        for token in self.tokens:
            yield token
            yield from token.children or ()

    def _links(self) -> Iterator[Link]:
        for token in self.tokens:
            if token.type != "inline" or token.map is None:
                continue
            children = token.children or []
            for number, child in enumerate(children):
                if child.type == "link_open":
                    until = next(
                        n for n, one in enumerate(children) if n > number and one.type == "link_close"
                    )
                    words = "".join(one.content for one in children[number + 1 : until])
                    yield Link(target=str(child.attrs["href"]), words=words, line=token.map[0] + 1)
                elif child.type == "image":
                    yield Link(target=str(child.attrs["src"]), words=child.content, line=token.map[0] + 1)

    def _fences(self) -> Iterator[Fence]:
        before: Token | None = None
        for token in self.tokens:
            if token.type == "fence" and token.map is not None:
                words = token.info.split()
                yield Fence(
                    language=words[0] if words else "",
                    text=token.content,
                    line=token.map[0] + 1,
                    comment=_comment_of(before),
                )
            before = token


def slug_of(heading: str) -> str:
    """The anchor that a heading gets on Git hosts, and from MyST."""
    kept = "".join(letter for letter in heading.lower() if letter in " -_" or _is_word(letter))
    return kept.replace(" ", "-")


def _is_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNM"


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _comment_of(token: Token | None) -> str:
    if token is None or token.type != "html_block":
        return ""
    found = _COMMENT.fullmatch(token.content.strip())
    return " ".join(found[1].split()) if found else ""
