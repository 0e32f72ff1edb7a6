"""Pull: the lists of Stripe that a run compares the ledger with, read until they tie out, or with what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

from creditctl.core.when import Window, in_step
from creditctl.ledger.view import LedgerView
from creditctl.payments.reading.list_contents import ListContents
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.charge_payments import ChargePayments, returns_by_charge
from creditctl.reconciliation.inquiry import ENOUGH_LACKS, Inquiry, KnownForNow, SessionlessPayments
from creditctl.reconciliation.kept.kept_part import KeptPart, MakeReader, WholeNeeded, notes_again
from creditctl.reconciliation.match import Matcher, match_all
from creditctl.reconciliation.pulled import EntryNews, Pulled, as_pulled
from creditctl.reconciliation.reach import LISTS, Reach
from creditctl.reconciliation.tie_out import Lack, Untied, gap_sentences, still_moving, tie_out

LOOKS = 5
"""How often lists are read again at most: each time something else was made while they were read."""

Named = Callable[[Pulled], Sequence[str]]
"""The payments that somebody else names, of which the lists said nothing."""


class PullSource(Protocol):
    """Where lists are kept from one run to the next."""

    @property
    def asks(self) -> bool:
        """Whether Stripe may be asked."""

    @property
    def kept(self) -> PaymentReader:
        """The reader that answers the lists from what is kept."""

    @property
    def readable(self) -> bool:
        """Whether the key may read balance transactions."""

    def update(self) -> None:
        """Brings what is kept up to date."""

    def again(self, paths: Sequence[str], since: int | None) -> None:
        """Reads lists once more, from a moment on."""

    def vanished(self) -> Iterable[Untied]:
        """What a list showed once and shows no more."""

    def noted(self) -> frozenset[str] | None:
        """The names of the payments that changed since everything tied out; None where everything is to be read."""

    def part(self, read: Callable[[MakeReader], Pulled], news: EntryNews) -> KeptPart:
        """What reads the payments of a night, for some news of entries."""

    def name_returns(self, payments: Mapping[str, str]) -> None:
        """Keeps the payments of refunds and disputes that name their charge alone; or a bare charge."""

    def settle(self, at: int, again: frozenset[str] | None = None, waiting: frozenset[str] = frozenset()) -> None:
        """Everything ties out: the next run goes on from here.

        Shape: `again` are read every time, of those that are `waiting` something is still to come; None where only a
               window was looked at, so that what changed stays noted. Units: Unix seconds.
        """


@dataclass(frozen=True)
class PullPlan:
    """How one run reads Stripe.

    Shape: `sessionless` remembers which payments belong to no session; `source` says where lists are kept, for the
           reader of the run; where those are not read now, `as_of` is when they were. `matcher` compares everything.
           `news` says which entries a night has to look at; without it everything that is kept is read every time.
           `ahead_seconds` says how far Stripe's clock is ahead of this machine's, once it was asked something.
    Units: Unix seconds.
    """

    sessionless: SessionlessPayments = field(default_factory=KnownForNow)
    source: Callable[[PaymentReader], PullSource] | None = None
    as_of: int | None = None
    matcher: Matcher = match_all
    ahead_seconds: Callable[[], int] = in_step
    news: Callable[[JudgementContext, LedgerView], EntryNews | None] | None = None


AFRESH = PullPlan()
"""Everything is read as it is now, and nothing is kept."""


def pull(
    reader: PaymentReader,
    window: Window,
    named: Named = lambda _listed: (),
    plan: PullPlan = AFRESH,
    news: Callable[[], EntryNews | None] = lambda: None,
) -> Pulled:
    """Everything about the payments of a window, and what surrounds it as far as that is needed to judge them.

    Shape:  `named` are the payments that the ledger or a refund speaks of, which are asked for one by one. What one
            list names and another lacks may have been made in between, so that list is read once more; what is lacking
            then, as well, is a gap. With a source in the plan the lists are read into it, and answered from it; where
            `news` says which payments entries speak of anew, only these and what changed on Stripe: the rest tied out.
    Errors: those of the reader; nothing is concluded from a part.
    """
    reach, source = Reach(window), None if plan.source is None else plan.source(reader)
    lists = _Lists(reader if source is None else source.kept, reach, source)
    if source is not None:
        source.update()
        if not source.asks:
            kept = lists.read(LISTS)
            source.settle(reader.started)
            return replace(kept, asks=False, unasked=frozenset(named(kept)))
    charges = ChargePayments(reader)
    inquiry = Inquiry(replace(reader, progress=None), reach, plan.sessionless)
    found, before, lacks = lists.first(news), frozenset[tuple[str, str]](), list[Lack]()
    for _ in range(LOOKS):
        listed = tie_out(found.contents, reach, found.started)
        lacks = inquiry.proven(chain(source.vanished() if source else (), listed), found)
        if not lacks:
            # Not before: of a list that is cut, everything that the ledger names would be asked for by its name.
            found = charges.told(found)
            followed = _followed(found, reader, reach, (*named(found), *sorted(inquiry.beside)))
            untied = _unlisted(found, reach) if followed is found else _untied(followed, reach)
            found, lacks = followed, inquiry.proven(untied, followed)
        names = frozenset((lack.path, lack.id) for lack in lacks)
        if not lacks or names & before:
            break
        before |= names
        found = found.joined([lists.again(_lacking(lacks), _since(lacks), found)])
    if source is not None and not lacks:
        source.name_returns(returns_by_charge(found))
        again = notes_again(found) if window.unbounded else None
        source.settle(reader.started, again, still_moving(found.contents))
    return replace(found, gaps=gap_sentences(lacks), missing=_by_list(lacks))


@dataclass(frozen=True)
class _Lists:
    """Reads lists, whole or from a moment on, and notes what each of them shows."""

    reader: PaymentReader
    reach: Reach
    source: PullSource | None = None

    def first(self, news: Callable[[], EntryNews | None]) -> Pulled:
        """All lists; or of what is kept the payments of a night, where nothing else can have changed."""
        noted = None if self.source is None else self.source.noted()
        heard = None if noted is None or not self.reach.window.unbounded else news()
        if self.source is None or noted is None or heard is None:
            return self.read(LISTS)
        try:
            return self.source.part(self._read_by, heard).of(noted | heard.names)
        except WholeNeeded:
            return self.read(LISTS)

    def again(self, paths: Sequence[str], since: int | None, found: Pulled) -> Pulled:
        """Some of the lists once more; or the payments that changed by that."""
        if self.source is None:
            return self.read(paths, since)
        self.source.again(paths, since)
        noted = self.source.noted()
        try:
            return self.read(paths, since) if found.rest is None or noted is None else found.rest.of(noted)
        except WholeNeeded:
            return self.read(LISTS)

    def _read_by(self, plain: MakeReader) -> Pulled:
        return replace(self, reader=replace(self.reader, plain=plain)).read(LISTS)

    def read(self, paths: Sequence[str], since: int | None = None) -> Pulled:
        """Some of the lists, in the order in which one names the other."""
        contents = ListContents()
        reader = replace(self.reader, seen=contents.note, charged={})
        of = {path: self.reach.parameters(path, since) for path in paths}
        sessions = reader.sessions(of[SESSIONS]) if SESSIONS in of else {}
        intents = reader.intents(of[INTENTS]) if INTENTS in of else {}
        refunds = reader.refunds(of[REFUNDS]) if REFUNDS in of else {}
        disputes = reader.disputes(of[DISPUTES]) if DISPUTES in of else {}
        contents.readable = reader.movements(of[BALANCE]) if BALANCE in of else True
        contents.readable = contents.readable and (self.source is None or self.source.readable)
        return Pulled(
            self.reach.window,
            self.reader.started,
            sessions=sessions,
            intents=intents,
            facts={**refunds, **disputes},
            charged=dict(reader.charged),
            unreadable=tuple(reader.unreadable),
            contents=contents,
        ).told()


def _followed(found: Pulled, reader: PaymentReader, reach: Reach, names: Iterable[str]) -> Pulled:
    """With the payments that are asked for by name, each once; no more of them once it is plain that lists are cut."""
    wanted = [key for key in dict.fromkeys(names) if key not in found.asked]
    for at in range(0, len(wanted), ENOUGH_LACKS):
        some = wanted[at : at + ENOUGH_LACKS]
        found = found.joined(as_pulled(reader.payment(key), key, found.window, reader.started) for key in some)
        found = _with_kept(found)
        if len(list(_unlisted(found, reach))) >= ENOUGH_LACKS:
            break
    return found


def _with_kept(found: Pulled) -> Pulled:
    """With what is kept of the payments that were asked for, where only a part was read so far."""
    sessions = found.sessions.keys() - found.contents.sessions.keys()
    names = sessions | (found.intents.keys() - found.contents.intents.keys())
    return found if found.rest is None or not names else found.joined([found.rest.of(names)])


def _untied(found: Pulled, reach: Reach) -> Iterator[Untied]:
    """What the lists say of each other, and of what Stripe has when asked by name."""
    yield from tie_out(found.contents, reach, found.started)
    yield from _unlisted(found, reach)


def _unlisted(found: Pulled, reach: Reach) -> Iterator[Lack]:
    """What Stripe has when asked by name, and its lists do not show."""
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
    """From when on to read again; None for everything: where nothing says how old it is, or not all was asked for."""
    known = [lack.since for lack in lacks if lack.since is not None]
    return min(known) if len(known) == len(lacks) < ENOUGH_LACKS else None


def _by_list(lacks: Iterable[Lack]) -> dict[str, tuple[str, ...]]:
    return {path: tuple(sorted({lack.id for lack in lacks if lack.path == path})) for path in _lacking(list(lacks))}
