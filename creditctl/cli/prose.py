"""Wrapping of prose at words: a long word, a command in backticks, and a number with its unit stay whole."""

from __future__ import annotations

import re
import textwrap

QUOTED = re.compile(r"`[^`]*`")
"""A command in a sentence."""
_WHOLE = re.compile(QUOTED.pattern + r"|\d (?:[A-Z]{3}|credits?)\b")
"""What is not wrapped inside: a command, and the blank in `9.99 EUR` and `1,000 credits`."""
_JOINER = "\u00a0"
"""Stands for a blank that must not be wrapped at: textwrap breaks at ASCII blanks only."""


def wrap_prose(text: str, width: int, indent: str | None = None) -> str:
    """Text in lines of at most the width, each with the indent; without one, the text's own. Units: columns."""
    own = text[: len(text) - len(text.lstrip())] if indent is None else indent
    whole = _WHOLE.sub(lambda found: found.group().replace(" ", _JOINER), text)
    filled = textwrap.fill(
        whole.strip(),
        width,
        initial_indent=own,
        subsequent_indent=own,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return filled.replace(_JOINER, " ")
