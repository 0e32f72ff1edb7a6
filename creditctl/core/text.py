"""Text for people: one line of a log, and a counted noun."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text that cannot forge a second line of the log: what does not print becomes a replacement character."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def plural(count: int, noun: str) -> str:
    """`1 credit`, `1,000 credits`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
