"""Settlement: the entries, and their idempotency keys, that make credits follow a payment, its refunds and disputes.

The credits taken back are never added up event by event. Each time, the target follows from all that is known of
the payment, and one entry of the difference is written. So any order of events ends in the same balance, a repeated
event finds no difference, and never more is taken than was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from creditctl.core.entitlement.facts import Fact, has_let_go


class EntryKind(StrEnum):
    """What an entry of the ledger is."""

    PURCHASE = "purchase"
    REFUND = "refund"
    REFUND_REVERSAL = "refund_reversal"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
    ADJUSTMENT = "adjustment"
    USAGE = "usage"


CLAWBACK_KINDS = (EntryKind.REFUND, EntryKind.REFUND_REVERSAL, EntryKind.DISPUTE, EntryKind.DISPUTE_REVERSAL)
"""The kinds whose sum is what has been taken back of a purchase."""


class KeyScheme(StrEnum):
    """What an idempotency key is made for."""

    PURCHASE = "purchase"
    REFUND = "refund"
    REFUND_REVERSAL = "refund_reversal"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
    ADJUSTMENT = "adjustment"
    REPAIR = "repair"
    IMPORT = "import"


_PARTS = {KeyScheme.REPAIR: 3, KeyScheme.IMPORT: 2}


def idempotency_key(scheme: KeyScheme, *parts: str | int, ordinal: int = 1) -> str:
    """The key of an entry; the ledger holds each key at most once.

    Shape:  `purchase:<payment_key>` · `refund:<re_>` · `refund_reversal:<re_>` · `dispute:<dp_>` ·
            `dispute_reversal:<dp_>` · `adjustment:<caller's key>` · `repair:<code>:<payment_key>:<target>` ·
            `import:<source>:<row>`; with `ordinal` above one `:<ordinal>` follows.
            An entry about a refund or dispute is a difference to a target, so the object can need a second entry of
            one kind: funds withdrawn, reinstated and withdrawn again (an appeal), or reinstated in two parts. That is
            the ordinal's use: the first is `dispute:dp_1`, the next `dispute:dp_1:2`. It is safe, because it is not the
            key that keeps a repeated event from posting twice, but the difference, which is then zero.
    Errors: ValueError for a wrong number of parts, or an empty one.
    """
    if len(parts) != _PARTS.get(scheme, 1) or any(part == "" for part in parts):
        raise ValueError(f"a {scheme} key cannot be made of {parts!r}")
    key = ":".join((scheme.value, *(str(part) for part in parts)))
    return key if ordinal == 1 else f"{key}:{ordinal}"


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry that is to be written.

    Units: `credits` and `amount` are signed, `amount` in minor units of `currency`, `created` is Stripe's time.
    """

    created: int
    user_id: str
    kind: EntryKind
    credits: int
    amount: int
    currency: str | None
    payment_key: str | None
    session_id: str | None
    object_id: str | None
    package: str | None
    idempotency_key: str
    source_event: str | None = None
    corrects: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A payment that is worth credits. Units: `amount` is what was charged, in minor units; 0 for a full discount."""

    user_id: str
    credits: int
    amount: int
    currency: str
    payment_key: str
    session_id: str | None
    package: str | None
    created: int

    def draft(self, source_event: str | None = None, note: str | None = None) -> EntryDraft:
        """The entry that gives the credits."""
        return EntryDraft(
            created=self.created,
            user_id=self.user_id,
            kind=EntryKind.PURCHASE,
            credits=self.credits,
            amount=self.amount,
            currency=self.currency,
            payment_key=self.payment_key,
            session_id=self.session_id,
            object_id=self.session_id,
            package=self.package,
            idempotency_key=idempotency_key(KeyScheme.PURCHASE, self.payment_key),
            source_event=source_event,
            note=note,
        )


def returned_amount(amount: int, facts: Iterable[Fact], currency: str) -> int:
    """How much of a payment has gone back: active refunds and funds held by disputes, at most all of it.

    Shape: a fact in another currency cannot be compared and does not count; it is a finding.
    """
    return min(amount, sum(fact.counted for fact in facts if fact.currency == currency))


def credits_to_take(credits: int, amount: int, returned: int) -> int:
    """The credits to be taken back in total, rounded once and down; a payment of nothing has nothing to take."""
    return credits * min(amount, returned) // amount if amount > 0 else 0


def credits_left(credits: int, amount: int, currency: str, facts: Iterable[Fact]) -> int:
    """The credits of a payment that its buyer may keep after its refunds and disputes."""
    return credits - credits_to_take(credits, amount, returned_amount(amount, facts, currency))


@dataclass(frozen=True, slots=True)
class RefundPosition:
    """What the ledger already holds about one purchase.

    Shape: `taken` credits and `returned` amount are positive; `shares` is the part of `returned` that each refund and
           dispute has in it, `takers` the entry by which it took last; `keys` are all keys of the payment's entries.
           `corrected` credits were taken (below zero: returned) by adjustments with the payment's key: they count for
           the refunds and disputes that they explain, so that what an application booked so is not done twice.
           `elsewhere` credits were taken of other users; with `shared` entries of others do not cancel out: whose
           credits are meant, only a person can say then. With `adjusted` a person corrected what was taken back, and a
           correction says nothing of money.
    """

    purchase: Purchase
    purchase_id: int
    taken: int = 0
    returned: int = 0
    shares: Mapping[str, int] = field(default_factory=dict)
    takers: Mapping[str, int] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    corrected: int = 0
    elsewhere: int = 0
    shared: bool = False
    adjusted: bool = False


def settlement(
    standing: RefundPosition, facts: Sequence[Fact], *, source_event: str | None = None, cause: str | None = None
) -> tuple[EntryDraft, ...]:
    """The entries that are still missing for what is known of a purchase's refunds and disputes.

    Shape: none when all is settled, or other users hold or lack credits of the payment. `cause` is the refund or
           dispute that was just reported: the difference is its. Where several were known before their purchase, each
           gets the part by which it raised the total.
    """
    if standing.shared:
        return ()
    purchase = standing.purchase
    known = sorted(
        (fact for fact in facts if fact.currency == purchase.currency),
        key=lambda fact: (fact.object_id == cause, fact.created, fact.object_id),
    )
    returned = returned_amount(purchase.amount, known, purchase.currency)
    target = credits_to_take(purchase.credits, purchase.amount, returned)
    standing = _with_corrections(standing, target, returned)
    if target == standing.taken and (returned == standing.returned or standing.adjusted):
        return ()
    if returned > standing.returned and _consistent(standing):
        steps = list(_rising(standing, known, returned))
    else:
        steps = _single_step(standing, known, cause, target, returned)
    return tuple(
        _draft(standing, fact, taken, amount, source_event) for fact, taken, amount in steps if taken or amount
    )


def _with_corrections(standing: RefundPosition, target: int, returned: int) -> RefundPosition:
    """The position in which corrections stand for as much as is due; the whole of it settles the money too."""
    covered = towards(target - standing.taken, standing.corrected)
    if not covered:
        return standing
    purchase, open_amount = standing.purchase, returned - standing.returned
    whole = standing.taken + covered == target
    money = open_amount if whole else towards(open_amount, purchase.amount * covered // purchase.credits)
    return replace(standing, taken=standing.taken + covered, returned=standing.returned + money, corrected=0)


def towards(missing: int, credits: int) -> int:
    """As much of a number as leads towards what is missing, in its direction."""
    if missing > 0:
        return max(0, min(credits, missing))
    return min(0, max(credits, missing))


def _consistent(standing: RefundPosition) -> bool:
    """Whether the credits taken are those that the returned amount asks for; an import or a repair may differ."""
    purchase = standing.purchase
    return standing.taken == credits_to_take(purchase.credits, purchase.amount, standing.returned)


def _rising(standing: RefundPosition, known: Sequence[Fact], returned: int) -> Iterator[tuple[Fact, int, int]]:
    """Each fact with the credits and the amount by which it raises what has been taken.

    Shape: by what each holds beyond its own share, where the shares say what all that was taken is for: so the one that
           was lost is named, and not the last. Else by the total, in their order.
    """
    purchase, before, total = standing.purchase, standing.returned, 0
    exact = _is_shared_out(standing, known)
    for fact in known:
        total += fact.counted
        share = standing.shares.get(fact.object_id, 0)
        after = before + max(0, fact.counted - share) if exact else max(before, total)
        after = max(before, min(after, returned))
        taken = credits_to_take(purchase.credits, purchase.amount, after)
        yield fact, taken - credits_to_take(purchase.credits, purchase.amount, before), after - before
        before = after


def _is_shared_out(standing: RefundPosition, known: Sequence[Fact]) -> bool:
    """Whether all that was taken is the share of a refund or dispute that still holds as much."""
    held = {fact.object_id: fact.counted for fact in known}
    fitting = all(share <= held.get(name, 0) for name, share in standing.shares.items())
    return fitting and sum(standing.shares.values()) == standing.returned


def _single_step(
    standing: RefundPosition, known: Sequence[Fact], cause: str | None, target: int, returned: int
) -> list[tuple[Fact, int, int]]:
    """One entry of the whole difference, on the fact that was just reported, or else on the last that let go; where
    more is to be taken, on the last that holds more money than was taken for it.

    Shape: nothing where credits would be given back though no refund or dispute that took them has let go: then they
           were taken by entries from elsewhere (an import), whose facts are not known here.
    """
    released = [fact for fact in known if fact.counted < standing.shares.get(fact.object_id, 0)]
    if cause is not None:  # of a dispute that holds nothing yet, entries from elsewhere know more than a late event
        released = [fact for fact in released if fact.counted or has_let_go(fact)]
    if (target, returned) < (standing.taken, standing.returned) and not released:
        return []
    holding = [fact for fact in known if fact.counted > standing.shares.get(fact.object_id, 0)]
    blamed = [fact for fact in known if fact.object_id == cause]
    likely = blamed or (holding if target > standing.taken else []) or released or known
    fact = likely[-1] if likely else None
    return [(fact, target - standing.taken, returned - standing.returned)] if fact else []


def _draft(standing: RefundPosition, fact: Fact, taken: int, amount: int, source_event: str | None) -> EntryDraft:
    purchase = standing.purchase
    giving_back = taken < 0 or (taken == 0 and amount < 0)
    kind = EntryKind(f"{fact.kind}_reversal" if giving_back else fact.kind)
    return EntryDraft(
        created=fact.observed,
        user_id=purchase.user_id,
        kind=kind,
        credits=-taken,
        amount=-amount,
        currency=purchase.currency,
        payment_key=purchase.payment_key,
        session_id=purchase.session_id,
        object_id=fact.object_id,
        package=purchase.package,
        idempotency_key=_free_key(KeyScheme(kind.value), fact.object_id, standing.keys),
        source_event=source_event,
        corrects=standing.takers.get(fact.object_id, standing.purchase_id) if giving_back else standing.purchase_id,
    )


def _free_key(scheme: KeyScheme, object_id: str, used: frozenset[str]) -> str:
    ordinal = 1
    while (key := idempotency_key(scheme, object_id, ordinal=ordinal)) in used:
        ordinal += 1
    return key
