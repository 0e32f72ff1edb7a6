"""Review of a source: what only all payments together, or two readings, can say of an application's rows.

Users that most rows write otherwise than Stripe, rows that changed or are gone, and cached balances that are not the
sum of their rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from creditctl.core.entitlement.decision import Grants
from creditctl.core.entitlement.user_ids import canonical_uuid
from creditctl.core.findings import Direction, Stake
from creditctl.core.money import format_amount
from creditctl.ledger.archive.source_models import DONE, SourceBalanceRow, SourceChange, SourceRow
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import PREFIX, ClassifiedFinding, classified, for_person, quoted
from creditctl.payments.keeper import Keeper
from creditctl.payments.proven import NOTHING_PROVEN, Proven
from creditctl.payments.source.amounts import credits_text
from creditctl.payments.source.collective import Told, subjects_of, told_together
from creditctl.payments.source.source_entry import whole_credits
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.source.unnamed_buyers import UNDECIDED, is_unnamed, place_of_users, unnamed_buyers
from creditctl.payments.source.vanished import ROW_GONE, SOURCE, vanished_payments
from creditctl.payments.verdict import PaymentState, Verdict

MOST_NAMED = 100
"""How many rows of one kind are named; of more the first stands for all."""

_WRONG_USER = f"{PREFIX}wrong_user"
_FEWEST = 3

Judged = Sequence[tuple[PaymentCase, Verdict]]


@dataclass(frozen=True, slots=True)
class Review:
    """The verdicts after all were seen together, and what was found beside single payments."""

    verdicts: list[Verdict]
    beside: tuple[ClassifiedFinding, ...] = ()


def review(
    keeper: Keeper,
    cases: Sequence[PaymentCase],
    verdicts: Sequence[Verdict],
    names: Mapping[str, str],
    proven: Proven = NOTHING_PROVEN,
    settled: Collection[tuple[str, str]] = (),
) -> Review:
    """The review of an application's rows; of our own ledger there is nothing to say beside its payments.

    Shape: `settled` are code and subject of the findings that the ledger has.
    """
    if not isinstance(keeper, SourceKeeper):
        return Review(list(verdicts))
    judged = list(zip(cases, verdicts, strict=True))
    mapping = _user_mapping(judged, proven)
    if mapping is not None:
        judged = [(case, _without(verdict, _WRONG_USER)) for case, verdict in judged]
    unnamed = unnamed_buyers(judged, proven)
    if unnamed is not None:
        judged = [(case, _without(verdict, UNDECIDED) if is_unnamed(verdict) else verdict) for case, verdict in judged]
    states = {case.key: verdict.state for case, verdict in judged}
    changes = [change for change in keeper.rows.changes() if _is_news(change, names, states)]
    beside = (
        *filter(None, (mapping, unnamed)),
        *_of_changes(changes, names, keeper.scale, settled),
        *vanished_payments(
            keeper,
            names,
            states,
            {change.before.row_id for change in changes},
            subjects_of(f"{PREFIX}{ROW_GONE}", settled),
        ),
        *_of_balances(_wrong_balances(keeper), keeper.rows.cached_count(), keeper.scale),
    )
    return Review([verdict for _, verdict in judged], beside)


def _user_mapping(judged: Judged, proven: Proven) -> ClassifiedFinding | None:
    """One finding for users that most rows write otherwise: they are not each a wrong user.

    Shape: the rows of proven payments write their users as Stripe does.
    """
    holders = [
        (case, verdict.decision.purchase.user_id)
        for case, verdict in judged
        if case.purchases and isinstance(verdict.decision, Grants)
    ]
    buyers = {buyer for _, buyer in holders}
    others = [each for each in holders if not (each[0].main.user_id in buyers or proven.buys(each[0].main.user_id))]
    pairs = [(case.main.user_id, stripe) for case, stripe in others]
    count = len(holders) + proven.credited
    if len(pairs) < _FEWEST or 2 * len(pairs) <= count:
        return None
    theirs, stripe = pairs[0]
    text = (
        f"{len(pairs)} of {count} rows write their user otherwise than Stripe: {theirs}, and there {stripe}. "
        "Whether credits went to the right users cannot be judged."
    )
    place = place_of_users([case for case, _ in others])
    fix = f"Say under [source.users] how users are written on Stripe{_hint(pairs)}"
    fix = fix if place is None else f"Say in creditctl.toml where a session carries its buyer: {place}"
    return classified("user_mapping", "source", text, fix)


def _hint(pairs: Sequence[tuple[str, str]]) -> str:
    """What would explain all of them."""
    prefixes = {stripe.removesuffix(theirs) for theirs, stripe in pairs}
    if len(prefixes) == 1 and all(stripe.endswith(theirs) for theirs, stripe in pairs):
        return f': prefix = "{prefixes.pop()}"'
    if all(canonical_uuid(theirs) == canonical_uuid(stripe) is not None for theirs, stripe in pairs):
        return ': form = "uuid"'
    return ': query = "select id, … from users"'


def _without(verdict: Verdict, code: str) -> Verdict:
    left = tuple(found for found in verdict.found if found.finding.code != code)
    if len(left) == len(verdict.found):
        return verdict
    return replace(verdict, found=left, state=verdict.state if left else PaymentState.CREDITED)


def _is_news(change: SourceChange, names: Mapping[str, str], states: Mapping[str, PaymentState]) -> bool:
    """Whether a change says something else: not another name of the same payment, nor what a full refund undid, or what
    was booked before the money came, and is taken back while it has not."""
    before, after = change.before, change.after
    payment = _payment(before, names)
    if after is None or after.status != DONE:
        return states.get(payment or "") not in (PaymentState.SETTLED, PaymentState.WAITING)
    if after.payment_key != before.payment_key and payment is not None and _payment(after, names) == payment:
        after = after._replace(payment_key=before.payment_key)
    return after.contradicts(before)


def _payment(row: SourceRow, names: Mapping[str, str]) -> str | None:
    return names.get(row.payment_key or "", row.payment_key)


def _of_changes(
    changes: Sequence[SourceChange], names: Mapping[str, str], scale: int, settled: Collection[tuple[str, str]]
) -> Iterator[ClassifiedFinding]:
    """A finding for each change, or one for many. Shape: what was settled one by one stays so."""
    gone = [change for change in changes if change.after is None or change.after.status != DONE]
    changed = [change for change in changes if change not in gone]
    for name, found in ((ROW_GONE, gone), ("row_changed", changed)):
        known = subjects_of(f"{PREFIX}{name}", settled)
        alone = [change for change in found if _subject(change) in known]
        others = [(change.noticed, change) for change in found if _subject(change) not in known]
        for told in told_together(others, SOURCE, known):
            if told.known or len(told.items) > MOST_NAMED:
                yield _of_many(name, told)
            else:
                alone += told.items
        yield from (_of_change(name, change, names, scale) for change in alone)


def _of_many(name: str, told: Told[SourceChange]) -> ClassifiedFinding:
    what = "are gone, or count no more" if name == ROW_GONE else "say something else than before"
    text = f"{len(told.items):,} booked rows {what}; row {told.items[0].before.row_id} is the first."
    return for_person(name, SOURCE, text, "Find out who changed the application's table", subject=told.subject)


def _subject(change: SourceChange) -> str:
    return f"row {change.before.row_id} (change {change.id})"


def _of_change(name: str, change: SourceChange, names: Mapping[str, str], scale: int) -> ClassifiedFinding:
    row, after = change.before, change.after
    subject = _subject(change)
    said = _said(row, scale)
    if after is None:
        text = f"Row {row.row_id} was booked ({said}), and is gone, or fits no more."
    elif after.status != DONE:
        text = f"Row {row.row_id} was booked ({said}), and is {after.status} now."
    else:
        other = "" if after.owner in (None, row.owner) else " for another user"
        text = f"Row {row.row_id} said {said} when it was booked; now it says {_said(after, scale)}{other}."
    payment = _payment(row, names)
    fix = "Find out who changed it; a booked row is corrected by one more row"
    return for_person(name, payment or subject, text, fix, subject=subject)


def _said(row: SourceRow, scale: int) -> str:
    """What a row says in numbers: no user, no text of the application's."""
    money = "" if row.amount is None else f", {format_amount(row.amount, row.currency or 'usd')}"
    about = "" if row.payment_key is None else f" for {row.payment_key}"
    return f"{row.kind} of {credits_text(row.credits, scale)} credits{money}{about}"


def _wrong_balances(keeper: SourceKeeper) -> list[SourceBalanceRow]:
    """The cached balances that are not what their rows come to, from zero up where the owner said so."""
    wrong = keeper.rows.wrong_balances()
    if not keeper.clamped:
        return wrong
    clamped = [replace(each, counted=keeper.own_entries.clamped_balance(each.user_id)) for each in wrong]
    return [each for each in clamped if each.cached != each.counted]


def _of_balances(wrong: Sequence[SourceBalanceRow], count: int, scale: int) -> Iterator[ClassifiedFinding]:
    if len(wrong) >= _FEWEST and 2 * len(wrong) > count:
        each = wrong[0]
        text = (
            f"{len(wrong)} of {count} cached balances are not the sum of their rows: that of user {each.user_id} is "
            f"{credits_text(each.cached, scale)}, and its rows come to {credits_text(each.counted, scale)}."
        )
        fix = "Most are: look whether [source] leaves rows out (where, other, kind), or names another column"
        yield classified("balance_mismatch", "source", text, fix)
        return
    for each in wrong[:MOST_NAMED]:
        difference = credits_text(abs(each.cached - each.counted), scale)
        text = (
            f"The application's cached balance of user {each.user_id} is {credits_text(each.cached, scale)}, and the "
            f"user's rows come to {credits_text(each.counted, scale)}: {difference} "
            f"{'too many' if each.cached > each.counted else 'too few'}."
        )
        shows = f"`creditctl ledger history --user {quoted(each.user_id)}`"
        fix = f"Correct it in the application, where {shows} shows the rows"
        apart = each.cached - each.counted
        stake = Stake(whole_credits(abs(apart), scale, up=True), direction=Direction.of(apart))
        yield for_person("balance_mismatch", f"user {each.user_id}", text, fix, stake=stake)
