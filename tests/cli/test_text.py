"""What people read: times, spans, and texts that cannot play with their terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobline.cli import out
from jobline.cli.text import document, safe, span
from tests.cli.hostile import HOSTILE, harmless


@given(st.text())
def test_no_text_at_all_reaches_the_terminal_raw(text):
    assert harmless(safe(text))
    assert "\n" not in safe(text)
    assert harmless(document(text))
    assert json.loads(document({"x": text})) == {"x": text}


def test_what_is_harmless_stays_as_it_is():
    for text in ("plain", "Grüße", "日本語", "→ ✓ 🎉", ""):
        assert safe(text) == text
    assert safe("a\n\tb", lines=True) == "a\n\tb"


def test_what_is_not_is_written_so_that_one_sees_it():
    assert safe(HOSTILE).startswith(
        r"a\x1b[31mb\x1b]0;title\x07c\rd\x9bmé\u202eevil\u2066\u200b\u2028\x7f\nz"
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 ms"),
        (0.25, "250 ms"),
        (1, "1 s"),
        (1.5, "1.5 s"),
        (42, "42 s"),
        (60, "1 min"),
        (3000, "50 min"),
        (7200, "2 h"),
        (200_000, "2 d"),
    ],
)
def test_spans_as_one_says_them(seconds, told):
    assert span(seconds) == told


def shown(monkeypatch, capsys, **environment):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out.table(("id", "state"), [("x", "DEAD")], empty="-")
    out.facts("job", [("state", "DEAD")])
    return capsys.readouterr().out


def test_colour_is_for_terminals_alone_and_never_with_no_color(monkeypatch, capsys):
    assert "\x1b" not in shown(monkeypatch, capsys)
    assert "\x1b[1;31mDEAD" in shown(monkeypatch, capsys, FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b" not in shown(monkeypatch, capsys, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1")


def test_markup_in_a_text_is_text(monkeypatch, capsys):
    out.table(("id", "what"), [("x", "[bold]b[/bold] :smile:")], empty="-")

    assert "[bold]b[/bold] :smile:" in capsys.readouterr().out


def test_on_a_narrow_terminal_the_last_column_is_cut_and_no_row_takes_two_lines(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")

    out.table(("id", "task", "what"), [("0" * 26, "summarise_csv", "word " * 20)], empty="-")

    _, row = capsys.readouterr().out.splitlines()
    assert row.startswith("0" * 26 + "  summarise_csv  word word")
    assert row.rstrip().endswith("…")
