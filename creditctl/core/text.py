"""Text for people: one line of a log, and a counted noun."""

from __future__ import annotations

import re

_CUT_WORD_AT_END = re.compile(r"[^\s\"',;&]*\Z")
_CUT_WORD_AT_START = re.compile(r"\A[^\s\"',;&]*")


def one_line(text: str) -> str:
    """A text that cannot forge a second line of the log: what does not print becomes a replacement character."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def plural(count: int, noun: str) -> str:
    """`1 credit`, `1,000 credits`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def first_words(text: str, most: int) -> str:
    """The beginning of a stranger's text, cut between words: the half of a secret is recognized by nobody."""
    return text if len(text) <= most else f"{_CUT_WORD_AT_END.sub('', text[:most])}…"


def last_words(text: str, most: int) -> str:
    """The end of a stranger's text, cut between words."""
    return text if len(text) <= most else f"…{_CUT_WORD_AT_START.sub('', text[-most:])}"


def cut_text(text: str, most: int) -> str:
    """The beginning of a text, cut between words where there are some, else inside its only one."""
    if len(text) <= most:
        return text
    whole = _CUT_WORD_AT_END.sub("", text[:most]).rstrip()
    return f"{whole if 2 * len(whole) > most else text[:most]}…"
