"""Pull: the lists of Stripe that a run compares the ledger with, read until they tie out, or with what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from creditctl.core.when import Window
from creditctl.payments.reading.list_contents import ListContents
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS
from creditctl.reconciliation.inquiry import Inquiry, KnownForNow, SessionlessPayments
from creditctl.reconciliation.pulled import Pulled, as_pulled
from creditctl.reconciliation.reach import LISTS, Reach
from creditctl.reconciliation.tie_out import Lack, Untied, gap_sentences, tie_out

LOOKS = 5
"""How often lists are read again at most: each time something else was made while they were read."""

Named = Callable[[Pulled], Sequence[str]]
"""The payments that somebody else names, of which the lists said nothing."""


def pull(
    reader: PaymentReader,
    window: Window,
    named: Named = lambda _listed: (),
    sessionless: SessionlessPayments | None = None,
) -> Pulled:
    """Everything about the payments of a window, and what surrounds it as far as that is needed to judge them.

    Shape:  `named` are the payments that the ledger or a refund speaks of, which are asked for one by one;
            `sessionless` those of which Stripe said before that no session belongs to them. What one list names and
            another lacks may have been made in between, so that list is read once more; what is lacking then, as well,
            is a gap.
    Errors: those of the reader; nothing is concluded from a part.
    """
    reach = Reach(window)
    lists = _Lists(reader, reach)
    inquiry = Inquiry(replace(reader, progress=None), reach, sessionless or KnownForNow())
    found, before, lacks = lists.read(LISTS), frozenset[tuple[str, str]](), list[Lack]()
    for _ in range(LOOKS):
        found = _followed(found, reader, (*named(found), *sorted(inquiry.beside)))
        lacks = inquiry.proven(_untied(found, reach), found)
        names = frozenset((lack.path, lack.id) for lack in lacks)
        if not lacks or names & before:
            break
        before |= names
        found = found.joined([lists.read(_lacking(lacks), _since(lacks))])
    return replace(found, gaps=gap_sentences(lacks), missing=_by_list(lacks))


@dataclass(frozen=True)
class _Lists:
    """Reads lists, whole or from a moment on, and notes what each of them shows."""

    reader: PaymentReader
    reach: Reach

    def read(self, paths: Sequence[str], since: int | None = None) -> Pulled:
        """Some of the lists, in the order in which one names the other."""
        contents = ListContents()
        reader = replace(self.reader, seen=contents.note)
        of = {path: self.reach.parameters(path, since) for path in paths}
        sessions = reader.sessions(of[SESSIONS]) if SESSIONS in of else {}
        intents = reader.intents(of[INTENTS]) if INTENTS in of else {}
        refunds = reader.refunds(of[REFUNDS]) if REFUNDS in of else {}
        disputes = reader.disputes(of[DISPUTES]) if DISPUTES in of else {}
        contents.readable = reader.movements(of[BALANCE]) if BALANCE in of else True
        return Pulled(
            self.reach.window,
            self.reader.started,
            sessions=sessions,
            intents=intents,
            facts={**refunds, **disputes},
            unreadable=tuple(reader.unreadable),
            contents=contents,
        )


def _followed(found: Pulled, reader: PaymentReader, names: Iterable[str]) -> Pulled:
    """With the payments that are asked for by name, each once."""
    return found.joined(
        as_pulled(reader.payment(key), key, found.window, reader.started) for key in names if key not in found.asked
    )


def _untied(found: Pulled, reach: Reach) -> Iterator[Untied]:
    """What the lists say of each other, and of what Stripe has when asked by name."""
    yield from tie_out(found.contents, reach, found.started)
    what = "payment intents that the ledger names"
    for intent in found.intents.values():
        if intent.id not in found.contents.intents and reach.holds(INTENTS, intent.created):
            yield Lack(INTENTS, intent.id, what, intent.created)
    for sold in found.sessions.values():
        created = sold.session.created
        if sold.session.id not in found.contents.sessions and reach.holds(SESSIONS, created):
            yield Lack(SESSIONS, sold.session.id, "checkout sessions that the ledger names", created)


def _lacking(lacks: Sequence[Lack]) -> list[str]:
    return [path for path in LISTS if any(lack.path == path for lack in lacks)]


def _since(lacks: Sequence[Lack]) -> int | None:
    """From when on to read again; None where nothing says how old it is."""
    known = [lack.since for lack in lacks if lack.since is not None]
    return min(known) if len(known) == len(lacks) else None


def _by_list(lacks: Iterable[Lack]) -> dict[str, tuple[str, ...]]:
    return {path: tuple(sorted({lack.id for lack in lacks if lack.path == path})) for path in _lacking(list(lacks))}
