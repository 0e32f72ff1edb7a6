"""Text for people: one line of a log, and a counted noun."""

from __future__ import annotations

import re

_CUT_WORD_AT_END = re.compile(r"[^\s\"',;&]*\Z")
_CUT_WORD_AT_START = re.compile(r"\A[^\s\"',;&]*")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_WIDE_SPACE, _NON_JOINER, _JOINER = "\u3000", "\u200c", "\u200d"
_JOINS_NOTHING_AFTER = "ءآأؤإةادذرزوٱڈڑژ"
"""Arabic letters that never join the next one: a non-joiner after them is not to be seen."""
_VIRAMA = 9  # canonical combining class


def storage_fault(text: str) -> str | None:
    """What keeps a database from holding a text and finding it again, as the end of a sentence; None for nothing.

    Source: SQLite documentation, "NUL Characters In Strings": functions, as of JSON, end a text there. The Unicode
    Standard, section 3.9: half of a surrogate pair has no form in UTF-8.
    """
    found = _UNSTORABLE.search(text)
    if found is None:
        return None
    return "holds a NUL character" if found[0] == "\0" else "holds half of a surrogate pair, which no character is"


def storable(text: str) -> str:
    """A text that people read, with what no database holds spelled out; what names something is refused instead."""
    return _UNSTORABLE.sub(lambda found: repr(found[0])[1:-1], text)


def printable(text: str, *, kept: str = "\n\t") -> str:
    """A text for people with all of it to be seen: every character that does not print, but `kept`, spelled out.

    Shape: nothing in it steers a terminal, or turns around, hides or breaks what stands beside it, on a page or in a
           cell; what a script or an emoji is written with stays; documents for programs have the exact text.
    Source: Unicode Standard Annex #9, "Explicit Directional Formatting Characters", and UTR #36, section 3.2.
    """
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() or mark in kept or _is_of_a_script(text, at) else repr(mark)[1:-1]
        for at, mark in enumerate(text)
    )


def _is_of_a_script(text: str, at: int) -> bool:
    """Whether a character that does not print is part of healthy writing where it stands, and shows there.

    Source: RFC 5892, appendices A.1 and A.2, for joiners; UTS #51, "Emoji ZWJ Sequence"; U+3000 parts Japanese names.
    """
    from unicodedata import bidirectional, category, combining

    mark, before, after = text[at], text[max(at - 1, 0)], text[at + 1 : at + 2]
    if at == 0 or not after:
        return False
    if mark == _WIDE_SPACE:
        return before > "\xff" and after > "\xff" and before.isprintable() and after.isprintable()
    if mark in (_JOINER, _NON_JOINER) and combining(before) == _VIRAMA:
        return category(after).startswith("L")
    if mark == _NON_JOINER:
        return bidirectional(before) == bidirectional(after) == "AL" and before not in _JOINS_NOTHING_AFTER
    return mark == _JOINER and category(after) == "So" and (category(before) in ("So", "Sk") or before == "\ufe0f")


def one_line(text: str) -> str:
    """A text that cannot forge a second line of the log: what does not print is spelled out."""
    return printable(text, kept="")


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
