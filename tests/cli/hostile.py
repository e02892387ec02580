"""A text that would play with a terminal, and whether an output could."""

import unicodedata

HOSTILE = "a\x1b[31mb\x1b]0;title\x07c\rd\x9bmé\u202eevil\u2066\u200b\u2028\x7f\nz[bold]"


def harmless(output: str) -> bool:
    """Whether there is nothing in it but what is seen, and the ends of lines."""
    return all(char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"} for char in output)
