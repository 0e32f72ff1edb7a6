"""Probed match: keeps what payments are worth, lets probes find the suspects, and gathers only those to be judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact, RefundFact
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.touched_store import TouchedStore
from creditctl.ledger.matching.probes import Probes, Suspects
from creditctl.ledger.matching.suspect_store import SuspectStore
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore
from creditctl.ledger.sightings import open_sightings
from creditctl.ledger.view import LedgerView
from creditctl.payments.case import PaymentCase
from creditctl.payments.ledger_entries import known_facts
from creditctl.payments.proven import Proven
from creditctl.payments.proving.stored_worth import unhurried
from creditctl.payments.proving.worth_digest import known_digests, worth_digest
from creditctl.payments.proving.worth_memo import WorthMemo
from creditctl.payments.source.source_entry import own_name
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.kept.entry_news import entries_of_part, spoken_names, with_corrected
from creditctl.reconciliation.kept.kept_part import WholeNeeded
from creditctl.reconciliation.match import Matched, entries_by_payment, in_scope, match_all, payment_keys, payments_of
from creditctl.reconciliation.pulled import EntryNews, Pulled
from creditctl.reconciliation.run_history import RUN_KIND

MOST_UNEXPLAINED = 100_000
"""From so many entries on that no payment explains, comparing all in memory takes no longer."""

_CLOCKS_SECONDS = 86_400
"""How far the clocks of Stripe, of webhooks and of runs may be apart at most: what a ledger learned shortly before the
newest that a run saw, that run may not have seen, or Stripe's answer may have been older."""

_ANY_TIME = 1 << 40
"""An application's rows may be older than their payment: they carry a time of its own. Units: seconds."""


@dataclass(frozen=True)
class ProbedMatch:
    """The matcher of runs that keep Stripe's lists. Shape: `ledger` is the file that holds the entries, or findings."""

    store: WorthStore
    ledger: Path

    def __call__(self, pulled: Pulled, context: JudgementContext, view: LedgerView) -> Matched:
        """As Matcher says."""
        if not self._is_latest(pulled):
            return match_all(pulled, context, view) if pulled.rest is None else _match_part(pulled, context, view)
        if pulled.rest is not None and self.store.digest() != worth_digest(context):
            pulled = pulled.rest.whole()
        keys = payment_keys(pulled)
        self.keep_worth(pulled, keys, context, view)
        found = self.suspects.refreshed(self._probes(context), worth_digest(context))
        if len(found.unexplained) > MOST_UNEXPLAINED:
            self.suspects.forget()
            return match_all(pulled if pulled.rest is None else pulled.rest.whole(), context, view)
        return self._gathered(found, pulled, context, view)

    def news(self, context: JudgementContext, view: LedgerView) -> EntryNews | None:
        """The entries that a night has to look at, beside what changed on Stripe; None where it has to read everything.

        Shape: it has to where payments may be worth something else than before, or ledger or clock went back since.
        """
        self.store.prepare()
        self.suspects.prepare()
        digest = worth_digest(context)
        if self.store.digest() != digest or self._went_back(context, view):
            return None
        numbers = self.suspects.news(self._probes(context), digest)
        if numbers is None:
            return None
        about = with_corrected(context.keeper.entries(view), numbers)
        learned = view.facts_since(self.store.learned() - _CLOCKS_SECONDS)
        return EntryNews(numbers, self.store.touched() | learned | spoken_names(about.values()))

    def _went_back(self, context: JudgementContext, view: LedgerView) -> bool:
        """Whether what the ledger learned of refunds and disputes may be less than a run saw, or dated before it.

        Shape: a ledger that was put back from a backup lacks the run that the archive knows as the last one.
        """
        state = PullStore(self.store.file).state()
        return state is None or not view.has_run(RUN_KIND, state.at) or self.store.learned() > context.now

    @property
    def suspects(self) -> SuspectStore:
        """What the probes found last, in the same archive."""
        return SuspectStore(self.store.file)

    def _is_latest(self, pulled: Pulled) -> bool:
        """Whether nothing was read into the archive since, by a run that went on while somebody made up their mind.

        Shape: what such a run has noted is not to be ended by what was read before it.
        """
        state = PullStore(self.store.file).state()
        return state is not None and state.tied and state.at == pulled.started

    def keep_worth(self, pulled: Pulled, keys: set[str], context: JudgementContext, view: LedgerView) -> None:
        """Judges anew what changed, and everything where the catalogue, the mapping or this version did."""
        self.store.prepare()
        self.suspects.prepare()
        digest, known = worth_digest(context), _known(pulled, view)
        memo = WorthMemo(unhurried(context), known)
        learned = min(view.latest_fact(), context.now)  # what is dated later is looked at again until then

        def rows(wanted: Collection[str]) -> Iterator[Worth]:
            return map(memo.worth, payments_of(pulled, wanted))

        said = known_digests(pulled.facts, known)
        if self.store.digest() != digest:
            self.store.replace(rows(keys), digest, said, learned)
            return
        touched = self.store.touched()
        stored, before = self._kept_of(pulled, keys, touched)
        names = pulled.names
        otherwise = {key: said.get(key, "") for key in (said.keys() | before.keys()) & keys}
        otherwise = {key: each for key, each in otherwise.items() if before.get(key, "") != each}
        wanted = {names.get(name, name) for name in touched} | _unsteady(pulled) | (keys - stored) | otherwise.keys()
        ended = stored - keys
        self.store.update(rows(wanted & keys), digest, gone=ended, handled=touched, known=otherwise, learned=learned)

    def _kept_of(
        self, pulled: Pulled, keys: set[str], touched: frozenset[str]
    ) -> tuple[frozenset[str], Mapping[str, str]]:
        """The payments that have a row of worth, and by what a ledger said; of a part, those that may be in it."""
        if pulled.rest is None:
            return frozenset(self.store.payments()), self.store.known()
        theirs = {*keys, *touched, *pulled.rest_names, *pulled.names}
        return self.store.having(theirs), self.store.known_of(theirs)

    def _probes(self, context: JudgementContext) -> Probes:
        keeper, archive = context.keeper, self.store.file.path
        if isinstance(keeper, SourceKeeper):
            said = (keeper.scale, keeper.livemode)
            return Probes(archive, None, context.livemode, _ANY_TIME, *said)
        return Probes(archive, self.ledger, context.livemode, context.grace_seconds)

    def _gathered(self, found: Suspects, pulled: Pulled, context: JudgementContext, view: LedgerView) -> Matched:
        """The suspects as cases: with every entry of theirs, under whatever name, and what corrects it."""
        keeper = context.keeper
        entries = keeper.entries(view)
        strange = with_corrected(entries, found.unexplained)
        named = {*found.payments, *_spoken_of(context, view)}
        named |= {entry.payment_key for entry in strange.values() if entry.payment_key is not None}
        pulled = _with_kept(pulled, named | spoken_names(strange.values()))
        keys, names = payment_keys(pulled), pulled.names
        wanted = {names.get(name, name) for name in named}
        wanted |= entries_by_payment(_in_order(strange.values(), context), names).keys()
        wanted |= {key for key in names.keys() & keys if names[key] != key}
        wanted &= keys
        called = {*wanted, *(name for name, key in names.items() if key in wanted)}
        theirs = {**strange, **{entry.id: entry for entry in entries.called(called)}}
        lines = entries_by_payment(_in_order(theirs.values(), context), names)
        cases = _cases(pulled, wanted, lines, context, view)
        explained = found.named - sum(
            entry.payment_key not in (None, own_name(entry.name)) for entry in theirs.values()
        )
        count = explained + sum(len(case.entries) for case in cases)
        payments = self._count(pulled, keys, {case.key for case in cases})
        self._learn(pulled, named | spoken_names(strange.values()))
        return Matched(cases, payments, count, self._proven(wanted), pulled)

    def _count(self, pulled: Pulled, keys: set[str], judged: set[str]) -> int:
        """How many payments have a time of their own, or were judged."""
        made = _made(pulled, keys)
        if pulled.rest is None:
            return len(made | judged)
        # What Stripe was asked for by its name is in each part, and what has a row of worth and no time was asked for.
        return self.store.count() - len(keys - made) + len(judged - made)

    def _learn(self, pulled: Pulled, spoken: set[str]) -> None:
        """Keeps whose names those are that something speaks of, so that the next night need not read all for them."""
        names = {name: pulled.names[name] for name in spoken & pulled.names.keys()}
        TouchedStore(self.store.file).learn(names)

    def _proven(self, judged: Collection[str]) -> Proven:
        return Proven(self.store.credited(judged), lambda user: self.store.buys(user, judged))


def _made(pulled: Pulled, keys: set[str]) -> set[str]:
    """The payments that have a time of their own: a session, an intent, or something that went back."""
    sessions = (sold.session.payment_key for sold in pulled.sessions.values())
    return {*sessions, *pulled.intents, *(fact.payment_key for fact in pulled.facts.values())} & keys


def _unsteady(pulled: Pulled) -> set[str]:
    """Payments whose worth rests on more than what was pulled: prices on Stripe, when it was read, an answer.

    Shape: a refund that stands was last observed when it was made, whenever it is read (`PaymentReader.refunds`).
    """
    by_items = {sold.session.payment_key for sold in pulled.sessions.values() if sold.items is not None}
    with_facts = {
        fact.payment_key for fact in pulled.facts.values() if not (isinstance(fact, RefundFact) and fact.counted)
    }
    asked = {pulled.names.get(name, name) for name in pulled.asked}
    return {*by_items, *with_facts, *asked, *pulled.charges, *pulled.absent}


def _spoken_of(context: JudgementContext, view: LedgerView) -> Iterator[str]:
    """The payments that issuers warned of, that have a finding which may be over by now, or rows that changed."""
    yield from context.warned
    if isinstance(context.keeper, SourceKeeper):
        for change in context.keeper.rows.changes():
            rows = (change.before, change.after)
            yield from filter(None, (row.payment_key for row in rows if row is not None))
    for stored in view.findings(None):
        yield from filter(None, (stored.payment_key, stored.finding.subject))
    for seen in open_sightings(view):
        yield from filter(None, (seen.payment_key, seen.finding.subject))


def _known(pulled: Pulled, view: LedgerView) -> Mapping[str, Fact]:
    """What the ledger knows of refunds and disputes: of all, or of those that were read."""
    if pulled.rest is None:
        return known_facts(view)
    return {stored.fact.object_id: stored.fact for stored in view.facts_about(pulled.facts.keys())}


def _with_kept(pulled: Pulled, names: Collection[str]) -> Pulled:
    """With all that is kept of some payments, where only a part was read so far."""
    if pulled.rest is None:
        return pulled
    try:
        return pulled.joined([pulled.rest.of(set(names) - pulled.rest_names)])
    except WholeNeeded:
        return pulled.joined([pulled.rest.whole()])


def _cases(
    pulled: Pulled,
    wanted: Collection[str],
    lines: Mapping[str, Sequence[CreditEntry]],
    context: JudgementContext,
    view: LedgerView,
) -> list[PaymentCase]:
    known = _known(pulled, view)
    found = (
        PaymentCase.of(each, lines.get(each.key, ()), known, context.keeper) for each in payments_of(pulled, wanted)
    )
    return [case for case in found if in_scope(case, pulled)]


def _match_part(pulled: Pulled, context: JudgementContext, view: LedgerView) -> Matched:
    """The payments of a night as they were read, beside the entries as they are now: what a repair judges again by."""
    assert pulled.rest is not None
    entries = entries_of_part(context.keeper.entries(view), pulled, pulled.rest.news)
    lines = entries_by_payment(_in_order(entries, context), pulled.names)
    cases = _cases(pulled, payment_keys(pulled), lines, context, view)
    return Matched(cases, len(cases), sum(len(case.entries) for case in cases), pulled=pulled)


def _in_order(entries: Iterable[CreditEntry], context: JudgementContext) -> list[CreditEntry]:
    """Entries as their keeper orders them: ours by number, an application's by their time."""
    if context.keeper.books.external:
        return sorted(entries, key=lambda entry: (entry.created, entry.id))
    return sorted(entries, key=lambda entry: entry.id)
