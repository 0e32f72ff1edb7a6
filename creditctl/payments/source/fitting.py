"""Fitting: completes the entries of an application's rows by what Stripe says of their payment. Pure.

A row may leave out what a ledger always has: the currency, the money, the refund that it followed. What it leaves out
is Stripe's; what it says stays, so that it can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from creditctl.core.entitlement.facts import DisputeFact, Fact, has_let_go
from creditctl.core.entitlement.owner import named_users, users_of
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind, credits_to_take, returned_amount
from creditctl.core.money import minor_units_per_major
from creditctl.core.project_file.running import DisputePolicy, PolicySection, Rounding
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.source.source_entry import NOBODY, SourceEntry

_USUAL_UNITS = 100
_TAKING = (EntryKind.REFUND, EntryKind.DISPUTE)


@dataclass(frozen=True, slots=True)
class FittingTerms:
    """How rows are fitted.

    Shape:  `same` gives what two spellings of one user have in common; with `major` amounts were counted in hundredths
            where a row names no currency. `places` is where a session carries its user. `policy` is what the owner
           decided about clawbacks.
    """

    same: Callable[[str], str] = str
    major: bool = False
    places: tuple[str, ...] = ()
    policy: PolicySection = field(default_factory=PolicySection)


def counted_by(policy: PolicySection, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Refunds, and disputes as far as the owner takes credits for them: at once, when they are lost, or never."""
    return tuple(each if _takes(policy.disputes, each) else _taking_nothing(each) for each in facts)


def _takes(disputes: DisputePolicy | None, fact: Fact) -> bool:
    if not isinstance(fact, DisputeFact) or disputes in (None, DisputePolicy.AT_OPENING):
        return True
    return disputes is DisputePolicy.AT_LOSS and fact.status == "lost"


def _taking_nothing(fact: Fact) -> Fact:
    """A dispute that holds no funds, as far as credits are concerned."""
    return replace(fact, movements=(), funds_observation=None) if isinstance(fact, DisputeFact) else fact


def fitted(stripe: PaymentFacts, entries: Sequence[SourceEntry], terms: FittingTerms) -> list[SourceEntry]:
    """The entries of one payment with the users as Stripe spells them, and what they leave out."""
    amount, currency = _paid(stripe)
    users = list(_users(stripe, terms.places))
    own = [_with_payment(_with_user(entry, users, terms), stripe.key) for entry in entries]
    if currency is None:
        return own
    own = [_with_money(entry, amount, currency, terms) for entry in own]
    named = _with_objects(own, stripe.facts)
    return _with_returns(stripe, named, currency, terms.policy.rounding)


def _paid(stripe: PaymentFacts) -> tuple[int, str | None]:
    if stripe.sold is not None:
        return stripe.sold.session.amount_total, stripe.sold.session.currency
    if stripe.intent is not None:
        return stripe.intent.amount_received, stripe.intent.currency
    return 0, None


def _users(stripe: PaymentFacts, places: Sequence[str]) -> Iterator[str]:
    """Every text on a payment that may name its user, whom it names as its owner first."""
    if stripe.sold is not None:
        session = stripe.sold.session
        yield from (*users_of(session, places), *session.metadata.values())
    elif stripe.intent is not None:
        metadata = stripe.intent.metadata
        yield from (*named_users(None, metadata, places), *metadata.values())


def _with_user(entry: SourceEntry, users: Sequence[str], terms: FittingTerms) -> SourceEntry:
    if entry.user_id == NOBODY:
        return replace(entry, user_id=users[0]) if users else entry
    same = terms.same(entry.user_id)
    spelled = next((user for user in users if terms.same(user) == same), entry.user_id)
    return replace(entry, user_id=spelled)


def _with_payment(entry: SourceEntry, key: str) -> SourceEntry:
    """An entry under the payment that it is about: a row that corrects another one need not name it itself."""
    return entry if entry.payment_key is not None else replace(entry, payment_key=key)


def _with_money(entry: SourceEntry, amount: int, currency: str, terms: FittingTerms) -> SourceEntry:
    """An entry in a currency, and a purchase with its amount."""
    known = entry.stated_amount
    if known is not None and entry.currency is None and terms.major:
        known = known * minor_units_per_major(currency) // _USUAL_UNITS
    if known is None:
        known = amount if entry.kind is EntryKind.PURCHASE else 0
    return replace(entry, amount=known, currency=entry.currency or currency)


def _with_objects(entries: Sequence[SourceEntry], facts: Sequence[Fact]) -> list[SourceEntry]:
    """What was taken back without a name belongs to the refunds and disputes in their order."""
    named = {(entry.object_id, entry.credits < 0) for entry in entries}
    purchase = next((each for each in entries if each.kind is EntryKind.PURCHASE and each.status == "done"), None)
    done: list[SourceEntry] = []
    for entry in entries:
        if entry.kind in CLAWBACK_KINDS and entry.object_id is None and entry.status == "done":
            fact = _fact_of(entry, facts, named, purchase)
            if fact is not None:
                named.add((fact.object_id, entry.credits < 0))
                entry = replace(entry, object_id=fact.object_id)
        done.append(entry)
    return done


def _fact_of(
    entry: SourceEntry, facts: Sequence[Fact], named: set[tuple[str | None, bool]], purchase: SourceEntry | None
) -> Fact | None:
    """The refund or dispute that an entry follows: of its own kind rather than of another, the last before the entry of
    those that are worth as much, else the earliest."""
    gives_back = entry.kind not in _TAKING
    free = [each for each in sorted(facts, key=_time) if (each.object_id, entry.credits < 0) not in named]
    fitting = [each for each in free if has_let_go(each)] if gives_back else free
    kind = entry.kind.value.partition("_")[0]
    likely = [each for each in fitting if each.kind == kind] or fitting
    alike = [each for each in likely if purchase and _is_worth(abs(entry.credits), purchase, each.amount)]
    before = [each for each in alike if each.created <= entry.created]
    return next(iter(before[-1:] or alike or likely), None)


def _is_worth(credits: int, purchase: SourceEntry, amount: int) -> bool:
    """Whether as many credits are an amount's part of a purchase, however it is rounded."""
    return abs(credits * purchase.amount - purchase.credits * amount) < purchase.amount


def _time(fact: Fact) -> tuple[int, str]:
    return fact.created, fact.object_id


def _with_returns(
    stripe: PaymentFacts, entries: list[SourceEntry], currency: str, rounding: Rounding | None
) -> list[SourceEntry]:
    """What was taken back, with the money that went back for it: all of it where the credits are those due."""
    purchase = next((each for each in entries if each.kind is EntryKind.PURCHASE and each.status == "done"), None)
    places = [place for place, each in enumerate(entries) if each.kind in CLAWBACK_KINDS and each.status == "done"]
    if purchase is None or not places or purchase.credits <= 0:
        return entries
    returned = returned_amount(purchase.amount, stripe.facts, currency)
    target = credits_to_take(purchase.credits, purchase.amount, returned)
    taken = -sum(entries[place].credits for place in places)
    if (
        0 < returned < purchase.amount
        and taken != target
        and abs(taken - target) <= _slack(purchase, returned, target, len(places), rounding)
    ):
        # An application rounds each part by itself; less than a credit a row is no fault of its books.
        last = entries[places[-1]]
        entries[places[-1]] = replace(last, credits=last.credits + taken - target)
        taken = target
    amounts = {fact.object_id: fact.amount for fact in stripe.facts}
    shares = [_share(entries[place], purchase, amounts.get(entries[place].object_id or "")) for place in places]
    if taken == target:
        shares[-1] -= returned + sum(shares)
    for place, share in zip(places, shares, strict=True):
        entries[place] = replace(entries[place], amount=share)
    return entries


def _share(entry: SourceEntry, purchase: SourceEntry, amount: int | None) -> int:
    """The money of what was taken back: all of its refund or dispute where it is worth as much, else by its credits."""
    if amount is not None and _is_worth(abs(entry.credits), purchase, amount):
        return amount if entry.credits > 0 else -amount
    return purchase.amount * entry.credits // purchase.credits


def _slack(purchase: SourceEntry, returned: int, target: int, parts: int, rounding: Rounding | None) -> int:
    """By how many credits what was taken may differ from the share that is rounded down once.

    Shape: where the owner said how a share is rounded, one part may differ by that alone.
    """
    if rounding is None or parts > 1:
        return parts
    rest = purchase.credits * returned - target * purchase.amount
    if rounding is Rounding.UP:
        return 1 if rest else 0
    return 1 if rounding is Rounding.NEAREST and 2 * rest >= purchase.amount else 0
