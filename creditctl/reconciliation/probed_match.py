"""Probed match: keeps what payments are worth, lets probes find the suspects, and gathers only those to be judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import RefundFact
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.matching.probes import Probes, Suspects
from creditctl.ledger.matching.suspect_store import SuspectStore
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore
from creditctl.ledger.sightings import open_sightings
from creditctl.ledger.view import LedgerView
from creditctl.payments.case import PaymentCase
from creditctl.payments.entries import PaymentEntries
from creditctl.payments.ledger_entries import known_facts
from creditctl.payments.proven import Proven
from creditctl.payments.proving.stored_worth import stored_worth
from creditctl.payments.proving.worth_digest import known_digests, worth_digest
from creditctl.payments.source.source_entry import own_name
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.match import Matched, entries_by_payment, in_scope, match_all, payment_keys, payments_of
from creditctl.reconciliation.pulled import Pulled

MOST_UNEXPLAINED = 100_000
"""From so many entries on that no payment explains, comparing all in memory takes no longer."""

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
            return match_all(pulled, context, view)
        keys = payment_keys(pulled)
        self.keep_worth(pulled, keys, context, view)
        found = self.suspects.refreshed(self._probes(context), worth_digest(context))
        if len(found.unexplained) > MOST_UNEXPLAINED:
            self.suspects.forget()
            return match_all(pulled, context, view)
        return self._gathered(found, keys, pulled, context, view)

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
        digest, known = worth_digest(context), known_facts(view)

        def rows(wanted: Collection[str]) -> Iterator[Worth]:
            return (stored_worth(each, known, context) for each in payments_of(pulled, wanted))

        said = known_digests(pulled.facts, known)
        if self.store.digest() != digest:
            self.store.replace(rows(keys), digest, said)
            return
        touched, stored, before = self.store.touched(), frozenset(self.store.payments()), self.store.known()
        names = pulled.names
        otherwise = {key: said.get(key, "") for key in (said.keys() | before.keys()) & keys}
        otherwise = {key: each for key, each in otherwise.items() if before.get(key, "") != each}
        wanted = {names.get(name, name) for name in touched} | _unsteady(pulled) | (keys - stored) | otherwise.keys()
        self.store.update(rows(wanted & keys), digest, gone=stored - keys, handled=touched, known=otherwise)

    def _probes(self, context: JudgementContext) -> Probes:
        keeper, archive = context.keeper, self.store.file.path
        if isinstance(keeper, SourceKeeper):
            said = (keeper.scale, keeper.livemode)
            return Probes(archive, None, context.livemode, _ANY_TIME, *said)
        return Probes(archive, self.ledger, context.livemode, context.grace_seconds)

    def _gathered(
        self, found: Suspects, keys: set[str], pulled: Pulled, context: JudgementContext, view: LedgerView
    ) -> Matched:
        """The suspects as cases: with every entry of theirs, under whatever name, and what corrects it."""
        keeper, names = context.keeper, pulled.names
        entries = keeper.entries(view)
        strange = _with_corrected(entries, found.unexplained)
        named = {*found.payments, *_spoken_of(context, view)}
        named |= {entry.payment_key for entry in strange.values() if entry.payment_key is not None}
        wanted = {names.get(name, name) for name in named}
        wanted |= entries_by_payment(_in_order(strange.values(), context), names).keys()
        wanted |= {key for key in names.keys() & keys if names[key] != key}
        wanted &= keys
        called = {*wanted, *(name for name, key in names.items() if key in wanted)}
        theirs = {**strange, **{entry.id: entry for entry in entries.called(called)}}
        lines = entries_by_payment(_in_order(theirs.values(), context), names)
        known = known_facts(view)
        suspects = (
            PaymentCase.of(each, lines.get(each.key, ()), known, keeper) for each in payments_of(pulled, wanted)
        )
        cases = [case for case in suspects if in_scope(case, pulled)]
        explained = found.named - sum(
            entry.payment_key not in (None, own_name(entry.name)) for entry in theirs.values()
        )
        count = explained + sum(len(case.entries) for case in cases)
        judged = {case.key for case in cases}
        return Matched(cases, len(_made(pulled, keys) | judged), count, self._proven(wanted))

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
    """The payments that issuers warned of, or that have a finding which may be over by now."""
    yield from context.warned
    for stored in view.findings(None):
        yield from filter(None, (stored.payment_key, stored.finding.subject))
    for seen in open_sightings(view):
        yield from filter(None, (seen.payment_key, seen.finding.subject))


def _with_corrected(entries: PaymentEntries, numbers: Collection[int]) -> dict[int, CreditEntry]:
    """The entries of these numbers, and those that they correct, which say what payment they are about."""
    found = {entry.id: entry for entry in entries.numbered(numbers)}
    further = _corrected(found)
    while further:
        more = {entry.id: entry for entry in entries.numbered(further)}
        if not more:
            break
        found |= more
        further = _corrected(found)
    return found


def _corrected(found: Mapping[int, CreditEntry]) -> set[int]:
    return {entry.corrects for entry in found.values() if entry.corrects is not None} - found.keys()


def _in_order(entries: Iterable[CreditEntry], context: JudgementContext) -> list[CreditEntry]:
    """Entries as their keeper orders them: ours by number, an application's by their time."""
    if context.keeper.books.external:
        return sorted(entries, key=lambda entry: (entry.created, entry.id))
    return sorted(entries, key=lambda entry: entry.id)
