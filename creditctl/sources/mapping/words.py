"""Words of an application: its values of kind and status in ours. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from creditctl.sources.values.bad_value import BadRow, shown


class UnknownWord(BadRow):
    """A kind or a status that the settings say nothing of. Shape: `word` is theirs, None where the cell is empty."""

    def __init__(self, column: str, word: str | None) -> None:
        super().__init__(
            f"{column} {'is empty' if word is None else shown(word)}, and [source] does not say what it is"
        )
        self.column = column
        self.word = word


class Words:
    """Translation of one column's words. Shape: an exact word wins; else its case is no matter; ours need no line."""

    def __init__(self, column: str, theirs: Mapping[str, str], ours: Collection[str]) -> None:
        self._column = column
        self._exact = dict(theirs)
        self._folded = {**{word.casefold(): word for word in ours}}
        self._folded |= {word.casefold(): meaning for word, meaning in theirs.items()}

    def knows(self, word: str, meaning: str) -> bool:
        """Whether a word means just this."""
        return (self._exact.get(word) or self._folded.get(word.casefold())) == meaning

    def meaning(self, word: str | None) -> str:
        """Our word. Errors: UnknownWord."""
        known = None if word is None else self._exact.get(word) or self._folded.get(word.casefold())
        if known is None:
            raise UnknownWord(self._column, word)
        return known
