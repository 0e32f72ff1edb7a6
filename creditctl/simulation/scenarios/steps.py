"""Steps of scenarios, as data: what a buyer, a bank, Stripe and an attacker do, and what must be so afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from creditctl.payments.event_types import SESSION_COMPLETED_TYPE


@dataclass(frozen=True, slots=True)
class Open:
    """A buyer asks the backend for a Checkout session of a package.

    Shape: `package` counts from 1 in the order of the catalogue, 0 is the usual one; `buyer` counts from 0; `name` is
           what later steps call it; `extras` are merged into the body, and the backend may refuse such a purchase
           (`may_refuse`).
    """

    package: int = 0
    name: str = "a"
    buyer: int = 0
    extras: Mapping[str, Any] = field(default_factory=dict)
    may_refuse: bool = False


@dataclass(frozen=True, slots=True)
class Pay:
    """The buyer pays an open session with a test card, and types a usual e-mail or the one that the backend knows."""

    card: str = "visa"
    name: str = "a"
    own_email: bool = False


@dataclass(frozen=True, slots=True)
class Buy:
    """Open and pay at once."""

    package: int = 0
    card: str = "visa"
    name: str = "a"
    buyer: int = 0


@dataclass(frozen=True, slots=True)
class PayByBank:
    """The buyer pays by bank debit; whether the money comes, shows later. Needs a session that takes bank debits."""

    name: str = "a"
    funded: bool = True


@dataclass(frozen=True, slots=True)
class PayNothing:
    """The buyer completes a session that costs nothing."""

    name: str = "a"


@dataclass(frozen=True, slots=True)
class Authenticate:
    """The buyer passes or fails the 3D Secure challenge."""

    passed: bool = True
    name: str = "a"


@dataclass(frozen=True, slots=True)
class OpenLike:
    """A session of our own making, in the shape of one that the backend opened: a real one, changed in one thing.

    Shape: `like` names the model.
    """

    change: str
    name: str = "b"
    like: str = "a"


@dataclass(frozen=True, slots=True)
class Expire:
    """An open session ends unpaid."""

    name: str = "a"


@dataclass(frozen=True, slots=True)
class ReadPage:
    """The success page is read by its buyer, so many times; then a `stranger`, buyer `by`, must see nothing of it."""

    name: str = "a"
    times: int = 1
    by: int = 0
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class HoldBack:
    """The webhooks about a session, and all that belongs to it, are kept back.

    Shape: `event` keeps those of one type only; `to_the_end` keeps them whatever is released, and must come first.
    """

    name: str = "a"
    event: str = "*"
    to_the_end: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """What is kept back goes out, one after the other; the types named in `first` before the rest."""

    name: str = "a"
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deliver:
    """An event of a session is posted to the webhook by us.

    Shape: `how` says in which form; `times`, one after the other or `together`; `must` says
           what the answer has to be: accepted, refused, or nothing in particular; then the payment intent's event
           is posted beside a session's completion, since backends may grant on that alone.
    """

    how: str = "signed"
    name: str = "a"
    type: str = SESSION_COMPLETED_TYPE
    times: int = 1
    together: bool = False
    must: str = "any"
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """A part of a payment is refunded. Units: `parts` of `of` of what was charged."""

    parts: int = 1
    of: int = 1
    name: str = "a"


@dataclass(frozen=True, slots=True)
class FailRefund:
    """The bank returns the last refund of a payment."""

    name: str = "a"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute on a payment; `kind` as the emulator names it.

    Units: over `parts` of `of` of what was charged; 0 parts over what is not refunded.
    """

    kind: str = "fraudulent"
    name: str = "a"
    parts: int = 0
    of: int = 1


@dataclass(frozen=True, slots=True)
class Settle:
    """The last dispute of a payment ends: won, lost or warning_closed."""

    status: str
    name: str = "a"


@dataclass(frozen=True, slots=True)
class Pass:
    """Time passes for one session: a bank's answer comes, a refund gets its reference. Units: seconds."""

    seconds: int
    name: str = "a"


@dataclass(frozen=True, slots=True)
class Break:
    """Something of Stripe's breaks for one session: a fault `kind` of the emulator with its parameters."""

    kind: str
    name: str = "a"
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heal:
    """What was broken for a session works again; what was refused meanwhile is sent again at once.

    Shape: with `restarting` nothing is sent yet, because the backend is down.
    """

    name: str = "a"
    restarting: bool = False


@dataclass(frozen=True, slots=True)
class Crash:
    """The backend is killed: now, or so many milliseconds after an event of a session was posted to it.

    Shape: with `after` answered, the kill waits for the answer.
    """

    after: str = ""
    name: str = "a"
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Restart:
    """The killed backend is started again; what was not delivered meanwhile is sent again."""

    name: str = "a"


@dataclass(frozen=True, slots=True)
class Spend:
    """The buyer spends a part of the credits, so many times at the same time. Units: `parts` of `of` of a package."""

    parts: int = 1
    of: int = 1
    together: int = 1


@dataclass(frozen=True, slots=True)
class OddSpending:
    """Credits are spent in numbers that are none: below zero, nothing; the balance must not grow."""


@dataclass(frozen=True, slots=True)
class Recover:
    """The declared way to read Stripe is used: a job that finds what no event told."""


@dataclass(frozen=True, slots=True)
class OddPurchases:
    """Purchases with odd bodies: none may be answered with a server error."""


@dataclass(frozen=True, slots=True)
class AnswerTime:
    """How long purchase and webhook of a session took. Units: seconds, at most."""

    webhook_seconds: float = 5.0
    purchase_seconds: float = 10.0
    name: str = "a"


@dataclass(frozen=True, slots=True)
class Expect:
    """When all is quiet, every buyer's balance is what the payments are worth.

    Shape: `percent` says how much of the package in `name` that is, where it is one number; `over` and `under` name
           the cause where the balance is higher or lower. `patient` waits longer for what a backend tries again by
           itself. `held` while webhooks are kept back: then nothing else can change the balance.
    """

    percent: int | None = None
    over: str = ""
    under: str = ""
    name: str = "a"
    warning: bool = False
    patient: bool = False
    held: bool = False


Step = (
    Open | Pay | Buy | PayByBank | PayNothing | Authenticate | OpenLike | Expire | ReadPage | HoldBack | Release
    | Deliver | Refund | FailRefund | Dispute | Settle | Pass | Break | Heal | Crash | Restart | Spend | Recover
    | OddSpending | OddPurchases | AnswerTime | Expect
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scenario:
    """Scenario: a named story of one group, and one sentence on what it proves.

    Shape: `buyers` is how many it needs; `alone` where nothing else may run beside it; `needs_purchase` where a basic
           purchase that failed makes it pointless; `settles` where at the end every event must have been accepted;
           `unseen` where nobody may look at a balance before the purchase.
    """

    name: str
    group: str
    title: str
    steps: tuple[Step, ...]
    buyers: int = 1
    alone: bool = False
    needs_purchase: bool = True
    settles: bool = True
    unseen: bool = False
