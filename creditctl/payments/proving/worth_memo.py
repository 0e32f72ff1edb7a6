"""Worth memo: judges one payment of each shape, and gives others of that shape its worth under their own names. Pure.

Most payments of a shop differ in nothing but names and times. The shape of one is all that the judgement reads of it,
with its names as numbers, and of its times only how they lie to each other. What is not plain has none, and is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from creditctl.core.deployment import DEPLOYMENT_KEY
from creditctl.core.entitlement.facts import Fact, SessionFacts
from creditctl.core.entitlement.user_ids import is_user_id
from creditctl.core.metadata import MANAGED_BY_KEY
from creditctl.core.project_file.metadata_keys import metadata_key
from creditctl.ledger.matching.worth import Worth
from creditctl.payments.facts import IntentFacts, PaymentFacts
from creditctl.payments.proving.stored_worth import opened_and_paid, stored_worth
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext

Shape = tuple[object, ...]

MOST_SHAPES = 4096
"""A shop whose payments differ in more than this is judged one by one beyond it: memory stays flat."""

_PREFIXES = frozenset(("pi", "cs_test", "cs_live", "cs", "ch", "py", "in"))
_END_OF_TIMES = 1 << 33
"""What lies beyond it is no time of a payment, and is judged. Units: Unix seconds, in the year 2242."""


@dataclass
class _Names:
    """The names on one payment, numbered as they come: which of them are the same is part of its shape."""

    numbers: dict[str, int] = field(default_factory=dict)
    plain: bool = True

    def of_object(self, name: str | None) -> object:
        """The kind and number of an id of Stripe's; one of another form makes the payment not plain."""
        if name is None:
            return None
        prefix, _, rest = name.rpartition("_")
        self.plain = self.plain and prefix in _PREFIXES and rest.isalnum() and rest.isascii()
        return prefix, self.numbers.setdefault(name, len(self.numbers))

    def of_user(self, name: str | None) -> object:
        """The number of what can name a user; anything else as it is."""
        return self.numbers.setdefault(name, len(self.numbers)) if name is not None and is_user_id(name) else name


@dataclass
class WorthMemo:
    """The worth of many payments by the same terms, each as `stored_worth` answers it.

    Shape: `context` as `unhurried` makes it, `known` as PaymentCase has it.
    """

    context: JudgementContext
    known: Mapping[str, Fact]
    shapes: dict[Shape, tuple[Worth, int | None]] = field(default_factory=dict)
    most: int = MOST_SHAPES

    def __post_init__(self) -> None:
        match = self.context.catalog.deployment.match
        marks = (MANAGED_BY_KEY, "package", "credits", DEPLOYMENT_KEY, *(() if match is None else (match.key,)))
        places = ("user_id", *filter(None, map(metadata_key, self.context.catalog.user)))
        self._read = tuple(dict.fromkeys(marks))
        self._places = tuple(dict.fromkeys(each for each in places if each not in marks))

    def worth(self, stripe: PaymentFacts) -> Worth:
        """The worth of one payment."""
        names = _Names()
        shape = self._shape(stripe, names) if self._is_plain(stripe) else None
        if shape is None or not names.plain:
            return stored_worth(stripe, self.known, self.context)
        found = self.shapes.get(shape)
        if found is not None:
            return _renamed(*found, stripe, names)
        judged = stored_worth(stripe, self.known, self.context)
        owner = None if judged.user_id is None else names.numbers.get(judged.user_id)
        if len(self.shapes) < self.most and (owner is not None or judged.user_id is None):
            self.shapes[shape] = judged, owner
        return judged

    def _is_plain(self, stripe: PaymentFacts) -> bool:
        """Whether names, times and what it says once decide: nothing went back, and nothing else was read for it."""
        odd = stripe.facts or stripe.absent or stripe.unreadable or stripe.asked or stripe.charge or stripe.unasked
        if odd or (stripe.sold is None and (stripe.intent is None or self.context.keeper.books.external)):
            return False
        return (stripe.sold is None or stripe.sold.items is None) and all(
            0 <= each < _END_OF_TIMES for each in _times(stripe)
        )

    def _shape(self, stripe: PaymentFacts, names: _Names) -> Shape:
        session = None if stripe.sold is None else stripe.sold.session
        key = names.of_object(stripe.key)
        said = None if session is None else self._session(session, names)
        paid = None if stripe.intent is None else self._intent(stripe.intent, names)
        alone = frozenset(stripe.intent.metadata) if session is None and stripe.intent is not None else None
        opened, last = opened_and_paid(stripe)
        return key, said, paid, alone, opened < last, self._spellings(session)

    def _session(self, session: SessionFacts, names: _Names) -> Shape:
        return (
            names.of_object(session.id),
            names.of_object(session.payment_intent),
            names.of_object(session.invoice),
            session.status,
            session.payment_status,
            session.mode,
            session.amount_subtotal,
            session.amount_total,
            session.currency,
            session.livemode,
            names.of_user(session.client_reference_id),
            self._is_from_before(session.created),
            *self._metadata(session.metadata, names),
        )

    def _intent(self, intent: IntentFacts, names: _Names) -> Shape:
        charge = intent.charge
        charged = () if charge is None else (charge.status, charge.amount, charge.currency, charge.method)
        return (
            names.of_object(intent.id),
            names.of_object(intent.charge_id),
            names.of_object(None if charge is None else charge.id),
            names.of_object(intent.invoice),
            intent.status,
            intent.amount_received,
            intent.amount,
            intent.currency,
            intent.description,
            charged,
            self._is_from_before(intent.created),
            *self._metadata(intent.metadata, names),
        )

    def _metadata(self, metadata: Mapping[str, str], names: _Names) -> Iterator[object]:
        """What marks and promises say as it is, and the users as numbers."""
        yield from map(metadata.get, self._read)
        for place in self._places:
            yield names.of_user(metadata.get(place))

    def _spellings(self, session: SessionFacts | None) -> Shape:
        """Where an application's own spelling of a user is looked for: which texts are the same, to it or at all."""
        keeper = self.context.keeper
        if session is None or not isinstance(keeper, SourceKeeper):
            return ()
        texts = ("", session.client_reference_id or "", *session.metadata.values())
        return tuple(session.metadata), _numbered(map(keeper.terms.same, texts)), _numbered(texts)

    def _is_from_before(self, created: int) -> bool:
        since = self.context.catalog.deployment.named_since
        return since is not None and created < since


def _numbered(texts: Iterable[str]) -> tuple[int, ...]:
    """Which texts are the same, each by the number of the first such."""
    numbers: dict[str, int] = {}
    return tuple(numbers.setdefault(each, len(numbers)) for each in texts)


def _times(stripe: PaymentFacts) -> Iterator[int]:
    if stripe.sold is not None:
        yield stripe.sold.session.created
    if stripe.intent is not None:
        yield from (stripe.intent.created, stripe.intent.paid)


def _renamed(like: Worth, owner: int | None, stripe: PaymentFacts, names: _Names) -> Worth:
    """The worth of a payment by that of another one of its shape."""
    opened, paid = opened_and_paid(stripe)
    return like._replace(
        payment=stripe.key,
        session_id=None if stripe.sold is None else stripe.sold.session.id,
        user_id=None if owner is None else tuple(names.numbers)[owner],
        opened=0 if like.look else opened,
        paid=0 if like.look else paid,
        bought=None if like.bought is None else opened if stripe.intent is None else stripe.intent.paid,
    )
